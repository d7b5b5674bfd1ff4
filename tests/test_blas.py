"""`engine.blas` in processes of its own, since what is loaded stays loaded."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from engine import blas

needs_library = pytest.mark.skipif(not blas.environment(), reason="no libopenblas0 here")

PRELOAD = "from engine import blas; print(blas.preload())"


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`code` in a fresh Python that nothing is preloaded into but what `environment` says."""
    clean = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"} | environment
    return subprocess.run([sys.executable, "-c", code], env=clean, capture_output=True, text=True, check=True)


@needs_library
def test_preload_before_mlx_takes_the_place_of_its_blas():
    product = "import mlx.core as mx; a = mx.ones((64, 64)); mx.eval(a @ a)"

    done = run(f"{PRELOAD}; {product}", LD_DEBUG="bindings")

    bound = [line for line in done.stderr.splitlines() if "libmlx" in line and "`cblas_sgemm'" in line]
    assert done.stdout.strip() == "True"
    assert bound
    assert all(f"{blas.LIBRARY} [0]: normal symbol" in line for line in bound)


def test_preload_after_mlx_says_no():
    assert run(f"import mlx.core; {PRELOAD}").stdout.strip() == "False"


@needs_library
def test_a_process_started_with_the_environment_is_never_too_late():
    assert run(f"import mlx.core; {PRELOAD}", **blas.environment()).stdout.strip() == "True"


@needs_library
def test_environment_keeps_what_is_preloaded_already(monkeypatch):
    monkeypatch.setenv("LD_PRELOAD", f"libother.so {blas.LIBRARY}:libmore.so")

    assert blas.environment() == {"LD_PRELOAD": f"{blas.LIBRARY}:libother.so:libmore.so"}


def test_without_the_library_nothing_is_added(monkeypatch):
    monkeypatch.setattr(blas, "LIBRARY", "libnowhere.so.0")
    blas.preload.cache_clear()
    try:
        assert blas.environment() == {}
        assert blas.preload() is False
    finally:
        blas.preload.cache_clear()
