"""A Hub of the test's own, and a home where nothing of this machine is seen."""

from __future__ import annotations

import pytest

from engine.models import places
from engine.models.download.hub import Hub, Patience
from engine.models.download.pulling import pull
from engine.models.download.stopping import Stop
from tests.models.download.hub_server import FakeHub, small_model

NAME = "org/tiny"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CADRE_HOME", str(tmp_path / "cadre"))
    monkeypatch.setattr(places, "builtin", lambda: tmp_path / "builtin")
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME", "HF_TOKEN", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def server(tmp_path, monkeypatch):
    server = FakeHub()
    server.add(NAME, small_model(tmp_path / "published"))
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    yield server
    server.close()


@pytest.fixture
def hub(server):
    with Hub(patience=Patience(connect=20, stall=60)) as hub:
        yield hub


@pytest.fixture
def loaded(hub):
    """One try."""

    def try_it(name: str = NAME, **more):
        return pull(name, hub, more.pop("stop", None) or Stop(), **more)

    return try_it
