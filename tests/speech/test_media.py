"""Sound files of every sort, whole and broken."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import KnownError
from engine.speech.media import SoundFile
from tests.speech.sounds import MODERN, samples_of, tone


def written(path, samples, rate=16_000, **options):
    soundfile.write(path, samples, rate, **options)
    return path


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3", "a.aiff"])
@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_every_format_at_every_rate(tmp_path, name, rate):
    at = np.arange(rate) / rate
    made = samples_of(written(tmp_path / name, 0.5 * np.sin(2 * np.pi * 440 * at), rate))

    assert abs(len(made) - 16_000) < 1_300  # codecs pad
    inner = made[2_000:14_000]  # one pure tone, nowhere torn
    spectrum = np.abs(np.fft.rfft(inner * np.hanning(len(inner)))) ** 2
    peak = int(np.argmax(spectrum))
    assert peak * 16_000 / len(inner) == pytest.approx(440, abs=2)
    assert spectrum[peak - 4 : peak + 5].sum() / spectrum.sum() > 0.999


def test_stereo_becomes_one_channel(tmp_path):
    both = np.stack([tone(0.1), np.zeros(1_600)], axis=1)

    np.testing.assert_allclose(samples_of(written(tmp_path / "a.wav", both)), tone(0.1) / 2, atol=1e-3)


def test_what_is_no_number_is_silence(tmp_path):
    odd = np.array([0.5, np.nan, np.inf, -np.inf, 7.0], np.float32)

    made = samples_of(written(tmp_path / "a.wav", odd, subtype="FLOAT"))

    assert made.tolist() == [0.5, 0.0, 0.0, 0.0, 1.0]


def test_a_truncated_file_gives_what_there_is(tmp_path):
    for source in (MODERN, written(tmp_path / "whole.wav", tone(3))):
        whole = samples_of(source)
        half = tmp_path / ("half" + source.suffix)
        half.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
        file = SoundFile(half)

        made = np.concatenate(list(file.pieces()))

        assert len(whole) * 0.3 < len(made) < len(whole) * 0.7
        # libsndfile itself mends what a WAV header claims
        assert file.cut_short or source.suffix == ".wav"


def test_a_header_that_claims_ten_hours_costs_nothing(tmp_path):
    path = written(tmp_path / "a.wav", tone(1))
    claimed = 10 * 3600 * 16_000 * 2
    data = bytearray(path.read_bytes())
    at = data.index(b"data")
    struct.pack_into("<I", data, at + 4, claimed)
    struct.pack_into("<I", data, 4, claimed + 36)
    path.write_bytes(data)

    assert len(samples_of(path)) == 16_000


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("film.mp4", b"x", "film.mp4 is a video."),
        ("memo.m4a", b"x", "memo.m4a is in a format that Cadre does not read."),
        ("empty.wav", b"", "empty.wav is empty."),
        ("notes.txt", b"This is no sound.", "notes.txt is no sound file that Cadre can read."),
        ("notes.mp3", b"This is no sound.", "notes.mp3 is no sound file that Cadre can read."),
        ("zeros.wav", bytes(4_000), "zeros.wav is no sound file that Cadre can read."),
    ],
)
def test_what_is_no_sound_is_refused_by_name(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)

    with pytest.raises(KnownError) as refused:
        SoundFile(tmp_path / name)
    assert refused.value.sentence == said
    assert refused.value.next_step


@pytest.mark.parametrize(("system", "program"), [("darwin", "afconvert "), ("linux", "ffmpeg ")])
def test_what_has_to_be_converted_comes_with_a_command_that_can_be_pasted(tmp_path, monkeypatch, system, program):
    monkeypatch.setattr("engine.speech.media.sys.platform", system)
    (tmp_path / "New Recording 3.m4a").write_bytes(b"x")

    with pytest.raises(KnownError) as refused:
        SoundFile(tmp_path / "New Recording 3.m4a")
    assert program in refused.value.next_step
    assert "'New Recording 3.m4a'" in refused.value.next_step


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(KnownError, match="There is no file"):
        SoundFile(tmp_path / "none.wav")
    with pytest.raises(KnownError, match=f"{tmp_path.name} is not a file"):
        SoundFile(tmp_path)


def test_what_is_no_sound_at_all_is_not_to_be_converted(tmp_path):
    (tmp_path / "sea.png").write_bytes(b"\x89PNG\r\n\x1a\n")

    with pytest.raises(KnownError) as refused:
        SoundFile(tmp_path / "sea.png")
    assert refused.value.next_step == "Give a sound file: wav, flac, ogg, mp3, aiff."


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_file_ends_or_is_refused(tmp_path, data):
    """Whatever bytes are wrong: no other error than ours, and never more sound than the bytes could hold."""
    content = bytearray(MODERN.read_bytes()[:6_000])
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, 200))] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged.flac"
    path.write_bytes(content)
    try:
        made = [len(piece) for piece, _ in zip(SoundFile(path).pieces(), range(1_000), strict=False)]
    except KnownError:
        return
    assert len(made) < 1_000
