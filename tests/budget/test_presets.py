from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.budget import presets as table
from engine.budget.difficulty import MIDDLE, Difficulty
from engine.budget.points import TIERS
from engine.budget.preset_lines import Grade
from engine.budget.presets import Asked, Choice, decide, parse
from engine.budget.request import UseCase
from engine.errors import KnownError
from engine.messages import Mode
from engine.models import places

DEFAULTS = (places.resources() / "presets.toml").read_text(encoding="utf-8")


def of(score: float, case: UseCase = UseCase.QUESTION) -> Difficulty:
    return Difficulty(case, score, "for a test")


def chosen(score: float, own: str | None = None, case: UseCase = UseCase.QUESTION) -> Choice:
    return decide(of(score, case), parse(DEFAULTS, own), Asked(), known=True)


@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from(UseCase))
def test_harder_never_gets_less(one, other, case):
    easier, harder = sorted([one, other])

    assert TIERS.index(chosen(easier, case=case).tier) <= TIERS.index(chosen(harder, case=case).tier)


@given(st.floats(0, 1), st.sampled_from(UseCase))
def test_auto_leaves_nothing_open(score, case):
    choice = chosen(score, case=case)

    assert choice.tier in TIERS
    assert choice.mode is not Mode.AUTO


@pytest.mark.parametrize("case", [UseCase.QUESTION, UseCase.QUICK_PROMPT])
def test_what_cannot_be_judged_gets_the_middle(case):
    presets = parse(DEFAULTS)

    assert decide(of(MIDDLE, case), presets, Asked(), known=True).tier == presets.table[case, Grade.MIDDLE].tier
    assert presets.grade(MIDDLE) is Grade.MIDDLE


def test_what_is_pinned_beats_the_table():
    choice = decide(of(0.9), parse(DEFAULTS), Asked("1b", Mode.EXACT, 7), known=False)

    assert (choice.tier, choice.mode, choice.reselect_every, choice.at_least) == ("1b", Mode.EXACT, 7, 0.0)


def test_a_pinned_mode_gets_no_period_that_nobody_asked_for():
    hard_writing, presets = of(0.9, UseCase.WRITING), parse(DEFAULTS)

    assert decide(hard_writing, presets, Asked(), known=True).reselect_every == 128
    assert decide(hard_writing, presets, Asked(mode=Mode.FAST), known=True).reselect_every == 0


def test_a_model_that_was_not_trained_for_small_sets_is_treated_with_care():
    dictated = of(0.1, UseCase.DICTATION)

    trained, ordinary = (decide(dictated, parse(DEFAULTS), Asked(), known=known) for known in (True, False))

    assert (trained.mode, trained.at_least) == (Mode.FAST, 0.0)
    assert (ordinary.mode, ordinary.at_least) == (Mode.BALANCED, 0.5)


def test_a_person_may_change_one_line():
    own = '["question".hard]\nmode = "exact"\n'

    assert chosen(0.9, own) == Choice("4b", Mode.EXACT, 0, 0.0, 0.02, "Hard: for a test.")
    assert chosen(0.9, own, UseCase.CODE).mode is Mode.BALANCED


def test_a_persons_general_line_beats_cadres_special_one():
    assert chosen(0.9, case=UseCase.WRITING).reselect_every == 128
    assert chosen(0.9, "[hard]\nreselect_every = 0", UseCase.WRITING).reselect_every == 0


def test_a_person_may_move_the_limits():
    assert chosen(0.3, "[difficulty]\neasy_below = 0.4").tier == chosen(0.0).tier


def test_a_full_copy_changes_nothing():
    assert parse(DEFAULTS, DEFAULTS) == parse(DEFAULTS)


@pytest.mark.parametrize(
    "own",
    [
        "not toml",
        "schema = 2",
        'tier = "1b"',
        '[easy]\ntier = "5b"',
        '[easy]\ntier = ["1b"]',
        '[easy]\nmode = "auto"',
        "[easy]\nmode = []",
        "[easy]\nreselect_every = -1",
        "[easy]\nreselect_every = true",
        "[easy]\nmost_lost = -0.1",
        "[easy]\nmost_lost = nan",
        '[easy]\nmost_lost = "3%"',
        '[easy]\nteir = "1b"',
        '[poetry.easy]\ntier = "1b"',
        '[code]\ntier = "1b"',
        '[code.trivial]\ntier = "1b"',
        "[difficulty]\neasy_below = 0.9",
        "[difficulty]\neasy_below = nan",
        '[difficulty]\neasy_below = "low"',
    ],
)
def test_a_table_that_cannot_be_is_refused(own):
    with pytest.raises(KnownError, match="presets cannot be read"):
        parse(DEFAULTS, own)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CADRE_HOME", str(tmp_path))
    return tmp_path


def test_without_a_file_of_ones_own_the_defaults_serve(home):
    assert table.load() == parse(DEFAULTS)


def test_the_file_in_cadres_folder_is_read(home):
    (home / "presets.toml").write_text('[hard]\ntier = "3b"\n')

    assert decide(of(0.9), table.load(), Asked(), known=True).tier == "3b"


@pytest.mark.parametrize("content", [b'[hard]\ntier = "9b"', b"\xff\xfe"])
def test_a_broken_file_is_noted_and_the_defaults_serve(home, content):
    (home / "presets.toml").write_bytes(content)

    found = table.load()

    assert found.table == parse(DEFAULTS).table
    assert len(found.notes) == 1
    assert "The defaults serve." in found.notes[0]
