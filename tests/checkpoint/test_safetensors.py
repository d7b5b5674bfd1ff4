"""The header reader: what is valid is found, what is not ends in one sentence, whatever the bytes."""

from __future__ import annotations

import contextlib
import json
import os
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.checkpoint.safetensors import MAX_HEADER, read_header
from engine.errors import KnownError
from tests.checkpoint.arbitrary import folder_reused, json_values
from tests.checkpoint.writing import encoded, entry, safetensors

VALID = {"a": entry("F32", [2, 3], 0, 24), "b": entry("BF16", [4], 24, 32), "__metadata__": {"format": "mlx"}}


def written(folder: Path, content: bytes) -> Path:
    path = folder / "model.safetensors"
    path.write_bytes(content)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(KnownError) as caught:
        read_header(path)
    return caught.value.sentence


def test_finds_every_tensor_at_its_byte(tmp_path):
    path = written(tmp_path, encoded(VALID) + bytes(32))

    tensors = read_header(path)

    start = path.stat().st_size - 32
    assert [(t.name, t.dtype, t.shape, t.offset, t.nbytes) for t in tensors.values()] == [
        ("a", "F32", (2, 3), start, 24),
        ("b", "BF16", (4,), start + 24, 8),
    ]


def test_a_header_may_be_padded_and_bytes_unused(tmp_path):
    path = written(tmp_path, encoded(json.dumps(VALID).encode() + b"     ") + bytes(100))
    assert list(read_header(path)) == ["a", "b"]


@pytest.mark.parametrize("kept", [0, 7, 8, 30])
def test_a_file_cut_in_its_header(tmp_path, kept):
    assert "shorter than its header says" in refusal(written(tmp_path, encoded(VALID)[:kept]))


def test_a_file_cut_in_its_data(tmp_path):
    assert "beyond its end" in refusal(written(tmp_path, encoded(VALID) + bytes(31)))


@pytest.mark.parametrize("length", [2**60, 2**64 - 1, MAX_HEADER + 1])
def test_a_huge_header_is_refused_without_reading_it(tmp_path, length):
    path = written(tmp_path, length.to_bytes(8, "little"))
    os.truncate(path, 1 << 40 if length == MAX_HEADER + 1 else 1000)  # sparse

    tracemalloc.start()
    sentence = refusal(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert "header" in sentence
    assert peak < 1 << 20


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ({"a": entry("F32", [2], 0, 8), "b": entry("F32", [2], 4, 12)}, "overlap"),
        ({"a": entry("F32", [2], 0, 8), "b": entry("F32", [2], 0, 8)}, "overlap"),
        ({"a": entry("F32", [2], -8, 0)}, "impossible offsets"),
        ({"a": entry("F32", [2], 8, 0)}, "impossible offsets"),
        ({"a": entry("F32", [1], False, 4)}, "impossible offsets"),
        ({"a": entry("F32", [1], 0.0, 4.0)}, "impossible offsets"),
        ({"a": entry("F32", [1], 0, 2**64)}, "impossible offsets"),
        ({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4, 8]}}, "impossible offsets"),
        ({"a": {"dtype": "F32", "shape": [1]}}, "impossible offsets"),
        ({"a": entry("F32", [True], 0, 4)}, "impossible shape"),
        ({"a": entry("F32", [-1, -1], 0, 4)}, "impossible shape"),
        ({"a": entry("F32", "1", 0, 4)}, "impossible shape"),
        ({"a": entry("F32", None, 0, 4)}, "impossible shape"),
        ({"a": entry("F32", [1] * 17, 0, 4)}, "impossible shape"),
        ({"a": entry("F32", [2**62, 2**62], 0, 4)}, "does not fit its bytes"),
        ({"a": entry("F32", [2], 0, 4)}, "does not fit its bytes"),
        ({"a": entry("F33", [1], 0, 4)}, "unknown type"),
        ({"a": entry(["F32"], [1], 0, 4)}, "unknown type"),
        ({"a": 7}, "not described"),
        ([], "no JSON object"),
        (b'{"a": 1, "a": 2}', "names something twice"),
        (b'{"a": {"dtype": "F32", "dtype": "F16"}}', "names something twice"),
        (b"\xff\xfe{}", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "no JSON"),
    ],
)
def test_a_broken_header_is_named(tmp_path, header, why):
    assert why in refusal(written(tmp_path, encoded(header) + bytes(16)))


def test_a_name_that_a_terminal_would_obey_is_shown_harmless(tmp_path):
    sentence = refusal(written(tmp_path, encoded({"\x1b[2J\ud800" + "x" * 500: 7})))
    assert sentence.isprintable()
    assert len(sentence) < 250


def test_a_folder_is_not_read(tmp_path):
    assert "is a folder" in refusal(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "not an ordinary file" in refusal(tmp_path / "pipe")


def test_a_link_to_itself(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert "leads back to itself" in refusal(tmp_path / "loop")


def test_a_missing_file(tmp_path):
    assert "is missing" in refusal(tmp_path / "model.safetensors")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_we_may_not_read(tmp_path):
    path = safetensors(tmp_path / "model.safetensors", {"a": ("F32", (1,))})
    path.chmod(0)
    assert "Permission denied" in refusal(path)


def test_a_read_that_fails(tmp_path, monkeypatch):
    path = safetensors(tmp_path / "model.safetensors", {"a": ("F32", (1,))})
    monkeypatch.setattr(Path, "open", lambda *_: (_ for _ in ()).throw(OSError(5, "Input/output error")))
    assert "Input/output error" in refusal(path)


def test_many_tensors_take_little_time(tmp_path):
    """Bounded: no step of the reader compares every tensor with every other."""
    path = safetensors(tmp_path / "model.safetensors", {f"layers.{n}.weight": ("U8", (1,)) for n in range(50_000)})
    began = time.process_time()
    assert len(read_header(path)) == 50_000
    assert time.process_time() - began < 10


@folder_reused
@given(content=st.binary(max_size=300), honest_length=st.booleans())
def test_only_known_errors_escape_from_any_bytes(tmp_path, content, honest_length):
    path = written(tmp_path, encoded(content) if honest_length else content)
    with contextlib.suppress(KnownError):
        read_header(path)


@folder_reused
@given(data=st.data())
def test_only_known_errors_escape_from_a_mutated_header(tmp_path, data):
    header = json.loads(json.dumps(VALID))
    name = data.draw(st.sampled_from(sorted(header)))
    if data.draw(st.booleans()):
        header[name] = data.draw(json_values)
    else:
        header[name][data.draw(st.sampled_from(["dtype", "shape", "data_offsets"]))] = data.draw(json_values)
    path = written(tmp_path, encoded(header) + bytes(data.draw(st.integers(0, 40))))
    with contextlib.suppress(KnownError):
        for tensor in read_header(path).values():
            assert 0 < tensor.offset <= tensor.offset + tensor.nbytes <= path.stat().st_size


@folder_reused
@given(position=st.integers(0, 200), byte=st.integers(0, 255))
def test_only_known_errors_escape_when_one_byte_is_wrong(tmp_path, position, byte):
    content = bytearray(encoded(VALID) + bytes(32))
    content[position % len(content)] = byte
    with contextlib.suppress(KnownError):
        read_header(written(tmp_path, bytes(content)))
