"""The voice that comes with the system, as a program: espeak-ng on Linux, `say` on macOS. Makes sound, plays none.

The text goes in through standard input, never on the command line. Any thread; waits for the program.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.errors import KnownError

_WORDS_PER_MINUTE = 175
_PATIENCE = 60.0


@dataclass(frozen=True)
class Spoken:
    """[samples], one channel, float32."""

    samples: npt.NDArray[np.float32]
    rate: int


@dataclass(frozen=True)
class Voice:
    """command: given the sound file to write and the words per minute."""

    name: str
    program: str
    command: Callable[[Path, int], list[str]]
    remedy: str

    def speak(self, text: str, speed: float = 1.0) -> Spoken:
        """Raises KnownError: the program is not there or fails."""
        program = shutil.which(self.program)
        if program is None:
            raise KnownError(f"There is no voice: {self.program} is not installed.", self.remedy)
        with tempfile.TemporaryDirectory(prefix="cadre-voice-") as folder:
            file = Path(folder) / "said.wav"
            command = [program, *self.command(file, round(_WORDS_PER_MINUTE * speed))]
            try:
                done = subprocess.run(
                    command, input=text.encode(), capture_output=True, check=False, timeout=_PATIENCE + len(text) / 10
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                raise KnownError(f"{self.name} does not speak: {error}.", self.remedy) from error
            if done.returncode != 0 or not file.is_file():
                words = done.stderr.decode(errors="replace").strip().splitlines()
                raise KnownError(f"{self.name} failed{': ' + words[-1] if words else ''}.", self.remedy)
            return _read(file)


ESPEAK = Voice(
    "espeak-ng",
    "espeak-ng",
    lambda file, speed: ["-s", str(speed), "-w", str(file), "--stdin"],
    "Install it: `apt install espeak-ng`.",
)
MACOS = Voice(
    "The system's voice",
    "say",
    lambda file, speed: ["-r", str(speed), "-o", str(file), "--data-format=LEI16@22050", "-f", "-"],
    "Choose a voice in System Settings > Accessibility > Spoken Content.",
)


def system_voice() -> Voice:
    return MACOS if sys.platform == "darwin" else ESPEAK


def _read(file: Path) -> Spoken:
    import soundfile

    samples, rate = soundfile.read(file, dtype="float32", always_2d=True)
    return Spoken(np.asarray(samples[:, 0], np.float32), int(rate))
