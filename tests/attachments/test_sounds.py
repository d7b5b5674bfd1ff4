"""Recordings for models that hear: read in bounds, or refused by name."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from app.attachments import sound
from app.attachments.file import Kind, pictures, sounds
from app.attachments.reading import Reader
from engine.errors import KnownError
from engine.vision.clip import open_clip
from tests.vision.sounds import noise, wav


@pytest.fixture(scope="module")
def reader():
    reader = Reader()
    yield reader
    reader.close()


def test_a_recording_is_one_channel_at_16_khz(reader, tmp_path):
    both = np.stack([noise(0.5), noise(0.5)], axis=1)
    soundfile.write(tmp_path / "memo.wav", both, 48_000, subtype="PCM_16")

    file = reader.read(tmp_path / "memo.wav")

    (part,) = sounds([file])
    about = soundfile.info(io.BytesIO(part))
    assert (file.kind, about.samplerate, about.channels, about.format) == (Kind.SOUND, 16_000, 1, "FLAC")
    assert pictures([file]) == ()
    assert len(open_clip(part, 10.0)) == about.frames


def test_for_who_does_not_hear_it_is_refused_before_it_is_read(reader, tmp_path):
    (tmp_path / "song.mp3").write_bytes(b"ID3 and no more")

    with pytest.raises(KnownError, match=r"song\.mp3 is a recording\. Qwen cannot hear sounds: so\."):
        reader.read(tmp_path / "song.mp3", "Qwen cannot hear sounds: so.")


def test_a_long_one_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sound, "MOST_SECONDS", 1.0)
    wav(tmp_path / "long.wav", noise(1.5))

    with pytest.raises(KnownError, match=r"^long\.wav is too long"):
        sound.prepared((str(tmp_path / "long.wav"), "long.wav"))


def test_bytes_that_are_no_sound():
    with pytest.raises(KnownError, match="This sound is no sound"):
        open_clip(b"no sound at all", 1.0)
