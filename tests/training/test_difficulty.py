"""The training of the difficulty classifier, on a handful of texts."""

from __future__ import annotations

import json

import numpy as np
import pytest

from engine.budget.classifier import Classifier, load, save
from engine.budget.request import UseCase
from engine.training.difficulty.__main__ import main
from engine.training.difficulty.learning import learn
from engine.training.difficulty.prompts import Example, plain
from engine.training.difficulty.scores import auc, calibration_error, rank_correlation, reliability

TIMES = ("one", "two", "three", "four", "five", "six", "seven", "eight")
EXAMPLES = [
    *(Example(f"set the timer to {n} minutes", "clinc150", UseCase.COMMAND) for n in TIMES),
    *(Example(f"add {n} and {n}", "gsm8k", UseCase.MATHEMATICS, 0.0) for n in TIMES),
    *(Example(f"integrate the polynomial of degree {n}", "math", UseCase.MATHEMATICS, 0.9, 5) for n in TIMES),
]


def test_the_option_list_of_an_exam_is_taken_away():
    question = "Insulin deficiency is associated with\n\nA. Reduced lipolysis\nB. Increased ketogenesis\nAnswer:"

    assert plain(question) == "Insulin deficiency is associated with"
    assert plain("Which of the following is a fish?\nA. cod\nB. cow\nAnswer:") == "Which is a fish?"


def test_a_point_in_the_text_is_no_option():
    assert plain("Blood of group A. is rare. Why?") == "Blood of group A. is rare. Why?"


def test_it_learns_the_use_case_and_who_fails(tmp_path):
    save(tmp_path / "w.npz", learn(EXAMPLES))
    classifier = Classifier(load(tmp_path / "w.npz"))
    easy, hard = classifier.read("add nine and nine"), classifier.read("integrate the polynomial of degree nine")

    assert classifier.read("set the timer to nine minutes").case is UseCase.COMMAND
    assert easy.case is hard.case is UseCase.MATHEMATICS
    assert easy.fails < 0.5 < hard.fails
    assert hard.familiar == pytest.approx(5 / 6)


def test_learning_twice_gives_the_same_weights():
    once, again = learn(EXAMPLES), learn(EXAMPLES)

    assert np.array_equal(once.grams, again.grams)


def test_an_area_counts_pairs_in_the_right_order():
    assert auc([0.1, 0.2, 0.3, 0.4], [False, True, False, True]) == 0.75
    assert auc([1, 1], [False, True]) == 0.5
    assert auc([1, 2], [True, True]) is None


def test_ranks_are_compared_not_values():
    assert rank_correlation([1, 2, 3], [1, 10, 100]) == pytest.approx(1)
    assert rank_correlation([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)


def test_the_calibration_error_is_the_distance_of_saying_and_happening():
    table = reliability(np.array([0.2] * 10 + [0.9] * 10), np.array([0.0] * 10 + [1.0] * 10), bins=2)

    assert calibration_error(table) == pytest.approx((0.2 + 0.1) / 2)


@pytest.fixture
def prompts(tmp_path):
    """A folder of prompts in the shapes of the real ones."""
    rng = np.random.default_rng(0)
    exams: list[dict[str, object]] = []
    for n in range(60):
        a, b = rng.integers(2, 999, 2)
        exams += [
            {"source": "routellm/gsm8k", "prompt": f"Ann has {a} apples, Bo {b}. All?", "weak_correct": n % 3 > 0},
            {"source": "routellm/mmlu_anatomy", "prompt": f"Bone {n} is\nA. x\nB. y", "weak_correct": n % 2 > 0},
            {"source": "math500/Algebra", "prompt": f"Solve $x^{a} = {b}$.", "level": n % 5 + 1},
        ]
    assistant = {"train": [[f"set timer {n} to {n} minutes", "timer"] for n in range(40)]}
    instructions = [{"instruction": f"Write letter {n}", "instances": [{"input": ""}]} for n in range(40)]
    (tmp_path / "clinc150").mkdir()
    (tmp_path / "clinc150" / "data_full.json").write_text(json.dumps(assistant))
    for name, rows in (
        ("difficulty", exams),
        ("user_oriented_instructions", instructions),
        ("seed_tasks", instructions),
        ("ifeval", [{"prompt": f"Write essay {n}"} for n in range(40)]),
    ):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def test_the_command_writes_weights_and_tells_what_they_are_worth(prompts, capsys):
    code = main(["--prompts", str(prompts), "--out", str(prompts / "w.npz")])
    told = json.loads(capsys.readouterr().out)

    assert code == 0
    assert told["bytes"] == (prompts / "w.npz").stat().st_size
    assert told["held_out"]["mmlu"] == told["weak_fails_auc"]["mmlu"]["prompts"] > 0
    assert told["use_case"]["recall"]["command"]["right"] > 0
    assert told["requests"]["prompts"] == 60
