"""The parts of a tuning that decide: the split of the text, the draws, the promise, the files."""

from __future__ import annotations

import dataclasses

import mlx.core as mx
import numpy as np
import pytest
from mlx import nn

from engine.budget.plan import Terms
from engine.budget.points import Shape
from engine.errors import KnownError
from engine.lab.tiny import QUANTIZATIONS
from engine.routing.families import FAMILIES, RouterShape
from engine.training.tuning import links
from engine.training.tuning.adapters import SCALE, Adapter
from engine.training.tuning.draws import draws, sizes
from engine.training.tuning.figures import overlap
from engine.training.tuning.promise import promise
from engine.training.tuning.texts import split

ROUTER = RouterShape(4, family=FAMILIES["qwen3_moe"])
SHAPE = Shape(experts=64, router=ROUTER, slot_bytes=10**7, slot_parameters=10**6, dense_parameters=10**8)
CONFIG = {"hidden_size": 512, "num_hidden_layers": 8, "vocab_size": 1000, "num_experts_per_tok": 4}
TERMS = Terms(base=10**8, dense=10**8, kv=0, activations=0, limit=4 * 10**9)


class Letters:
    """A token per character."""

    has_chat_template = False
    chat_template = None

    def encode(self, text: str) -> list[int]:
        return [ord(c) for c in text]

    def decode(self, tokens: list[int], **_: object) -> str:
        return "".join(map(chr, tokens))


# --- the text ----------------------------------------------------------------------------------------------


def test_whole_documents_are_held_out() -> None:
    texts = [chr(97 + n) * 150 for n in range(20)]
    found = split(texts, Letters(), 64, seed=0)
    assert len(found.held_out) == 2
    held = {d.tokens[0] for d in found.held_out}
    assert not held & {piece[0] for piece in found.train}
    assert all(len(piece) == 64 for piece in found.train)
    assert found.tokens == 18 * 2 * 64


def test_of_one_long_document_the_end_is_held_out() -> None:
    found = split(["ab" * 320], Letters(), 64, seed=0)
    assert (len(found.train), len(found.held_out)) == (9, 1)
    assert found.held_out[0].prompt == 16


def test_a_text_of_one_piece_is_too_short() -> None:
    with pytest.raises(KnownError, match="too short"):
        split(["a" * 60], Letters(), 64, seed=0)


# --- draws -------------------------------------------------------------------------------------------------


def test_a_step_draws_the_same_again_and_an_epoch_takes_every_sequence() -> None:
    train = [tuple(range(n, n + 40)) for n in range(6)]
    assert list(draws(train, (4, 8, 16), 3, 2, 7)) == list(draws(train, (4, 8, 16), 3, 2, 7))
    epoch = [draw for step in range(3) for draw in draws(train, (4, 8, 16), step, 2, 7)]
    assert sorted(draw.tokens for draw in epoch) == train
    assert all(8 <= draw.prompt <= 20 for draw in epoch)


def test_sizes_lie_around_what_was_asked_for_and_within_memory() -> None:
    assert sizes(ROUTER, 64, 16, 64) == (8, 16, 32)
    assert sizes(ROUTER, 64, 16, 20) == (8, 16, 20)
    assert sizes(ROUTER, 64, 4, 64) == (4, 4, 8)
    assert sizes(ROUTER, 64, 48, 64) == (24, 48, 64)


# --- the promise -------------------------------------------------------------------------------------------


def test_the_promise_has_every_term() -> None:
    found = promise(CONFIG, SHAPE, TERMS, 10**6, 0.25, 512)
    memory = found.memory
    assert found.plan.resident == 16
    assert found.longest == 512
    assert memory.banks == 18 * 10**7
    assert memory.kv >= 5 * 4 * 10**6
    assert memory.base + memory.dense + memory.banks + memory.kv + memory.activations == memory.promised


def test_sequences_become_shorter_before_it_is_refused() -> None:
    whole = promise(CONFIG, SHAPE, TERMS, 10**6, 0.25, 512).memory.promised
    tight = dataclasses.replace(TERMS, limit=whole - 1)
    found = promise(CONFIG, SHAPE, tight, 10**6, 0.25, 512)
    assert found.longest == 256
    assert found.memory.promised <= tight.limit


def test_what_does_not_fit_is_refused_with_what_would() -> None:
    least = promise(CONFIG, SHAPE, TERMS, 10**6, 4, 64).memory.promised
    tight = dataclasses.replace(TERMS, limit=least + 2 * 10**7)
    with pytest.raises(KnownError, match="16 experts per layer needs") as refused:
        promise(CONFIG, SHAPE, tight, 10**6, 0.25, 512)
    assert "--experts 6" in str(refused.value)
    with pytest.raises(KnownError, match="at least"):
        promise(CONFIG, SHAPE, dataclasses.replace(TERMS, limit=10**8), 10**6, 0.25, 512)


def test_sets_that_are_all_the_same_overlap_whole() -> None:
    same = np.tile(np.arange(8) < 2, (3, 4, 1))
    assert overlap(same) == 1
    apart = np.stack([np.tile((np.arange(8) // 2) == n, (4, 1)) for n in range(3)])
    assert overlap(apart) == 0
    assert overlap(same[:1]) is None


# --- adapters and files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("packing", [None, "affine8", "mxfp8"])
def test_a_fused_adapter_gives_what_it_gave_beside(packing: str | None) -> None:
    mx.random.seed(0)
    linear = nn.Linear(64, 32, bias=False)
    module = nn.QuantizedLinear.from_linear(linear, **QUANTIZATIONS[packing]) if packing else linear
    adapter = Adapter("some.path", module)
    pair = adapter.start(4, mx.random.key(1)) | {"b": mx.random.normal((4, 32))}
    adapter.pair = pair
    x = mx.random.normal((3, 64))
    beside = np.array(module(x))

    fused = {name.rpartition(".")[2]: array for name, array in adapter.fused(pair)}
    adapter.pair = {"a": pair["a"], "b": mx.zeros((4, 32))}
    for kind, array in fused.items():
        assert (array.shape, array.dtype) == (module[kind].shape, module[kind].dtype)
        module[kind] = array
    assert SCALE > 0
    assert np.array(module(x)) == pytest.approx(beside, abs=1e-4 if packing is None else 0.5)


def test_a_clone_is_a_file_of_its_own_and_a_link_is_not(tmp_path, monkeypatch) -> None:
    source = tmp_path / "a"
    source.write_bytes(b"0123456789")
    (tmp_path / "name").symlink_to(source)
    links.clone(tmp_path / "name", tmp_path / "b")
    with (tmp_path / "b").open("r+b") as file:
        file.write(b"x")
    links.link(tmp_path / "name", tmp_path / "c")
    assert source.read_bytes() == b"0123456789"
    assert (tmp_path / "b").read_bytes() == b"x123456789"
    assert (tmp_path / "c").samefile(source)
    assert not (tmp_path / "c").is_symlink()

    monkeypatch.setattr(links, "_copy_file_range", lambda *_: False)
    monkeypatch.setattr(links, "_clonefile", lambda *_: False)
    monkeypatch.setattr("pathlib.Path.hardlink_to", lambda *_: (_ for _ in ()).throw(OSError))
    links.clone(source, tmp_path / "b")
    links.link(source, tmp_path / "c")
    assert (tmp_path / "b").read_bytes() == b"0123456789"
    assert (tmp_path / "c").is_symlink()
