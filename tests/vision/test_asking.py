"""Pictures through the whole engine: asked, kept for the next turn, refused."""

from __future__ import annotations

import json
from contextlib import contextmanager

import mlx.core as mx
import pytest
from PIL import Image

from app.cli.main import main
from engine import messages as m
from engine.lab.sighted_families import DENSE, SIGHTED
from engine.lab.tiny import make_checkpoint
from engine.lab.tiny_sighted import make_sighted_checkpoint
from engine.link import ThreadEngine
from engine.vision import senses
from tests.host.asking import answer, ask, listen, send
from tests.vision import reference
from tests.vision.pictures import encoded, noise, png
from tests.vision.sounds import heard, wav
from tests.vision.sounds import noise as noise_of_sea

TEXT = "What is to be seen here?"
SURF = noise_of_sea(1.1)
SEA, SHORE = png(50, 70, seed=1), png(90, 40, seed=2)


ASKED = ("gemma4", "llama4", "qwen3_omni_moe")
"""One kind each whose pictures are seen whole, are cut into tiles, have places of their own; and one that hears."""


@pytest.fixture(scope="module", params=ASKED)
def folder(request, tmp_path_factory):
    return make_sighted_checkpoint(tmp_path_factory.mktemp("sighted") / request.param, request.param)


@pytest.fixture(scope="module")
def hearing(tmp_path_factory):
    return make_sighted_checkpoint(tmp_path_factory.mktemp("hearing") / "qwen3_omni_moe", "qwen3_omni_moe")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CADRE_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="module")
def engine(home):
    engine = ThreadEngine()
    yield engine
    engine.close()


def about(*pictures, text=TEXT):
    return m.Turn("user", text, pictures)


def said(folder, tokens):
    return reference.load(folder)[1].tokenizer.decode(tokens).removeprefix(" ")  # as mlx-lm writes it


def first(folder, n, *pictures, sounds=()):
    """What mlx-vlm says, to its end mark."""
    tokens = reference.greedy(folder, TEXT, pictures, n, sounds)
    end = reference.end(folder)
    return tokens[: tokens.index(end)] if end in tokens else tokens


@pytest.mark.parametrize("pictures", [(SEA,), (SEA, SHORE)], ids=["one", "two"])
def test_an_exact_answer_is_mlx_vlms(engine, folder, pictures):
    record = answer(engine, ask(folder, turns=(about(*pictures),), max_tokens=8))

    assert record.text == said(folder, first(folder, 8, *pictures))
    assert record.tokens["pictures"] > 0


@pytest.mark.parametrize("family", sorted(SIGHTED))
def test_with_all_experts_resident_every_mode_says_the_same(engine, family, tmp_path):
    folder = make_sighted_checkpoint(tmp_path / family, family)
    right = said(folder, first(folder, 8, SEA, SHORE))
    for mode in (m.Mode.FAST, m.Mode.BALANCED, m.Mode.EXACT):
        record = answer(engine, ask(folder, turns=(about(SEA, SHORE),), mode=mode, experts=1.0, max_tokens=8))

        assert record.text == right
        assert record.memory.peak <= max(1.1 * record.memory.promised, record.memory.promised + 300_000_000)


@pytest.mark.parametrize("family", sorted(DENSE))
def test_models_without_experts_see_too(engine, family, tmp_path):
    folder = make_sighted_checkpoint(tmp_path / family, family)
    question = ask(folder, turns=(about(SEA, SHORE),), mode=m.Mode.AUTO, experts=None, max_tokens=8)

    record = answer(engine, question)

    assert record.text == said(folder, first(folder, 8, SEA, SHORE))
    assert record.experts["total"] == 0


def test_the_peak_has_what_came_and_went_while_an_encoder_worked(engine, folder, monkeypatch):
    """An encoder is one long step, at whose end nothing is left to be sampled."""

    @contextmanager
    def greedy():
        mx.eval(mx.zeros(400_000_000, mx.uint8))
        yield

    monkeypatch.setattr(senses, "in_parts", greedy)
    record = answer(engine, ask(folder, turns=(about(png(41, 43, seed=11)),), max_tokens=2))

    assert record.memory.peak > 400_000_000


def test_fast_answers_choose_by_the_pictures_too(engine, folder):
    def chosen(picture):
        engine.send(m.Unload())  # whose experts are here has a say, too
        record = answer(engine, ask(folder, turns=(about(picture),), mode=m.Mode.FAST, experts=4, max_tokens=2))
        return [sorted(ids) for ids in record.selection]

    assert chosen(png(60, 60, seed=7)) != chosen(encoded(Image.new("RGB", (60, 60), "white"), "PNG"))


def test_asking_twice_encodes_once_and_reuses_the_conversation(engine, folder):
    photo = png(33, 44, seed=9)
    begun = (about(photo),)
    one = answer(engine, ask(folder, turns=begun, conversation="c", max_tokens=4))
    more = (*begun, m.Turn("assistant", one.text), m.Turn("user", "And now?"))
    two = answer(engine, ask(folder, turns=more, conversation="c", max_tokens=4))
    elsewhere = answer(engine, ask(folder, turns=(about(photo, text="In other words?"),), max_tokens=4))
    alone = answer(engine, ask(folder, turns=more, max_tokens=4))

    assert (one.tokens["encoded"], two.tokens["encoded"], elsewhere.tokens["encoded"]) == (1, 0, 0)
    assert two.tokens["reused"] > one.tokens["pictures"]
    assert two.text == alone.text


