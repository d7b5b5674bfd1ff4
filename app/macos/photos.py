"""HEIC photos as JPEG, by the system's own `sips`: turned as the camera noted, in bounded time. Any thread but the
interface's.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from engine.errors import KnownError

_SECONDS = 20
_LONGEST = "4096"
_REMEDY = "Export it as JPEG (Preview: File, Export) and attach that."


def as_jpeg(path: Path, program: str = "/usr/bin/sips") -> bytes:
    """Raises KnownError: it cannot be read."""
    with tempfile.TemporaryDirectory(prefix="cadre-photo-") as folder:
        made = Path(folder) / "photo.jpg"
        command = [program, "-s", "format", "jpeg", "-Z", _LONGEST, str(path.absolute()), "--out", str(made)]
        try:
            subprocess.run(command, timeout=_SECONDS, capture_output=True, check=True)
            return made.read_bytes()
        except (OSError, subprocess.SubprocessError) as error:
            raise KnownError(f"{path.name} is a HEIC photo that could not be read.", _REMEDY) from error
