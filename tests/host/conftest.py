"""Engines of both kinds, small models, and a home of their own for each module's tests."""

from __future__ import annotations

import pytest

from engine.lab.tiny import QUANTIZATIONS, make_checkpoint
from engine.link import ProcessEngine, ThreadEngine

KINDS: dict[str, type[ThreadEngine | ProcessEngine]] = {"thread": ThreadEngine, "process": ProcessEngine}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """CADRE_HOME, also for engines in a child."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CADRE_HOME", str(folder))
        yield folder


@pytest.fixture(scope="module", params=list(KINDS))
def engine(request, home):
    made = KINDS[request.param]()
    yield made
    made.close()


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """models("family") or models("family+seed1") -> folder, made once per session, 4-bit experts."""
    folder = tmp_path_factory.mktemp("models")

    def models(family):
        path = folder / family
        if not (path / "config.json").exists():
            name, _, other = family.partition("+seed")
            make_checkpoint(path, name, quantization=QUANTIZATIONS["affine4"], seed=int(other or 0))
        return path

    return models


@pytest.fixture(scope="session")
def model(models):
    return models("qwen3_moe")
