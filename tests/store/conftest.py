from __future__ import annotations

import itertools

import pytest

from app.store.store import Store


@pytest.fixture
def clock():
    """A second later each time somebody asks."""
    seconds = itertools.count(1_700_000_000)
    return lambda: float(next(seconds))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "chats" / "chats.sqlite"


@pytest.fixture
def store(path, clock):
    store = Store(path, clock)
    yield store
    store.close()
