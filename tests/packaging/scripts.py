"""Loads what stands in packaging/, which is no package. Test support."""

from __future__ import annotations

import importlib.util
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]
PACKAGING = ROOT / "packaging"


def script(name: str) -> ModuleType:
    """A file of packaging/ as a module, without running what it does as a program."""
    spec = importlib.util.spec_from_file_location(name.replace("-", "_").replace("/", "_"), PACKAGING / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def toml(*parts: str) -> dict[str, Any]:
    return tomllib.loads(ROOT.joinpath(*parts).read_text(encoding="utf-8"))
