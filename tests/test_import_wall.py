"""The engine knows no Qt, the app touches no MLX. Read from the sources, so that nothing has to be imported.

Two walls. Names a side may never write, anywhere in a file. And what the app would load: from each import in
the app, also a late one, the engine modules behind it are followed through the imports that run when they are
loaded, and none of them may load MLX. The engine's own late imports are not followed: so the host starts MLX.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MLX = {"mlx", "mlx_lm", "mlx_vlm", "mlx_audio"}
FORBIDDEN = {"engine": {"PySide6", "app"}, "app": MLX}


def module_name(file: Path, root: Path) -> str:
    parts = file.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def top(name: str) -> str:
    return name.partition(".")[0]


def nodes(tree: ast.AST, *, late: bool) -> Iterator[ast.AST]:
    """Every node below; without `late` only what runs when the module is loaded."""
    for child in ast.iter_child_nodes(tree):
        if not late and isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if not late and isinstance(child, ast.If) and named(child.test) == "TYPE_CHECKING":
            yield from (node for branch in child.orelse for node in [branch, *nodes(branch, late=late)])
            continue
        yield child
        yield from nodes(child, late=late)


def imported(node: ast.AST, package: str) -> list[str]:
    """The names that one node imports; `from a import b` is both a and a.b, b may be a module."""
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=module, names=names, level=level):
            above = package.split(".")[: len(package.split(".")) - level + 1] if level else []
            base = ".".join([*above, *([module] if module else [])])
            return [base, *(f"{base}.{alias.name}" for alias in names)]
        case ast.Call(func=func, args=[ast.Constant(value=str(name)), *_]) if named(func) in {
            "__import__",
            "import_module",
        }:
            return [name]
    return []


def named(node: ast.expr) -> str:
    """The last name of `a` or `x.a`."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def imports(file: Path, root: Path, *, late: bool) -> set[str]:
    module = module_name(file, root)
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    return {name for node in nodes(parsed(file), late=late) for name in imported(node, package)}


def files_loaded(name: str, root: Path) -> Iterator[Path]:
    """The files that importing a dotted name runs: the packages above it, then itself."""
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        path = root.joinpath(*parts[:length])
        yield from (file for file in (path / "__init__.py", path.with_suffix(".py")) if file.is_file())


def way_to_mlx(name: str, root: Path, seen: set[Path]) -> list[str]:
    """The chain from a dotted name to MLX through imports that run on loading; empty if there is none."""
    if top(name) in MLX:
        return [name]
    for file in files_loaded(name, root):
        if file in seen:
            continue
        seen.add(file)
        for following in sorted(imports(file, root, late=False)):
            if way := way_to_mlx(following, root, seen):
                return [module_name(file, root), *way]
    return []


def breaches(root: Path) -> list[str]:
    """One line for every import that crosses the wall."""
    found = []
    for side, forbidden in FORBIDDEN.items():
        for file in sorted((root / side).rglob("*.py")):
            here = module_name(file, root)
            names = sorted(imports(file, root, late=True))
            crossing = {top(name) for name in names} & forbidden
            found += [f"{here} imports {name}" for name in sorted(crossing)]
            if side == "app" and not crossing:
                ways = [way_to_mlx(name, root, set()) for name in names if top(name) == "engine"]
                found += sorted({" -> ".join([here, *way]) for way in ways if way})
    return found


def plant(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


def test_the_wall_stands():
    assert breaches(ROOT) == []


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"engine/a.py": "import PySide6.QtCore"}, "engine.a imports PySide6"),
        ({"engine/a.py": "def late():\n    from app.cli import main"}, "engine.a imports app"),
        ({"engine/a.py": "import importlib\nimportlib.import_module('PySide6')"}, "engine.a imports PySide6"),
        ({"app/a.py": "from mlx import core"}, "app.a imports mlx"),
        ({"app/a.py": "def late():\n    import mlx_lm.utils"}, "app.a imports mlx_lm"),
        ({"app/a.py": "import engine.b", "engine/b.py": "import mlx.nn"}, "app.a -> engine.b -> mlx.nn"),
        ({"app/a.py": "from engine import b", "engine/b.py": "import mlx.nn"}, "app.a -> engine.b -> mlx.nn"),
        (
            {"app/a.py": "def late():\n    import engine.b", "engine/b.py": "import mlx.core"},
            "app.a -> engine.b -> mlx.core",
        ),
        (
            {
                "app/a.py": "import engine.b.c",
                "engine/b/__init__.py": "from . import d",
                "engine/b/c.py": "",
                "engine/b/d.py": "try:\n    import mlx_vlm\nexcept ImportError:\n    pass",
            },
            "app.a -> engine.b -> engine.b.d -> mlx_vlm",
        ),
        (
            {
                "app/a.py": "import engine.b",
                "engine/b.py": "from engine.c import d",
                "engine/c.py": "from engine.b import e\nclass D:\n    import mlx.core",
            },
            "app.a -> engine.b -> engine.c -> mlx.core",
        ),
    ],
)
def test_a_breach_is_found(tmp_path, files, found):
    assert breaches(plant(tmp_path, files)) == [found]


@pytest.mark.parametrize(
    "engine",
    [
        "def start():\n    import mlx.core",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import mlx.core",
        "import mlx_data_of_others, numpy",
    ],
)
def test_what_the_engine_does_not_load_is_no_breach(tmp_path, engine):
    assert breaches(plant(tmp_path, {"app/a.py": "import engine.b", "engine/b.py": engine})) == []


def test_the_engine_may_use_mlx(tmp_path):
    assert breaches(plant(tmp_path, {"engine/b.py": "import mlx.core", "app/a.py": "import rich"})) == []


def test_loading_the_whole_app_loads_no_mlx():
    """The same by doing it, which also sees what other libraries import."""
    names = {module_name(file, ROOT) for file in (ROOT / "app").rglob("*.py") if file.stem != "__main__"}
    code = (
        f"import importlib, sys\nfor name in {sorted(names)}: importlib.import_module(name)\n"
        f"print([name for name in {sorted(MLX)} if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
