"""Tuning an ordinary MoE: what learns and what stays, the tuned folder, going on after a kill."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from mlx.utils import tree_flatten
from mlx_lm.utils import load

from engine.checkpoint.folder import Checkpoint
from engine.checkpoint.layout import layout
from engine.errors import Cancelled, KnownError
from engine.generation.opened import open_model
from engine.lab.evaluation.stage import open_stage
from engine.lab.jobs import run_job
from engine.lab.tiny import QUANTIZATIONS, make_checkpoint
from engine.training.tuning.draws import Draw
from engine.training.tuning.run import Run
from engine.training.tuning.tuner import Tuner

SENTENCE = (
    "One, two, three: the numbers are counted from one to ten and then from ten to one. Who counts them? A child. "
)
TEXT = "\n\n".join(SENTENCE * 2 for _ in range(6))
SMALL: dict[str, Any] = {"longest": 72, "sequences": 2, "rank": 4}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """models(family, quantisation) -> folder; several shards, dense weights and experts mixed."""
    made: dict[tuple[str, str], Path] = {}

    def models(family: str, quantization: str = "") -> Path:
        if (family, quantization) not in made:
            packing = QUANTIZATIONS[quantization] if quantization else None
            folder = tmp_path_factory.mktemp("models") / family
            made[family, quantization] = make_checkpoint(folder, family, quantization=packing, shards=3)
        return made[family, quantization]

    return models


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("CADRE_HOME", str(tmp_path / "home"))


@pytest.fixture
def text(tmp_path):
    file = tmp_path / "text.txt"
    file.write_text(TEXT, encoding="utf-8")
    return file


def tune(model: Path, text: Path, out: Path, progress: Any = lambda *_: None, **options: Any) -> dict[str, Any]:
    return run_job("tune", {"model": str(model), "text": str(text), "out": str(out), **SMALL, **options}, progress)


@pytest.fixture(scope="module", params=["", "affine4"], ids=["float32", "4-bit"])
def tuned(request, models, tmp_path_factory):
    """(base, tuned folder, report), tuned long enough to have learnt."""
    folder = tmp_path_factory.mktemp("tuned")
    (folder / "text.txt").write_text(TEXT, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CADRE_HOME", str(folder / "home"))
        base = models("qwen3_moe", request.param)
        return base, folder / "out", tune(base, folder / "text.txt", folder / "out", steps=15)


# --- what learns -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "quantization"), [("qwen3_moe", ""), ("qwen3_moe", "affine4"), ("deepseek_v2+groups", "affine4")]
)
def test_gradients_reach_routers_adapters_and_predictor_and_nothing_of_the_experts(family, quantization, models):
    opened = open_model(models(family, quantization), lambda _done, _of: None)
    tuner = Tuner(opened, 4, 0, lambda: None)
    count = opened.router_shape.legal(4, 16)
    opened.resize(count)
    draw = Draw(tuple(range(40, 90)), 12, count, predicted=False)
    tuner.choose(draw, np.zeros((len(opened.blocks), 16), np.float32), predicted=False)
    banks = [np.array(t).tobytes() for b in opened.blocks for t in mx_arrays(b)]

    def loss(learnt: Any) -> mx.array:
        losses = tuner.losses(learnt, draw)
        return losses.nll + losses.distillation

    gradients = mx.grad(loss)(tuner.learnt)
    mx.eval(gradients)

    flat = named(gradients)
    silent = {path for path, g in flat.items() if not np.abs(g).max() > 0}
    assert silent == {path for path in flat if path.endswith(".a")}  # b begins at zero
    assert [np.array(t).tobytes() for b in opened.blocks for t in mx_arrays(b)] == banks
    assert {p.rpartition(".")[2] for p in tuner.changed()} >= {"gate", "q_proj", "o_proj"}
    assert not any("switch_mlp" in path for path in tuner.changed())
    opened.close()


def named(tree: Any) -> dict[str, np.ndarray]:
    flat: Any = tree_flatten(tree)
    return {path: np.array(array) for path, array in flat}


def mx_arrays(block: Any) -> list[mx.array]:
    switch = block.bank._switch
    return [switch[t.projection][t.kind] for t in block.layer.tensors if t.kind == "weight"]


def test_computing_layers_anew_leaves_the_gradients_as_they_are(models, monkeypatch):
    """With the set that the prompt chose, a plain backward pass through the same layers says the same."""

    def gradients() -> dict[str, np.ndarray]:
        opened = open_model(models("qwen3_moe"), lambda _done, _of: None)
        tuner = Tuner(opened, 4, 0, lambda: None)
        opened.resize(4)
        draw = Draw(tuple(range(40, 80)), 12, 4, predicted=False)
        tuner.choose(draw, np.zeros((len(opened.blocks), 16), np.float32), predicted=False)

        def loss(learnt: Any) -> mx.array:
            losses = tuner.losses(learnt, draw)
            return losses.nll + losses.outside

        found = mx.grad(loss)(tuner.learnt)
        opened.close()
        return named(found)

    anew = gradients()
    monkeypatch.setattr(mx, "checkpoint", lambda function: function)
    for path, plain in gradients().items():
        assert anew[path] == pytest.approx(plain, rel=1e-3, abs=1e-6), path


# --- what comes of it --------------------------------------------------------------------------------------


def test_frozen_at_a_quarter_it_predicts_the_text_better(tuned):
    _, _, report = tuned
    assert report["after"]["prefill"]["nll"] < report["before"]["prefill"]["nll"] - 0.1
    assert report["experts"] == 4
    assert report["memory"]["promised"] <= report["memory"]["limit"]


def test_the_folder_holds_the_experts_of_the_base_and_nothing_twice(tuned):
    base, out, _ = tuned
    before, after = Checkpoint.open(base), Checkpoint.open(out)
    assert before.tensors.keys() == after.tensors.keys()
    experts = [t.tensor.name for layer in layout(before).layers for t in layer.tensors]
    assert all(stored(before, name) == stored(after, name) for name in experts)
    changed = {name for name in before.tensors if stored(before, name) != stored(after, name)}
    assert {"model.layers.0.mlp.gate.weight", "model.layers.2.self_attn.q_proj.weight"} <= changed
    assert not (out / "tuning").exists()
    assert json.loads((out / "config.json").read_text()) == json.loads((base / "config.json").read_text())


def stored(checkpoint: Checkpoint, name: str) -> bytes:
    tensor = checkpoint.tensors[name]
    with tensor.file.open("rb") as file:
        file.seek(tensor.offset)
        return file.read(tensor.nbytes)


def test_a_file_without_anything_changed_is_linked(models, text, tmp_path):
    """Shards without a router or a dense layer: those of the base under another name."""
    base = make_checkpoint(tmp_path / "m", "qwen3_moe", shards=8, overrides={"moe_intermediate_size": 256})
    tune(base, text, tmp_path / "out", steps=1)
    experts = {t.tensor.name for layer in layout(Checkpoint.open(base)).layers for t in layer.tensors}
    held: dict[str, set[str]] = {}
    for name, tensor in Checkpoint.open(base).tensors.items():
        held.setdefault(tensor.file.name, set()).add(name)
    only = [file for file, names in held.items() if names <= experts and (base / file).stat().st_size > 1 << 20]
    assert only
    assert all((base / file).samefile(tmp_path / "out" / file) for file in only)
    mixed = next(file for file, names in held.items() if "model.layers.0.mlp.gate.weight" in names)
    assert not (base / mixed).samefile(tmp_path / "out" / mixed)


def test_mlx_lm_and_the_engine_agree_on_the_tuned_model(tuned):
    _, out, _ = tuned
    tokens = list(range(40, 80))
    stock = load(str(out))[0]
    theirs = np.array(stock(mx.array(tokens)[None])[0].astype(mx.float32))

    stage = open_stage(out, 64, None, lambda: None)
    caches = stage.begin(stage.experts)
    stage.install([list(range(16))] * stage.layers)
    resident = stage.opened.resident
    assert resident is not None
    ours = np.array(stage.forward(caches, tokens, resident).astype(mx.float32))
    stage.opened.close()
    assert ours == pytest.approx(theirs, rel=1e-4, abs=1e-4)


def test_the_card_says_what_it_came_from_and_the_prior_is_known(tuned):
    base, out, report = tuned
    words = (out / "README.md").read_text(encoding="utf-8")
    assert base.name in words
    assert "cadre tune" in words
    assert f"{report['after']['exact']:.3f}" in words
    assert report["predictor"] == (out / "predictor.safetensors").exists()


# --- going on ----------------------------------------------------------------------------------------------


def test_killed_it_ends_as_an_unbroken_one(models, text, tmp_path, monkeypatch):
    base = models("qwen3_moe")
    tune(base, text, tmp_path / "whole", steps=4)

    class Killed(Exception):
        pass

    step = Run._step

    def dying(run: Run) -> None:
        if run.step == 3:
            raise Killed
        step(run)

    with monkeypatch.context() as patch:
        patch.setattr(Run, "_step", dying)
        with pytest.raises(Killed):
            tune(base, text, tmp_path / "broken", steps=4, every=2)
    steps: list[int] = []
    tune(base, text, tmp_path / "broken", lambda done, _of, _what, part=None: steps.append(done), steps=4, every=2)

    assert 2 in steps
    assert 1 not in steps
    whole, broken = Checkpoint.open(tmp_path / "whole"), Checkpoint.open(tmp_path / "broken")
    for name, tensor in whole.tensors.items():
        if tensor.dtype == "F32":
            ours, theirs = (np.frombuffer(stored(c, name), np.float32) for c in (whole, broken))
            assert ours == pytest.approx(theirs, abs=1e-5), name


def test_stopped_it_keeps_what_is_learnt(models, text, tmp_path):
    def stop(_done: int, _of: int, _what: str, part: Any = None) -> None:
        if part and part["step"] == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        tune(models("qwen3_moe"), text, tmp_path / "out", stop, steps=4)
    assert (tmp_path / "out" / "tuning" / "state.safetensors").exists()
    assert not (tmp_path / "out" / "config.json").exists()
    with pytest.raises(KnownError, match="other settings"):
        tune(models("qwen3_moe"), text, tmp_path / "out", steps=5)


# --- what cannot be ----------------------------------------------------------------------------------------


def test_what_has_nothing_to_tune_is_refused(models, text, tmp_path):
    with pytest.raises(KnownError, match="exact only"):
        tune(models("bailing_moe"), text, tmp_path / "out")
    short = tmp_path / "short.txt"
    short.write_text(SENTENCE, encoding="utf-8")
    with pytest.raises(KnownError, match=r"too short|shorter"):
        tune(models("qwen3_moe"), short, tmp_path / "out")
    with pytest.raises(KnownError, match="17 experts per layer cannot work"):
        tune(models("qwen3_moe"), text, tmp_path / "out", experts=17)
    with pytest.raises(KnownError, match="memory"):
        tune(models("qwen3_moe"), text, tmp_path / "out", memory=50_000_000)
    assert not (tmp_path / "out").exists()


def test_a_model_is_never_written_over(models, text, tmp_path):
    taken = make_checkpoint(tmp_path / "taken", "qwen3_moe")
    before = {file.name: file.stat().st_mtime_ns for file in taken.iterdir()}
    with pytest.raises(KnownError, match="holds a model already"):
        tune(models("qwen3_moe"), text, taken)
    assert {file.name: file.stat().st_mtime_ns for file in taken.iterdir()} == before


def test_a_folder_with_something_else_in_it_is_left_alone(models, text, tmp_path):
    (tmp_path / "home.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(KnownError, match="something else"):
        tune(models("qwen3_moe"), text, tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(KnownError, match="something else"):
        tune(models("qwen3_moe"), text, tmp_path / "file")
    with pytest.raises(KnownError, match="cannot be made"):
        tune(models("qwen3_moe"), text, tmp_path / "file" / "below")
