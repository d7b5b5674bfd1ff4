"""Starting with the person's session: one file that the system looks for. Knows no Qt; any thread."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import Protocol

from engine import atomic
from engine.errors import KnownError


class LoginItem(Protocol):
    """The system's own state, asked each time: the person may have changed it there."""

    def is_on(self) -> bool: ...

    def turn(self, *, on: bool) -> None:
        """Raises KnownError: the system refuses."""


def start_command() -> list[str]:
    """Starts this very Cadre without a window."""
    program = Path(sys.executable)
    bundle = next((folder for folder in program.parents if folder.suffix == ".app"), None)
    if bundle is not None:
        return ["/usr/bin/open", "-g", "-a", str(bundle), "--args", "app", "--background"]
    script = program.with_name("cadre")
    if script.exists():
        return [str(script), "app", "--background"]
    return [str(program), "-c", "import sys; from app.cli.main import main; sys.exit(main())", "app", "--background"]


class Autostart:
    """A .desktop file in the folder that the desktops of Linux look into (freedesktop.org, Autostart 0.5)."""

    def __init__(self, folder: Path | None = None, command: list[str] | None = None) -> None:
        given = os.environ.get("XDG_CONFIG_HOME")
        self.file = (folder or Path(given or Path.home() / ".config") / "autostart") / "cadre.desktop"
        self._command = command or start_command()

    def is_on(self) -> bool:
        """A desktop's own switch writes Hidden into the file."""
        try:
            content = self.file.read_text(encoding="utf-8")
        except (OSError, ValueError):
            return False
        return "hidden=true" not in content.lower().replace(" ", "")

    def turn(self, *, on: bool) -> None:
        text = "\n".join(
            ("[Desktop Entry]", "Type=Application", "Name=Cadre", f"Exec={_exec(self._command)}", "Terminal=false", "")
        )
        place(self.file, text, on=on)


def place(file: Path, text: str, *, on: bool) -> None:
    """The file with this text, or no file. Raises KnownError: the disk refuses."""
    try:
        if on:
            atomic.write(file, text)
        else:
            file.unlink(missing_ok=True)
    except OSError as error:
        raise KnownError(
            f"{file} could not be changed ({error.strerror}).", "Look at the folder's permissions and try again."
        ) from error


def _exec(command: list[str]) -> str:
    """As the Desktop Entry specification quotes: in double quotes, four characters and the per cent escaped."""
    return " ".join(word if shlex.quote(word) == word else f'"{_escaped(word)}"' for word in command)


def _escaped(word: str) -> str:
    for character in '\\"`$':
        word = word.replace(character, f"\\{character}")
    return word.replace("\\", "\\\\").replace("%", "%%")
