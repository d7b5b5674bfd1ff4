"""Prints the requirements of one kind of machine as uv.lock has them: every version pinned, every file by its hash.

    python packaging/locked.py --system darwin --python 3.13 --extra speech --extra vision > requirements.txt

What installs from it needs no dependency resolution (`pip install --no-deps --require-hashes -r`). Markers are decided
here, so that the list for a Mac can be made, and tested, on Linux. Calls uv; knows nothing of what is installed.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
MACHINES = {
    "darwin": {"platform_system": "Darwin", "platform_machine": "arm64"},
    "linux": {"platform_system": "Linux", "platform_machine": "x86_64"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--system", choices=sorted(MACHINES), required=True)
    parser.add_argument("--python", default="3.13", metavar="X.Y")
    parser.add_argument("--extra", action="append", default=[])
    parser.add_argument("--only-group", help="a dependency group in place of Cadre's own dependencies")
    given = parser.parse_args()
    print("\n".join(locked(given.system, given.python, tuple(given.extra), given.only_group)))


def locked(system: str, python: str, extras: tuple[str, ...], group: str | None = None) -> list[str]:
    """One line per distribution: `name==version --hash=...`."""
    environment = {
        **MACHINES[system],
        "sys_platform": system,
        "os_name": "posix",
        "python_version": python,
        "python_full_version": f"{python}.0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    lines = []
    for line in _exported(extras, group):
        told, *hashes = re.split(r"\s+(?=--hash)", line)
        requirement = Requirement(told)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            lines.append(" ".join((f"{requirement.name}{requirement.specifier}", *hashes)))
    return lines


def _exported(extras: tuple[str, ...], group: str | None) -> Iterator[str]:
    beside = Path(sys.executable).with_name("uv")
    chosen = ["--only-group", group] if group else ["--no-dev", *(f"--extra={extra}" for extra in extras)]
    # --no-config: what a machine sets for its own mirrors must not change what the lock says.
    done = subprocess.run(
        [beside if beside.exists() else "uv", "export", "--quiet", "--no-config", "--frozen", "--offline",
         "--no-emit-project", "--no-annotate", "--no-header", *chosen],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    text = done.stdout.replace("\\\n", " ")
    return (line for line in text.splitlines() if line.strip())


if __name__ == "__main__":
    main()
