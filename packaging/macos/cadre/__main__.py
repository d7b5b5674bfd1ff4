"""The door of Cadre.app. The bundle's stub runs this module, whatever the arguments.

With the options of an interpreter before `-c` or `-m` it is Python itself: so are the children of multiprocessing and
`python -m engine.lab.machine` started, which call `sys.executable`, and in a bundle that is the stub. With anything
else it is the command `cadre`. The stub shows a dialog for what is raised here, so nothing is but SystemExit with a
number. Knows the layout of the bundle; on the main thread.
"""

from __future__ import annotations

import re
import runpy
import sys
import traceback
from pathlib import Path
from types import ModuleType

_ALONE = re.compile(r"-([bBdEIOPqRsSuv]+|[XW].+)")
_WITH_VALUE = {"-X", "-W"}


def as_python(arguments: list[str]) -> tuple[str, str, list[str]] | None:
    """("-c" or "-m", what to run, its arguments); None when these are no arguments of an interpreter."""
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word in {"-c", "-m"}:
            return (word, rest[0], rest[1:]) if rest else None
        if word in _WITH_VALUE and rest:
            rest.pop(0)
        elif not _ALONE.fullmatch(word):
            return None
    return None


def run_as_python(how: str, what: str, arguments: list[str]) -> None:
    if how == "-m":
        sys.argv = [what, *arguments]
        runpy.run_module(what, run_name="__main__", alter_sys=True)
        return
    sys.argv = ["-c", *arguments]
    main = ModuleType("__main__")
    sys.modules["__main__"] = main
    exec(compile(what, "<string>", "exec"), main.__dict__)


def run_cadre(arguments: list[str]) -> int:
    from app.cli.main import main

    return main([word for word in arguments if not word.startswith("-psn_")])  # Finder's number of the process


def run() -> int:
    stub = Path(__file__).absolute().parents[3] / "MacOS" / "Cadre"
    if stub.is_file():
        sys.executable = str(stub)
    asked = as_python(sys.argv[1:])
    try:
        if asked is None:
            return run_cadre(sys.argv[1:])
        run_as_python(*asked)
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
            return 1
        return end.code or 0
    except KeyboardInterrupt:
        return 130
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(run())
