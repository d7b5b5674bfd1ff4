"""Takes the pictures: `python -m app.lab.pictures [--out FOLDER] [--only NAME ...] [--model FOLDER]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from app.cli.say import say
from app.lab.pictures import studio
from app.lab.pictures.scenes import SCENES
from engine import logs
from engine.errors import KnownError

MOST = 150_000
"""Bytes of a picture: weights and pictures stay in a repository's history for good."""
_THEMES = {"light": False, "dark": True}


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="app.lab.pictures", description="Pictures of the app's states.")
    parser.add_argument("--out", type=Path, default=Path("docs/images"), help="where they go (docs/images)")
    parser.add_argument("--only", nargs="+", choices=SCENES, default=list(SCENES), help="these states")
    parser.add_argument("--themes", nargs="+", choices=_THEMES, default=list(_THEMES), help="light, dark or both")
    parser.add_argument("--model", type=Path, help="a folder that stands for the built-in model")
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="cadre-pictures-") as folder:
        home = Path(folder)
        if args.model is not None:
            (home / "builtin").symlink_to(args.model.resolve(), target_is_directory=True)
        studio.prepare(home)
        logs.start()
        try:
            sizes = [_take(name, theme, args.out) for name in args.only for theme in args.themes]
        except KnownError as error:
            say(str(error), error=True)
            return 1
    return 0 if max(sizes) <= MOST else 1


def _take(name: str, theme: str, out: Path) -> int:
    """Raises KnownError."""
    scene, path = SCENES[name], out / f"{name}-{theme}.png"
    look = studio.Look(_THEMES[theme], scene.text_size, scene.mirrored)
    with studio.app(look, chats=scene.chats, model=scene.model) as desktop:
        shown = scene.bring(desktop)
        studio.settle()
        size = studio.take(shown, path)
    too_large = "" if size <= MOST else f", more than {MOST // 1000} KB"
    say(f"{path} ({size // 1000} KB{too_large})", error=bool(too_large))
    return size


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
