"""Imports every module of Cadre in the Python that runs this: `PYTHON -I packaging/import-everything.py`.

Run it in an environment that holds Cadre's wheel, or in the app's bundle: it fails when a module needs what is not
there, when the resources are missing, or when Cadre was found in a clone instead. What only a Mac has is imported late
everywhere, so this holds on Linux too.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import traceback
from pathlib import Path


def main() -> int:
    import app
    import engine
    from engine.models import places

    clone = Path(__file__).parents[1]
    found = [Path(package.__file__).parent.parent for package in (app, engine) if package.__file__]
    if len(found) != 2 or clone in found:
        print(f"Cadre was found in {found}, not where it is installed.")
        return 1
    names = sorted(
        module.name
        for package in (app, engine)
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not module.name.endswith("__main__")
    )
    failed = [name for name in names if not imports(name)]
    needed = ("models.toml", "icons/send.svg", "app_icon/light.svg", "models/builtin")
    failed += [f"resources/{file}" for file in needed if not (places.resources() / file).exists()]
    print(f"{len(names)} modules in {sys.prefix}: " + (f"{len(failed)} FAILED: {failed}" if failed else "all there"))
    return int(bool(failed))


def imports(name: str) -> bool:
    try:
        importlib.import_module(name)
    except BaseException:
        traceback.print_exc()
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