def test_another_picture_of_the_same_size_is_not_taken_for_the_first(engine, folder):
    records = [
        answer(engine, ask(folder, turns=(about(picture),), conversation="d", max_tokens=8))
        for picture in (SEA, png(50, 70, seed=3))
    ]

    assert records[0].text != records[1].text
    assert records[1].text == said(folder, first(folder, 8, png(50, 70, seed=3)))


def counted(engine, *commands):
    for command in commands:
        engine.send(command)
    ends = [one.request for one in commands]
    heard = listen(engine, lambda h: all(h.of(m.MediaCounted, r) or h.of(m.Failed, r) for r in ends))
    return [(heard.of(m.MediaCounted, r) + heard.of(m.Failed, r))[0] for r in ends]


def test_what_pictures_will_take_is_told_before_they_are_sent(engine, folder):
    told = counted(engine, m.CountMedia("count", str(folder), (SEA, SHORE)))[0]
    words, both = (
        answer(engine, ask(folder, turns=(about(*pictures, text="-"),), max_tokens=1)).tokens["prompt"]
        for pictures in ((), (SEA, SHORE))
    )

    assert min(told.images) > 0
    assert sum(told.images) == both - words


def test_what_sounds_will_take_is_told_also_while_an_answer_is_written(engine, hearing, tmp_path):
    surf = wav(tmp_path / "surf.wav", SURF)
    question = ask(hearing, max_tokens=24)
    engine.send(question)
    told, bad = counted(
        engine, m.CountMedia("a", str(hearing), (), (surf,)), m.CountMedia("b", str(hearing), (b"words",))
    )

    assert told.audio == (17,)  # 1.1 seconds are 15, and a mark on each side
    assert bad.known
    assert "not a picture" in bad.sentence
    assert answer(engine, ask(hearing, max_tokens=1)).tokens["generated"] == 1


def test_pictures_for_a_blind_model_are_not_counted(engine, tmp_path):
    blind = make_checkpoint(tmp_path / "blind", "qwen3_moe")

    told = counted(engine, m.CountMedia("count", str(blind), (SEA,)))[0]

    assert told.sentence == "blind cannot see pictures: it reads text only."


def test_the_promise_holds_and_the_encoder_is_given_back(engine, folder):
    looking = answer(engine, ask(folder, turns=(about(encoded(noise(300, 300, 5), "PNG")),), max_tokens=2)).memory
    talking = answer(engine, ask(folder, "How are you?", max_tokens=2)).memory

    assert talking.activations < looking.activations
    assert looking.peak <= max(1.1 * looking.promised, looking.promised + 300_000_000)


REFUSED = {
    "no picture": (about(b"words"), "not a picture"),
    "too many": (about(*(SEA for _ in range(40))), "too many"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_shown_is_refused_and_the_next_question_answered(engine, hearing, name):
    turn, words = REFUSED[name]
    question = ask(hearing, turns=(turn,))
    failed = send(engine, question).failed(question.request)

    assert failed.known
    assert words in failed.sentence
    assert answer(engine, ask(hearing, "And in words?", max_tokens=1)).tokens["generated"] == 1


def test_a_mark_of_the_models_own_in_the_text_takes_no_picture(engine, tmp_path):
    folder = make_sighted_checkpoint(tmp_path / "gemma4", "gemma4")
    question = ask(folder, turns=(about(SEA, text="Is <|image|> a mark?"),))
    failed = send(engine, question).failed(question.request)

    assert failed.known
    assert "do not fit" in failed.sentence


def test_a_model_that_cannot_see_says_so(engine, tmp_path):
    blind = make_checkpoint(tmp_path / "blind", "qwen3_moe")
    question = ask(blind, turns=(about(SEA),))
    failed = send(engine, question).failed(question.request)

    assert failed.known
    assert failed.sentence == "blind cannot see pictures: it reads text only."


def test_a_model_that_only_sees_says_that_it_does_not_hear(engine, tmp_path):
    folder = make_sighted_checkpoint(tmp_path / "gemma4", "gemma4")
    question = ask(folder, turns=(m.Turn("user", TEXT, (SEA,), (wav(tmp_path / "sea.wav", noise_of_sea(0.2)),)),))
    failed = send(engine, question).failed(question.request)

    assert failed.sentence == f"{folder.name} cannot hear sounds: this kind of model takes no sounds here."
    assert "qwen3_omni_moe" in failed.next_step


def test_a_kind_that_cannot_be_made_equal_is_refused_by_name(engine, tmp_path):
    folder = make_sighted_checkpoint(tmp_path / "ernie", "qwen3_vl_moe")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "ernie4_5_moe_vl"}))
    question = ask(folder)

    failed = send(engine, question).failed(question.request)

    assert failed.known
    assert "ernie4_5_moe_vl: mlx-vlm lets the experts for words answer" in failed.sentence


def test_cadre_ask_gives_pictures_and_sounds(hearing, home, tmp_path, capsys):
    (tmp_path / "sea.png").write_bytes(SEA)
    (tmp_path / "shore.png").write_bytes(SHORE)
    surf = wav(tmp_path / "surf.wav", SURF)
    media = ["--image", str(tmp_path / "sea.png"), "--image", str(tmp_path / "shore.png"), "--audio", str(surf)]
    options = ["--model", str(hearing), "--mode", "exact", "--max-tokens", "8", "--json"]

    assert main(["ask", TEXT, *media, *options]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["text"] == said(hearing, first(hearing, 8, SEA, SHORE, sounds=[heard(surf)]))
    assert (record["tokens"]["encoded"], record["tokens"]["sounds"]) == (3, 15)

    assert main(["ask", TEXT, "--image", str(tmp_path / "none.png"), *options]) == 1
    assert "none.png cannot be read" in capsys.readouterr().err
