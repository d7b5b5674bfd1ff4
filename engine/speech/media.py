"""A sound file on disk, as one stream of samples at 16 kHz. Knows the formats of libsndfile, not what is said in them.

Whatever a header claims, only a second or so is in memory at a time. A file that ends early gives what there was.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.checkpoint.safetensors import shown
from engine.errors import KnownError
from engine.speech.resample import Resampler
from engine.speech.sound import RATE, Samples

FORMATS = ("wav", "flac", "ogg", "mp3", "aiff")
_SLOWEST, _FASTEST = 4_000, 384_000  # samples per second; outside, a header lies
_MOST_CHANNELS = 64
_READ = 512
"""Frames read at a time: where a file breaks off, what was read with the break is lost."""
_VIDEO = {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".wmv"}
_GIVE = f"Give a sound file: {', '.join(FORMATS)}."
_OTHERS = {".m4a", ".aac", ".wma", ".amr", ".caf"}


@dataclass(frozen=True)
class About:
    """seconds: what the header claims."""

    seconds: float


class SoundFile:
    """Opened when made; read it once.

    Raises:
        KnownError: it is not there, or is no sound that can be read.
    """

    def __init__(self, source: Path | bytes) -> None:
        """source: a file, or what one holds."""
        self._file = _open(source) if isinstance(source, Path) else _opened(io.BytesIO(source), "This sound")
        self.about = About(max(0, self._file.frames) / self._file.samplerate)
        self.cut_short = False
        """After the end: the file held less than its header claims, or broke off."""

    def pieces(self) -> Iterator[Samples]:
        """About a second each. Closes the file at the end."""
        rate = int(self._file.samplerate)
        resampler = Resampler(rate, RATE)
        frames = 0
        with self._file:
            while len(piece := self._read(rate)):
                frames += len(piece)
                yield resampler.feed(piece)
            self.cut_short = self.cut_short or frames < self._file.frames - rate // 10
        yield resampler.end()

    def close(self) -> None:
        self._file.close()

    def _read(self, frames: int) -> Samples:
        """One channel, the mean of all; empty at the end."""
        read = [np.zeros((0, self._file.channels), np.float32), *self._blocks(frames)]
        mono = np.nan_to_num(np.concatenate(read).mean(axis=1), nan=0.0, posinf=0.0, neginf=0.0)
        return np.asarray(np.clip(mono, -1.0, 1.0), np.float32)

    def _blocks(self, frames: int) -> Iterator[npt.NDArray[np.float32]]:
        import soundfile

        for _ in range(0, frames, _READ):
            try:
                block = self._file.read(_READ, dtype="float32", always_2d=True)
            except (soundfile.LibsndfileError, RuntimeError):  # broken from here on
                self.cut_short = True
                return
            if not len(block):
                return
            yield block


def _forward_only() -> Any:
    """The library seeks after every read to where it is anyway, and in an MP3 that seek misses: the sound gets torn."""
    import soundfile

    class ForwardOnly(soundfile.SoundFile):  # type: ignore[misc] # it has no types
        def seekable(self) -> bool:
            return False

    return ForwardOnly


def _open(path: Path) -> Any:
    """A soundfile.SoundFile; it has no types of its own."""
    name = shown(path.name)
    if not path.is_file():
        raise KnownError(f"{name} is not a file." if path.exists() else f"There is no file {path}.", _GIVE)
    if path.suffix.lower() in _VIDEO:
        raise KnownError(f"{name} is a video.", f"Take its sound out first: {_ways(name, video=True)}")
    if path.suffix.lower() in _OTHERS:
        raise KnownError(f"{name} is in a format that Cadre does not read.", _convert(name))
    if path.stat().st_size == 0:
        raise KnownError(f"{name} is empty.", "Record or download it again.")
    if path.suffix.lower() == ".mp3" and not _may_be_mp3(path):
        raise KnownError(f"{name} is no sound file that Cadre can read.", _convert(name))
    return _opened(path, name)


def _convert(name: str) -> str:
    """What to do with a sound; of anything else none comes by converting it."""
    if not name.lower().endswith((*FORMATS, *_OTHERS, ".opus", ".oga", ".aif", ".aifc", ".au", ".w64", ".rf64")):
        return _GIVE
    return f"Convert it first: {_ways(name)}"


def _ways(name: str, *, video: bool = False) -> str:
    """With a program that has windows, and by a command that can be pasted. What QuickTime takes out of a film is among
    _OTHERS; Music makes a sound of it that can be read.
    """
    if sys.platform == "darwin":
        first = "in QuickTime Player with File > Export As > Audio Only, and of that" if video else "in Music"
        music = "with File > Convert, after choosing the AIFF Encoder in Settings > Files > Import Settings"
        windows = f"{first}, in Music, {music}" if video else f"{first} {music}"
        return f"{windows}; or in Terminal: `{_command(name)}`."
    return f"export it as FLAC from Audacity, or in a terminal: `{_command(name)}`."


def _command(name: str) -> str:
    """What makes a sound that can be read of it; macOS brings a program for that."""
    if sys.platform == "darwin":
        return f"afconvert -f WAVE -d LEI16 {quote(name)} sound.wav"
    return f"ffmpeg -i {quote(name)} sound.flac"


def _may_be_mp3(path: Path) -> bool:
    """The library would believe the name, look for a frame up to the end, and write about that to the terminal."""
    try:
        with path.open("rb") as file:
            begin = file.read(1 << 16)
    except OSError:
        return True  # opening it says why
    return begin.startswith((b"ID3", b"RIFF")) or re.search(rb"\xff[\xe0-\xff]", begin) is not None


def _opened(source: Path | io.BytesIO, name: str) -> Any:
    import soundfile

    try:
        opened = _forward_only()(source)
    except OSError as error:
        raise KnownError(f"{name} cannot be read: {error.strerror or error}.", "Check who may read it.") from error
    except (soundfile.LibsndfileError, RuntimeError, TypeError, ValueError) as error:
        raise KnownError(f"{name} is no sound file that Cadre can read.", _convert(name)) from error
    if not (_SLOWEST <= opened.samplerate <= _FASTEST and 1 <= opened.channels <= _MOST_CHANNELS):
        opened.close()
        raise KnownError(f"{name} claims {opened.samplerate} samples a second.", "The file is damaged; get it anew.")
    return opened
