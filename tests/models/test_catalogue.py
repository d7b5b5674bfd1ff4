"""What is installed, in folders laid out as Cadre, the Hugging Face cache and LM Studio lay them out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.checkpoint.folder import Checkpoint
from engine.errors import KnownError
from engine.models import places
from engine.models.catalogue import installed, resolve
from engine.models.folders import Source
from tests.checkpoint.writing import experts, model

TENSORS = experts("model.layers.0.mlp.switch_mlp")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty home: nothing of the machine's own is seen."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CADRE_HOME", str(tmp_path / "cadre"))
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(places, "resources", lambda: tmp_path / "resources")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def hugging_face(name: str, commit: str = "c0ffee", main: str | None = "c0ffee") -> Path:
    """A repository in the cache: files in blobs, links in the snapshot. Returns the snapshot."""
    repository = places.hugging_face() / f"models--{name.replace('/', '--')}"
    snapshot = repository / "snapshots" / commit
    snapshot.mkdir(parents=True)
    for number, file in enumerate(sorted(model(repository / "blobs", TENSORS).iterdir())):
        blob = file.rename(repository / "blobs" / f"{commit}{number}")
        (snapshot / file.name).symlink_to(Path("../../blobs") / blob.name)
    if main is not None:
        (repository / "refs").mkdir(exist_ok=True)
        (repository / "refs" / "main").write_text(main)
    return snapshot


def names() -> list[str]:
    return [found.name for found in installed()]


def refusal(name: str) -> KnownError:
    with pytest.raises(KnownError) as caught:
        resolve(name)
    return caught.value


def test_nothing_is_installed():
    assert installed() == []


def test_every_place():
    builtin = model(places.builtin(), TENSORS)
    own = model(places.models() / "org" / "one", TENSORS)
    flat = model(places.models() / "two", TENSORS)
    cached = hugging_face("org/three")
    studio, old_studio = places.lm_studio()
    model(studio / "org" / "four", TENSORS)
    model(old_studio / "org" / "five", TENSORS)

    found = installed()

    assert [(m.name, m.source) for m in found] == [
        ("builtin", Source.BUILTIN),
        ("org/one", Source.CADRE),
        ("two", Source.CADRE),
        ("org/three", Source.HUGGING_FACE),
        ("org/four", Source.LM_STUDIO),
        ("org/five", Source.LM_STUDIO),
    ]
    assert [m.path for m in found[:4]] == [builtin, own, flat, cached]
    assert {m.problem for m in found} == {None}
    assert {m.model_type for m in found} == {"qwen3_moe"}
    assert {m.bytes for m in found} == {(own / "model.safetensors").stat().st_size}


def test_a_model_in_the_hugging_face_cache_opens_in_place():
    assert Checkpoint.open(hugging_face("org/name")).model_type == "qwen3_moe"
    assert installed()[0].problem is None


@pytest.mark.parametrize("variable", ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"])
def test_the_hugging_face_cache_may_be_elsewhere(home, monkeypatch, variable):
    monkeypatch.setenv(variable, "~/elsewhere")
    hugging_face("org/name")
    assert (home / "elsewhere").is_dir()
    assert names() == ["org/name"]


def test_main_is_the_commit_that_counts():
    hugging_face("org/name", commit="a1", main="b2")
    newest = hugging_face("org/name", commit="b2", main="b2")
    hugging_face("org/name", commit="c3", main="b2")
    assert resolve("org/name") == newest


def test_a_snapshot_without_main():
    snapshot = hugging_face("org/name", main=None)
    assert resolve("org/name") == snapshot


def test_a_main_that_is_no_text_is_passed_over():
    snapshot = hugging_face("org/name")
    (snapshot.parents[1] / "refs" / "main").write_bytes(b"\xff\xff")
    assert resolve("org/name") == snapshot


def test_a_download_that_has_no_weights_yet_is_listed_with_its_problem():
    snapshot = hugging_face("org/name")
    (snapshot / "model.safetensors").unlink()
    (snapshot.parents[1] / "blobs" / "abc.incomplete").touch()
    assert [(m.name, m.problem, m.bytes) for m in installed()] == [("org/name", "The download is not finished.", 0)]


def test_parts_left_behind_do_no_harm_to_a_whole_model():
    snapshot = hugging_face("org/name")
    (snapshot.parents[1] / "blobs" / "abc.incomplete").touch()
    assert installed()[0].problem is None


def test_a_part_that_never_arrived():
    snapshot = hugging_face("org/name")
    (snapshot / "model.safetensors").resolve().unlink()
    assert "model.safetensors is missing" in (installed()[0].problem or "")


@pytest.mark.parametrize("files", [["model.gguf"], ["adapters.safetensors"], ["weights.npz", "config.json"], []])
def test_what_is_no_model_is_passed_over(files):
    for root in (places.models(), places.lm_studio()[0], places.hugging_face() / "models--org--name" / "snapshots"):
        folder = root / "org" / "name"
        folder.mkdir(parents=True)
        for file in files:
            (folder / file).touch()
    assert installed() == []


def test_data_sets_in_the_hugging_face_cache_are_passed_over():
    model(places.hugging_face() / "datasets--org--name" / "snapshots" / "c0ffee", TENSORS)
    assert installed() == []


def test_a_broken_model_is_listed_with_its_sentence():
    folder = model(places.models() / "broken", TENSORS)
    (folder / "model.safetensors").write_bytes(b"no")
    assert "not a whole safetensors file" in (installed()[0].problem or "")


def test_a_type_that_mlx_lm_does_not_know():
    model(places.models() / "bert", {"w": ("F32", (1,))}, model_type="bert")
    assert installed()[0].problem == "Cadre does not know models of the type bert."


def test_a_file_where_a_place_should_be():
    places.home().parent.mkdir(exist_ok=True)
    places.home().write_text("")
    assert installed() == []


def test_a_path_is_taken_as_it_is(home):
    folder = model(home / "here", TENSORS)
    assert resolve(str(folder)) == folder
    assert resolve("here") == Path("here")
    assert resolve("~/here") == folder
    assert resolve("./nothing") == Path("nothing")


def test_a_name_its_last_part_and_any_case():
    folder = model(places.models() / "Org" / "Name-4bit", TENSORS)
    assert resolve("Org/Name-4bit") == folder
    assert resolve("org/name-4BIT") == folder
    assert resolve("name-4bit") == folder


def test_the_same_name_in_two_places_means_the_first_that_is_whole():
    broken = model(places.models() / "org" / "name", TENSORS)
    whole = hugging_face("org/name")
    assert resolve("name") == broken
    (broken / "config.json").unlink()
    assert resolve("name") == whole


def test_two_models_with_the_same_last_part():
    model(places.models() / "one" / "name", TENSORS)
    model(places.models() / "two" / "name", TENSORS)
    assert refusal("name").next_step == "Say which: one/name, two/name."
    assert resolve("two/name") == places.models() / "two" / "name"


def test_a_name_that_is_almost_right():
    model(places.models() / "mlx-community" / "Qwen3-30B-A3B-4bit", TENSORS)
    error = refusal("qwen3-30b-a3b-4bi")
    assert "No model called qwen3-30b-a3b-4bi" in error.sentence
    assert "Did you mean mlx-community/Qwen3-30B-A3B-4bit?" in error.next_step


@pytest.mark.parametrize("name", ["nothing", "a\0b", "", "\x1b[2J"])
def test_a_name_that_nothing_has(name):
    error = refusal(name)
    assert error.sentence.isprintable()
    assert "Did you mean" not in error.next_step


def test_the_built_in_model():
    assert "missing from this installation" in refusal("builtin").sentence
    model(places.builtin(), TENSORS)
    assert resolve("builtin") == places.builtin()


@pytest.mark.parametrize(
    ("config", "speech"),
    [
        ({"model_type": "whisper"}, "whisper"),
        ({"target": "nemo.collections.asr.models.rnnt_bpe_models.EncDecRNNTBPEModel"}, "parakeet"),
        ({"model_type": "qwen3_moe"}, ""),
    ],
)
def test_a_recogniser_is_told_apart(config, speech):
    folder = model(places.models() / "org" / "one", TENSORS)
    (folder / "config.json").write_text(json.dumps(config))

    (found,) = installed()

    assert found.speech == speech


def test_a_recogniser_that_is_not_all_here_is_none():
    snapshot = hugging_face("org/whisper")
    (snapshot / "config.json").unlink()
    (snapshot / "config.json").write_text('{"model_type": "whisper"}')
    (places.hugging_face() / "models--org--whisper" / "blobs" / "x.incomplete").touch()

    assert [found.speech for found in installed()] == [""]
