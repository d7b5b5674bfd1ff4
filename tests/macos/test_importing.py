"""The Mac's parts are loaded only there, but must at least be importable, and what is pure in them right, anywhere."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from app.macos.codes import CODES

ROOT = Path(__file__).parents[2]
MODULES = sorted(file.stem for file in (ROOT / "app" / "macos").glob("*.py") if file.stem != "__init__")
SYSTEM = {"AppKit", "Foundation", "objc"}


@pytest.mark.parametrize("name", MODULES)
def test_importing_loads_nothing_of_the_system(name):
    importlib.import_module(f"app.macos.{name}")

    assert not SYSTEM & sys.modules.keys() or sys.platform == "darwin"


@pytest.mark.parametrize("name", MODULES)
def test_the_systems_modules_are_imported_where_they_are_used(name):
    tree = ast.parse((ROOT / "app" / "macos" / f"{name}.py").read_text(encoding="utf-8"))
    early = {
        imported
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for imported in ([node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }

    assert not SYSTEM & early


@pytest.mark.skipif(sys.platform == "darwin", reason="there they are wanted")
def test_the_app_loads_none_of_it_elsewhere():
    code = "import app.window.start, sys; print([n for n in sys.modules if n.startswith('app.macos')])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_no_two_keys_have_one_code():
    assert len(set(CODES.values())) == len(CODES)
    assert all(0 <= code < 128 for code in CODES.values())
