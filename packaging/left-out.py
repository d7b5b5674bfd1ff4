"""Measures what Cadre.app leaves out: `python packaging/left-out.py FOLDER`, a folder of installed distributions.

For each line of `cleanup_paths` the bytes it takes away, for Apple silicon only where a library holds two processors;
then what stays, by distribution. Fails when a library that stays wants one that went. Reads only; needs no Mac:

    uv pip install --target FOLDER --python-platform aarch64-apple-darwin --no-deps -r requirements.txt
"""

from __future__ import annotations

import re
import struct
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

PREFIX = "**/app_packages/"
FAT, ARM64 = 0xCAFEBABE, 0x0100000C
MACH = {b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"}


def main(folder: Path) -> int:
    kept = {path: thin(path) for path in folder.rglob("*") if path.is_file() and not path.is_symlink()}
    whole = sum(path.stat().st_size for path in kept)
    print(f"{whole / 1e6:8.1f} MB as the wheels hold it\n{sum(kept.values()) / 1e6:8.1f} MB for Apple silicon alone")
    for pattern in patterns():
        gone = [path for path in left_out(folder, pattern) if path in kept]
        print(f"{-sum(kept.pop(path) for path in gone) / 1e6:8.1f} MB {pattern}")
    print(f"{sum(kept.values()) / 1e6:8.1f} MB stay")
    biggest: Counter[str] = Counter()
    for path, size in kept.items():
        biggest[path.relative_to(folder).parts[0]] += size
    for name, size in biggest.most_common(10):
        print(f"{size / 1e6:8.1f} MB {name}")
    broken = sorted(set(missing(folder, kept)))
    for line in broken:
        print(f"BROKEN: {line}")
    return int(bool(broken))


def patterns() -> list[str]:
    project = tomllib.loads((Path(__file__).parent / "macos" / "pyproject.toml").read_text(encoding="utf-8"))
    return [
        line.removeprefix(PREFIX) for line in project["tool"]["briefcase"]["app"]["cadre"]["macOS"]["cleanup_paths"]
    ]


def left_out(folder: Path, pattern: str) -> Iterator[Path]:
    for found in folder.glob(pattern):
        yield from found.rglob("*") if found.is_dir() and not found.is_symlink() else (found,)


def thin(path: Path) -> int:
    """Bytes of the arm64 part of a universal library (mach-o/fat.h), of anything else all."""
    with path.open("rb") as file:
        head = file.read(8)
        if len(head) == 8 and (struct.unpack(">II", head)[0]) == FAT:
            for _ in range(struct.unpack(">II", head)[1]):
                kind, _sub, _offset, size, _align = struct.unpack(">5I", file.read(20))
                if kind == ARM64:
                    return int(size)
    return path.stat().st_size


def missing(folder: Path, kept: dict[Path, int]) -> Iterator[str]:
    """Frameworks of Qt that a kept library is linked to and that are not kept."""
    here = {path.name for path in kept}
    for path in kept:
        data = path.read_bytes() if path.is_relative_to(folder / "PySide6") else b""
        if data[:4] in MACH:
            wanted = {name.decode() for name in re.findall(rb"@rpath/(Qt\w+)\.framework", data)}
            yield from (f"{path.relative_to(folder)} wants {name}" for name in wanted - here)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Usage: left-out.py FOLDER")
    sys.exit(main(Path(sys.argv[1])))
