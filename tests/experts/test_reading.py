"""Byte ranges of real files: both policies give the same bytes anywhere, however little the disk gives at once."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.checkpoint.folder import ShardFile
from engine.errors import KnownError
from engine.experts.reading import ALIGNMENT, OpenFiles, Policy, Range
from tests.experts.disk import FaultyDisk

_SIZE = 3 * ALIGNMENT + 1234  # the end is not aligned
_CONTENT = np.random.default_rng(5).integers(0, 256, _SIZE, np.uint8)
_POLICIES = list(Policy)


def _shard(path) -> ShardFile:
    stat = path.stat()
    return ShardFile(path, stat.st_size, stat.st_mtime_ns, stat.st_ino)


@pytest.fixture(scope="module")
def shard(tmp_path_factory):
    path = tmp_path_factory.mktemp("reading") / "weights.safetensors"
    path.write_bytes(_CONTENT.tobytes())
    return _shard(path)


@pytest.fixture(scope="module", params=_POLICIES)
def files(request, shard):
    opened = OpenFiles([shard], request.param)
    yield opened
    opened.close()


@given(offset=st.integers(0, _SIZE - 1), lengths=st.lists(st.integers(1, 6000), min_size=1, max_size=5))
@settings(max_examples=150, deadline=None)
def test_any_range_has_the_files_bytes(files, offset, lengths):
    views = [np.zeros(n, np.uint8) for n in lengths]
    while offset + sum(v.nbytes for v in views) > _SIZE:
        views = views[1:] or [np.zeros(_SIZE - offset, np.uint8)]

    files.read(Range(0, offset, tuple(views)))

    whole = np.concatenate(views)
    assert (whole == _CONTENT[offset : offset + whole.nbytes]).all()


@pytest.mark.parametrize("offset", [0, 1, ALIGNMENT - 1, ALIGNMENT, 2 * ALIGNMENT + 7, _SIZE - 1234, _SIZE - 1])
def test_reading_up_to_the_last_byte(files, offset):
    view = np.zeros(_SIZE - offset, np.uint8)
    files.read(Range(0, offset, (view,)))
    assert (view == _CONTENT[offset:]).all()


def test_reading_past_the_end_is_refused(files):
    view = np.zeros(11, np.uint8)
    with pytest.raises(KnownError, match="ends before its last tensor"):
        files.read(Range(0, _SIZE - 10, (view,)))


def test_more_views_than_one_call_takes(files):
    views = tuple(np.zeros(3, np.uint8) for _ in range(1500))
    files.read(Range(0, 5, views))
    assert (np.concatenate(views) == _CONTENT[5 : 5 + 4500]).all()


@given(most=st.integers(1, 5000), offset=st.integers(0, 4000), lengths=st.lists(st.integers(1, 900), min_size=1))
@settings(max_examples=60, deadline=None)
def test_a_read_that_returns_early_is_taken_up_where_it_stopped(shard, most, offset, lengths):
    files = OpenFiles([shard], Policy.BUFFERED, FaultyDisk(most=most))
    views = [np.zeros(n, np.uint8) for n in lengths[:8]]

    files.read(Range(0, offset, tuple(views)))

    whole = np.concatenate(views)
    assert (whole == _CONTENT[offset : offset + whole.nbytes]).all()
    files.close()


@pytest.mark.skipif(sys.platform != "linux", reason="O_DIRECT is Linux's")
def test_an_aligned_read_that_returns_early_is_taken_up_too(shard):
    files = OpenFiles([shard], Policy.DIRECT, FaultyDisk(most=ALIGNMENT))
    view = np.zeros(_SIZE - 3, np.uint8)

    files.read(Range(0, 3, (view,)))

    assert (view == _CONTENT[3:]).all()
    files.close()


@pytest.mark.parametrize("policy", _POLICIES)
def test_a_file_that_is_gone_is_a_sentence(tmp_path, policy):
    missing = ShardFile(tmp_path / "gone.safetensors", 10, 0, 0)
    with pytest.raises(KnownError, match=r"gone\.safetensors could not be opened"):
        OpenFiles([missing], policy)


@pytest.mark.parametrize("policy", _POLICIES)
def test_opening_fails_without_leaving_handles(tmp_path, shard, policy):
    before = _handles()
    with pytest.raises(KnownError):
        OpenFiles([shard, ShardFile(tmp_path / "gone.safetensors", 10, 0, 0)], policy)
    with pytest.raises(KnownError):
        OpenFiles([shard, ShardFile(shard.path, shard.size + 1, shard.mtime_ns, shard.inode)], policy)
    assert _handles() == before


@pytest.mark.parametrize("policy", _POLICIES)
def test_closing_gives_every_handle_back(shard, policy):
    before = _handles()
    files = OpenFiles([shard, shard], policy)
    files.close()
    files.close()
    assert _handles() == before


def _handles() -> int:
    return len(os.listdir("/dev/fd"))  # noqa: PTH208
