"""A model folder: whole, or one sentence about what is wrong with it."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.checkpoint.folder import INDEX, Checkpoint
from engine.checkpoint.layout import layout
from engine.errors import KnownError
from tests.checkpoint.arbitrary import folder_reused, json_values
from tests.checkpoint.writing import experts, model, quantized_experts, safetensors

DENSE = {"model.embed_tokens.weight": ("F32", (8, 4))}


def refusal(path: Path) -> KnownError:
    with pytest.raises(KnownError) as caught:
        Checkpoint.open(path)
    return caught.value


def indexed(folder: Path, weight_map: Any, files: tuple[str, ...]) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text('{"model_type": "qwen3_moe"}')
    (folder / INDEX).write_text(json.dumps({"weight_map": weight_map}))
    for name in files:
        safetensors(folder / name, {f"{name}.weight": ("F32", (1,))})
    return folder


def test_one_file(tmp_path):
    checkpoint = Checkpoint.open(model(tmp_path, DENSE))

    assert checkpoint.model_type == "qwen3_moe"
    assert list(checkpoint.tensors) == ["model.embed_tokens.weight"]
    assert checkpoint.files[0].size == (tmp_path / "model.safetensors").stat().st_size


def test_shards_and_their_index(tmp_path):
    names = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
    checkpoint = Checkpoint.open(indexed(tmp_path, {f"{name}.weight": name for name in names}, names))
    assert [t.file.name for t in checkpoint.tensors.values()] == list(names)


def test_a_folder_of_links_as_the_hugging_face_cache_has_it(tmp_path):
    blobs = model(tmp_path / "blobs", DENSE)
    snapshot = tmp_path / "snapshots" / "0123"
    snapshot.mkdir(parents=True)
    for file in blobs.iterdir():
        (snapshot / file.name).symlink_to(Path("../../blobs") / file.name)

    checkpoint = Checkpoint.open(snapshot)

    assert checkpoint.files[0].inode == (blobs / "model.safetensors").stat().st_ino


def test_text_config_wins_over_what_is_around_it(tmp_path):
    folder = model(tmp_path, DENSE, hidden_size=1, vocab_size=2, text_config={"hidden_size": 3})
    assert Checkpoint.open(folder).text_config["hidden_size"] == 3
    assert Checkpoint.open(folder).text_config["vocab_size"] == 2


def test_a_null_text_config_is_none(tmp_path):
    folder = model(tmp_path, DENSE, hidden_size=1, text_config=None)
    assert Checkpoint.open(folder).text_config["hidden_size"] == 1


def test_no_such_folder(tmp_path):
    assert "There is no folder" in refusal(tmp_path / "nothing").sentence


def test_a_path_with_a_zero_byte():
    assert "There is no folder" in refusal(Path("a\0b")).sentence


def test_a_file_for_a_folder(tmp_path):
    assert "is a file" in refusal(safetensors(tmp_path / "model.safetensors", DENSE)).sentence


def test_a_link_that_leads_back_to_itself(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert "leads back to itself" in refusal(tmp_path / "loop").sentence


def test_an_empty_folder(tmp_path):
    assert "holds no model" in refusal(tmp_path).sentence


def test_a_folder_with_gguf_only(tmp_path):
    (tmp_path / "model.gguf").touch()
    error = refusal(tmp_path)
    assert ".gguf" in error.sentence
    assert "safetensors" in error.next_step


def test_no_weights(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    assert "holds no weights" in refusal(tmp_path).sentence


def test_weights_without_a_config(tmp_path):
    safetensors(tmp_path / "model.safetensors", DENSE)
    assert "config.json is missing" in refusal(tmp_path).sentence


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_we_may_not_read(tmp_path):
    folder = model(tmp_path / "model", DENSE)
    folder.chmod(0)
    with contextlib.ExitStack() as stack:
        stack.callback(folder.chmod, 0o700)
        assert "Permission denied" in refusal(folder).sentence


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ('{"model_type": ' + "9" * 5000 + "}", "not valid JSON"),
        ("[]", "names no model type"),
        ("{}", "names no model type"),
        ('{"model_type": 7}', "names no model type"),
        ('{"model_type": "../up"}', "cannot be one"),
        ('{"model_type": "\\u001b[2J"}', "cannot be one"),
        ('{"model_type": "llama", "model_file": "run.py"}', "program code"),
    ],
)
def test_a_broken_config(tmp_path, content, why):
    safetensors(tmp_path / "model.safetensors", DENSE)
    (tmp_path / "config.json").write_text(content)
    assert why in refusal(tmp_path).sentence


def test_a_config_that_is_a_pipe_is_not_waited_for(tmp_path):
    safetensors(tmp_path / "model.safetensors", DENSE)
    os.mkfifo(tmp_path / "config.json")
    assert "not an ordinary file" in refusal(tmp_path).sentence


def test_a_missing_shard_is_named(tmp_path):
    folder = indexed(tmp_path, {"a": "model-a.safetensors", "b": "model-b.safetensors"}, ("model-a.safetensors",))
    assert refusal(folder).sentence.startswith("1 of 2 weights files are missing")
    assert "model-b.safetensors" in refusal(folder).sentence


def test_all_shards_missing(tmp_path):
    assert "1 of 1" in refusal(indexed(tmp_path, {"a": "model-a.safetensors"}, ())).sentence


def test_a_missing_shard_is_seen_without_an_index(tmp_path):
    folder = model(tmp_path, DENSE)
    (folder / "model.safetensors").rename(folder / "model-00002-of-00003.safetensors")
    assert "model-00001-of-00003.safetensors" in refusal(folder).sentence


def test_an_index_that_is_a_dead_link_is_not_passed_over(tmp_path):
    folder = model(tmp_path, DENSE)
    (folder / INDEX).symlink_to("../blobs/gone")
    assert "is missing" in refusal(folder).sentence


def test_a_shard_that_is_a_dead_link(tmp_path):
    folder = model(tmp_path, DENSE)
    (folder / "model-2.safetensors").symlink_to("../blobs/gone")
    assert "model-2.safetensors is missing" in refusal(folder).sentence


@pytest.mark.parametrize("name", ["../secret.safetensors", "/etc/passwd", "sub/model.safetensors", "..", "", "a\\b"])
def test_an_index_that_points_out_of_its_folder(tmp_path, name):
    assert "points out of its folder" in refusal(indexed(tmp_path, {"a": name}, ())).sentence


@pytest.mark.parametrize("weight_map", [None, [], {"a": 1}, "a"])
def test_an_index_that_is_none(tmp_path, weight_map):
    assert "is not an index" in refusal(indexed(tmp_path, weight_map, ("model-a.safetensors",))).sentence


def test_a_tensor_that_only_the_index_knows(tmp_path):
    folder = indexed(tmp_path, {"lost.weight": "model-a.safetensors"}, ("model-a.safetensors",))
    assert "lost.weight is in the index but in no file" in refusal(folder).sentence


def test_a_tensor_that_two_files_hold(tmp_path):
    folder = model(tmp_path, DENSE)
    safetensors(folder / "model-old.safetensors", DENSE)
    assert "a second time" in refusal(folder).sentence


config_keys = st.sampled_from(
    ["model_type", "text_config", "quantization", "quantization_config", "num_experts", "hidden_size", "model_file"]
)
quantization_keys = st.sampled_from(["bits", "group_size", "mode", "e.gate_proj", "d"])
quantizations = st.dictionaries(
    quantization_keys, json_values | st.dictionaries(quantization_keys, json_values, max_size=3), max_size=4
)


@folder_reused
@given(
    config=st.dictionaries(config_keys, json_values | quantizations, max_size=5)
    | st.fixed_dictionaries({"quantization": quantizations, "num_experts": st.integers(3, 5) | json_values})
)
def test_only_known_errors_escape_from_any_config(tmp_path, config):
    tensors = {**quantized_experts("e"), "d.weight": ("U32", (4, 4)), "d.scales": ("F32", (4, 1)), "x": ("F32", ())}
    folder = model(tmp_path, tensors, **config)
    with contextlib.suppress(KnownError):
        layout(Checkpoint.open(folder))


names = st.sampled_from(
    ["e.gate_proj", "e.up_proj", "e.down_proj", "e.2.fc1", "e.2.fc2", "e.x.fc1", "e.x.fc2", "d", "e.²٣.fc1", "e.²٣.fc2"]
)
kinds = st.sampled_from(["weight", "scales", "biases", "bias", "global_scale"])
shapes = st.lists(st.sampled_from([0, 1, 2, 4, 8, 32, 64]), max_size=4).map(tuple)
dtypes = st.sampled_from(["F32", "BF16", "U32", "U8"])


@folder_reused
@given(
    changes=st.dictionaries(st.tuples(names, kinds).map(".".join), st.tuples(dtypes, shapes), max_size=6),
    base=st.sampled_from([experts("e"), quantized_experts("e"), {}]),
)
def test_only_known_errors_escape_from_any_tensors(tmp_path, changes, base):
    tensors = {name: what for name, what in {**base, **changes}.items() if _bytes(what) < 1 << 20}
    folder = model(tmp_path, tensors)
    with contextlib.suppress(KnownError):
        found = layout(Checkpoint.open(folder))
        assert found.dense_bytes + found.routed_bytes == sum(map(_bytes, tensors.values()))


def _bytes(what: tuple[str, tuple[int, ...]]) -> int:
    size = {"F32": 4, "BF16": 2, "U32": 4, "U8": 1}[what[0]]
    for dimension in what[1]:
        size *= dimension
    return size
