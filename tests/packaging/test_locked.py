"""Every import of Cadre comes from the lock: read from the sources, for a Mac as for Linux, on any machine.

The same by doing it, in clean environments: packaging/clean-install.sh, a job of the workflow.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import packages_distributions

import pytest
from packaging.utils import canonicalize_name

from tests.packaging.scripts import ROOT, script, toml
from tests.test_import_wall import imports, top

PYTHON = "3.13"
EXTRAS = ("speech", "vision")

# What is installed only on the other system: whoever imports it, and the distribution that brings it there.
ELSEWHERE = {
    "AVFoundation": "pyobjc-framework-avfoundation",
    "AppKit": "pyobjc-framework-cocoa",
    "Foundation": "pyobjc-framework-cocoa",
    "Speech": "pyobjc-framework-speech",
    "objc": "pyobjc-core",
    "pocketsphinx": "pocketsphinx",
}
# Imported on one system only, behind the question which one it is.
ONLY_ON = {
    "darwin": {"AVFoundation", "AppKit", "Foundation", "Speech", "objc"},
    "linux": {"pocketsphinx"},
}
OURS = {"app", "engine"}


@cache
def locked(system: str, extras: tuple[str, ...] = EXTRAS) -> dict[str, str]:
    """Name to the rest of its line."""
    lines = script("locked").locked(system, PYTHON, extras)
    return {canonicalize_name(line.partition("==")[0]): line for line in lines}


@cache
def distributions() -> Mapping[str, list[str]]:
    return packages_distributions()


@cache
def imported() -> dict[str, set[str]]:
    """Top-level names that are neither Python's nor ours, and the files that import them, late imports too."""
    found: dict[str, set[str]] = {}
    for side in OURS:
        for file in (ROOT / side).rglob("*.py"):
            for name in {top(name) for name in imports(file, ROOT, late=True)}:
                if name not in OURS and name not in sys.stdlib_module_names:
                    found.setdefault(name, set()).add(file.relative_to(ROOT).as_posix())
    return found


def brings(name: str) -> set[str]:
    """Distributions that bring a top-level module."""
    if name in ELSEWHERE:
        return {ELSEWHERE[name]}
    return {canonicalize_name(distribution) for distribution in distributions().get(name, [])}


@pytest.mark.parametrize("system", ["darwin", "linux"])
def test_every_import_comes_from_the_lock(system):
    other = ONLY_ON["linux" if system == "darwin" else "darwin"]
    wanted = imported().keys() - other

    assert {"PySide6", "mlx", "mlx_lm", "mlx_audio", "mlx_vlm", "numpy"} <= wanted
    assert {name: imported()[name] for name in wanted if not brings(name) & locked(system).keys()} == {}


def test_every_import_is_declared_by_the_project_itself():
    """Not only brought along by another distribution, which may drop it."""
    project = toml("pyproject.toml")["project"]
    lines = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    declared = {canonicalize_name(re.split(r"[\[<>=!;\s]", line)[0]) for line in lines}
    along = {
        "objc",
        "shiboken6",
        "tokenizers",
        "transformers",
    }  # parts of pyobjc, PySide6 and mlx-lm

    missing = {name: imported()[name] for name in imported().keys() - along if not brings(name) & declared}

    assert missing == {}


def test_what_is_installed_only_with_an_extra_is_imported_late():
    """So that the core alone starts."""
    core = locked("linux", ())
    for side in OURS:
        for file in (ROOT / side).rglob("*.py"):
            early = {top(name) for name in imports(file, ROOT, late=False)} - OURS - sys.stdlib_module_names
            assert [name for name in early if not brings(name) & core.keys()] == [], file


def test_a_name_that_nothing_brings_is_found():
    assert not brings("no_such_library")
    assert "mlx-metal" in locked("darwin")
    assert "mlx-metal" not in locked("linux")
    assert "pyside6-essentials" in locked("darwin", ())
    assert "mlx-audio" not in locked("darwin", ())


@pytest.mark.parametrize("name", ["datasets", "fastapi", "opencv-python", "uvicorn", "torch", "gradio"])
def test_what_cadre_never_uses_stays_out(name):
    assert name not in locked("darwin")
    assert name not in locked("linux")


def test_each_line_is_pinned_by_version_and_hash():
    for line in locked("darwin").values():
        assert re.fullmatch(r"[\w.-]+==\S+( --hash=sha256:[0-9a-f]{64})+", line), line
