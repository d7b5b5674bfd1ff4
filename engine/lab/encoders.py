"""`python -m engine.lab.encoders`: whether pictures and sounds keep the memory promise, at the encoders' true widths.

Makes a checkpoint of each family with random weights, its encoders as wide and as deep as they are published before a
tiny language part, shows it one picture and two in a process of their own, or a sound, and prints the peak beside the
promise. The largest pictures that some processors let pass take a CPU hours: `--side` makes them smaller, `--depth`
the encoder shallower, which changes only its weights, and these are counted from the file. Without `--memory` a prompt
passes the language part in one piece, and for a long sound the promise is of that piece and not of the encoder.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from engine import blas
from engine.errors import KnownError
from engine.lab.bench.asking import ask_in_child
from engine.lab.bench.figures import kept
from engine.lab.published_encoders import PUBLISHED, published

TEXT = "What is this?"
LEAST_DEPTH = 3
_TOKENS = 2
_RATE = 16_000


@dataclass(frozen=True)
class Measured:
    """One request. what: that was shown. tokens: of the prompt. parts: the promise's terms, bytes.

    peak and promised: bytes. within: as the promise says, a tenth or 300 MB.
    """

    family: str
    what: str
    depth: int
    tokens: int
    peak: int
    promised: int
    parts: Mapping[str, int]
    within: bool


def measure(
    family: str, media: Sequence[Mapping[str, Sequence[str]]], depth: int | None, memory: int | None, room: Path
) -> list[Measured]:
    """Each of `media` (`images` or `audio`, files) in a fresh process that may hold `memory` bytes, `room` holding the
    checkpoint meanwhile.
    """
    folder = room / family
    _call("--make", str(folder), "--family", family, *([] if depth is None else ["--depth", str(depth)]))
    try:
        return [_asked(folder, family, shown, depth or _layers(family), memory) for shown in media]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _asked(folder: Path, family: str, shown: Mapping[str, Sequence[str]], depth: int, limit: int | None) -> Measured:
    request = {"prompt": TEXT, "max_tokens": _TOKENS, "mode": "exact", "experts": 0.5, "memory": limit, **shown}
    (asked,), _ = ask_in_child(folder, [request])
    memory = dict(asked.memory)
    peak, promised = memory.pop("peak"), memory.pop("promised")
    memory.pop("limit")
    files = [file for kind in shown.values() for file in kind]
    what = Path(files[-1]).stem
    return Measured(family, what, depth, asked.prompt_tokens, peak, promised, memory, kept(peak, promised))


def _layers(family: str) -> int:
    real = PUBLISHED[family]
    return int(real.vision[real.depth])


def _call(*arguments: str) -> None:
    """This command in another process, so that what it takes is gone when it is measured."""
    ended = subprocess.run([sys.executable, "-m", "engine.lab.encoders", *arguments], check=False)
    if ended.returncode:
        raise KnownError("The checkpoint could not be made.", "See above why; it needs a few GB of disk in --room.")


def _make(folder: Path, family: str, depth: int | None) -> None:
    from engine.lab.tiny_sighted import make_sighted_checkpoint

    make_sighted_checkpoint(folder, published(family, depth))


def picture(room: Path, width: int, height: int, number: int) -> Path:
    """Noise: what costs a decoder most. No two are alike."""
    from PIL import Image

    path = room / f"{number} of {width} x {height}.png"
    pixels = np.random.default_rng(number).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, compress_level=1)
    return path


def sound(room: Path, seconds: int) -> Path:
    import soundfile

    path = room / f"1 of {seconds} seconds.wav"
    soundfile.write(path, 0.2 * np.random.default_rng(seconds).standard_normal(seconds * _RATE), _RATE)
    return path


def _media(given: argparse.Namespace, family: str, room: Path) -> Iterator[Mapping[str, Sequence[str]]]:
    width, height = PUBLISHED[family].largest
    smaller = min(1.0, (given.side or width) / max(width, height))
    for count in given.pictures:
        sides = round(width * smaller), round(height * smaller)
        yield {"images": [str(picture(room, *sides, number)) for number in range(1, count + 1)]}
    if given.seconds and PUBLISHED[family].audio:
        yield {"audio": [str(sound(room, given.seconds))]}


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.lab.encoders", description=__doc__)
    parser.add_argument("--family", action="append", choices=sorted(PUBLISHED), help="only this one; may be repeated")
    parser.add_argument("--side", type=int, help="pixels of the longer side, at most what the processor takes")
    parser.add_argument("--pictures", type=int, nargs="*", default=[1, 2], choices=(1, 2))
    parser.add_argument("--seconds", type=int, default=0, help="of a sound, for the families that hear")
    parser.add_argument("--depth", type=int, help="layers of the encoders, at least 3; as published when not given")
    parser.add_argument("--memory", type=float, help="GB that the process may hold")
    parser.add_argument("--room", type=Path, help="an existing folder for checkpoints, 4 GB; they are deleted")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(words)
    if given.depth is not None and given.depth < LEAST_DEPTH:
        parser.error(f"--depth is at least {LEAST_DEPTH}: some encoders hand out rows after three of their layers")
    families = given.family or sorted(PUBLISHED)
    memory = None if given.memory is None else int(given.memory * 1e9)
    if given.make:
        _make(given.make, families[0], given.depth)
        return 0
    found: list[Measured] = []
    with tempfile.TemporaryDirectory(dir=given.room) as name:
        room = Path(name)
        for family in families:
            for one in measure(family, list(_media(given, family, room)), given.depth, memory, room):
                found.append(one)
                _tell(one, as_json=given.json)
    return int(not all(one.within for one in found))


def _tell(one: Measured, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(one)), flush=True)  # noqa: T201
        return
    terms = ", ".join(f"{name} {size / 1e6:.0f}" for name, size in one.parts.items() if size)
    fits = "kept" if one.within else "NOT KEPT"
    print(  # noqa: T201
        f"{one.family:15} {one.what:24} {one.depth:2} layers {one.tokens:6} tokens: "
        f"{one.peak / 1e6:6.0f} MB of {one.promised / 1e6:6.0f} promised, {fits} ({terms})",
        flush=True,
    )


if __name__ == "__main__":
    blas.preload()
    try:
        sys.exit(main())
    except KnownError as error:
        sys.exit(str(error))
