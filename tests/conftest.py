"""Runs before any test module, so before anything imports MLX."""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import tempfile

import pytest
from hypothesis import HealthCheck, settings

from engine import blas, logs

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the other cores have workers of their own
blas.preload()

# What the engine learns and keeps goes nowhere near the home of whoever runs the tests.
_HOME = tempfile.mkdtemp(prefix="cadre-tests-")
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
os.environ["CADRE_HOME"] = _HOME

# No test opens a window that someone could see, on whatever machine.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["CADRE_SCREEN"] = "0"

# Tests time nothing: on a busy machine any example may take long.
settings.register_profile("cadre", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("cadre")


def pytest_collection_finish():
    """The tests themselves and what they import live to the end: no collection need look through them again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _no_log_file(monkeypatch):
    """A log of its own would take the handlers of the whole test run, and leave its file open."""
    monkeypatch.setattr(logs, "start", lambda *_name: None)
