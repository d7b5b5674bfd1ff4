"""What is no sound, or too much of one, is told in one sentence before it can cost anything."""

from __future__ import annotations

import os
import tracemalloc

import numpy as np
import pytest
import soundfile

from engine.errors import KnownError
from engine.vision.clip import open_clip
from tests.vision.sounds import RATE, noise, wav

MOST = 30.0


def test_a_sound_comes_as_one_channel_at_16_khz(tmp_path):
    soundfile.write(tmp_path / "stereo.flac", np.stack([noise(0.5), noise(0.5)], 1), RATE)

    assert open_clip(tmp_path / "stereo.flac", MOST) == pytest.approx(noise(0.5), abs=1e-4)
    assert len(open_clip(wav(tmp_path / "fast.wav", noise(0.5), 2 * RATE), MOST)) == pytest.approx(RATE / 4, abs=2)


def claiming(path, seconds):
    """A WAV that says it is this long and holds next to nothing."""
    content = bytearray(wav(path, noise(0.1)).read_bytes())
    content[40:44] = (seconds * RATE * 2).to_bytes(4, "little")
    path.write_bytes(content)
    return path


def sparse(path, seconds):
    """A WAV of silence, as long as it says, that takes no room on the disk."""
    claiming(path, seconds)
    os.truncate(path, 44 + seconds * RATE * 2)
    return path


BAD = {
    "empty": (lambda path: path.write_bytes(b""), "is empty"),
    "text": (lambda path: path.write_bytes(b"a letter, not a sound"), "no sound file"),
    "only a header": (lambda path: wav(path, noise(0)), "holds no sound"),
    "a click": (lambda path: wav(path, noise(0.005)), "holds no sound"),
    "a bit too long": (lambda path: wav(path, noise(31)), r"too long \(31 seconds\).*at most 30 seconds"),
    "ten hours": (lambda path: sparse(path, 36_000), r"too long \(10 hours\)"),
    "broken": (lambda path: path.write_bytes(wav(path, noise(0.1)).read_bytes()[:20]), "no sound file"),
    "a folder": (lambda path: path.mkdir(), "is not a file"),
    "a pipe": (os.mkfifo, "is not a file"),
    "nothing": (lambda path: None, "There is no file"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_sounds_get_one_sentence_and_little_memory(tmp_path, name):
    make, words = BAD[name]
    make(tmp_path / "sound.wav")
    tracemalloc.start()
    try:
        with pytest.raises(KnownError, match=words) as refused:
            open_clip(tmp_path / "sound.wav", MOST)
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()
    assert refused.value.sentence.endswith(".")


def test_without_a_true_length_it_is_read_only_as_far_as_may_be_heard(tmp_path, monkeypatch):
    monkeypatch.setattr("engine.speech.media.About", lambda seconds: type("About", (), {"seconds": 0.0})())
    tracemalloc.start()
    try:
        with pytest.raises(KnownError, match="too long"):
            open_clip(sparse(tmp_path / "endless.wav", 3600), MOST)
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


def test_a_sound_that_breaks_off_gives_what_there_was(tmp_path):
    assert len(open_clip(claiming(tmp_path / "sound.wav", 20), MOST)) == pytest.approx(RATE / 10, abs=RATE / 50)


def test_a_video_is_refused_by_name(tmp_path):
    (tmp_path / "sea.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(99))
    with pytest.raises(KnownError, match=r"sea.mp4 is a video"):
        open_clip(tmp_path / "sea.mp4", MOST)
