"""Launch at login: a launch agent of the person's own, which System Settings lists among the login items."""

from __future__ import annotations

import plistlib
from pathlib import Path

from app.desktop.login import place, start_command

LABEL = "org.cadre.app"


class LaunchAgent:
    """Keeps app.desktop.login.LoginItem. launchd reads the file when the person logs in; nothing starts before."""

    def __init__(self, folder: Path | None = None, command: list[str] | None = None) -> None:
        self.file = (folder or Path.home() / "Library" / "LaunchAgents") / f"{LABEL}.plist"
        self._command = command or start_command()

    def is_on(self) -> bool:
        return self.file.exists()

    def turn(self, *, on: bool) -> None:
        told = {"Label": LABEL, "ProgramArguments": self._command, "RunAtLoad": True, "ProcessType": "Interactive"}
        place(self.file, plistlib.dumps(told).decode(), on=on)
