"""Plays sound through PortAudio (sounddevice), waiting until it is over. Thin."""

from __future__ import annotations

from app.voice.voices import Spoken
from engine.errors import KnownError

_INSTEAD = "Connect a loudspeaker, or write a file: `--out speech.wav`."


def play(spoken: Spoken) -> None:
    """Raises KnownError: nothing to play through. KeyboardInterrupt stops it."""
    try:
        import sounddevice
    except (ImportError, OSError) as error:
        raise KnownError("PortAudio, which plays sound, is missing.", _INSTEAD) from error
    try:
        sounddevice.play(spoken.samples, spoken.rate, blocking=True)
    except (sounddevice.PortAudioError, ValueError) as error:
        raise KnownError("There is no loudspeaker to speak through.", _INSTEAD) from error
    except KeyboardInterrupt:
        sounddevice.stop()
        raise
