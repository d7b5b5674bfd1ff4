"""Silero's net as shipped: computed as published, opens for speech, stays shut for everything else."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import KnownError
from engine.speech.convert_vad import converted
from engine.speech.sound import RATE
from engine.speech.utterances import Utterances
from engine.speech.voice_activity import FRAME, Silero
from tests.speech.sounds import MODERN, SURPASSED, clatter, hum, noise, samples_of, silence, tone

CLIPS = {"modern": MODERN, "surpassed": SURPASSED}


@pytest.fixture(scope="module")
def silero():
    return Silero()


def through(activity, samples, piece=4_000):
    """What the gate lets through, as (start sample, samples)."""
    utterances = Utterances(activity, longest=20)
    parts = [p for at in range(0, len(samples), piece) for p in utterances.feed(samples[at : at + piece])]
    return [*parts, *utterances.end()]


@pytest.mark.parametrize(
    "sound",
    [silence(5), noise(5), noise(5, 0.003), hum(5), tone(5), tone(5, 120.0), clatter(8)],
    ids=["silence", "noise", "faint noise", "hum", "tone", "low tone", "clatter"],
)
def test_what_is_no_speech_does_not_pass(silero, sound):
    assert through(silero, sound) == []


@pytest.mark.parametrize("before", [silence(2), noise(2, 0.01), clatter(2) * 0.3], ids=["silence", "noise", "clatter"])
@pytest.mark.parametrize("clip", CLIPS.values(), ids=CLIPS.keys())
def test_speech_passes_with_its_first_word(silero, clip, before):
    speech = samples_of(clip)

    parts = through(silero, np.concatenate([before, speech, silence(1)]))

    begin = round(parts[0].start * RATE)
    spoken = np.flatnonzero(np.abs(speech) > 0.05)
    first, last = len(before) + spoken[0], len(before) + spoken[-1]
    assert begin <= first - RATE // 20  # a good bit before it
    assert begin >= len(before) - RATE // 2  # but not all that was quiet
    assert begin + sum(len(part.samples) for part in parts) >= last


def test_how_the_sound_is_cut_into_pieces_does_not_matter(silero):
    sound = np.concatenate([silence(0.7), samples_of(SURPASSED), silence(1)])
    whole = through(silero, sound, len(sound))
    for piece in (100, 513, 7_001):
        parts = through(silero, sound, piece)
        assert parts[0].start == whole[0].start
        np.testing.assert_array_equal(
            np.concatenate([p.samples for p in parts]), np.concatenate([p.samples for p in whole])
        )


def test_weights_that_are_not_there_or_damaged_are_told(tmp_path):
    broken = tmp_path / "weights.safetensors"
    broken.write_bytes(b"not weights")
    for path in (tmp_path / "none.safetensors", broken):
        with pytest.raises(KnownError, match="missing or damaged"):
            Silero(path)


# --- the conversion ------------------------------------------------------------------------------------------


def torch_weights(seed=0):
    """Random, in the published layout."""
    rng = np.random.default_rng(seed)
    shapes = {
        "stft_conv.weight": (258, 1, 256),
        **{f"conv{n}.weight": (o, i, 3) for n, o, i in ((1, 128, 129), (2, 64, 128), (3, 64, 64), (4, 128, 64))},
        **{f"conv{n}.bias": (o,) for n, o in ((1, 128), (2, 64), (3, 64), (4, 128))},
        "lstm_cell.weight_ih": (512, 128),
        "lstm_cell.weight_hh": (512, 128),
        "lstm_cell.bias_ih": (512,),
        "lstm_cell.bias_hh": (512,),
        "final_conv.weight": (1, 128, 1),
        "final_conv.bias": (1,),
    }
    return {name: (rng.standard_normal(shape) * 0.06).astype(np.float32) for name, shape in shapes.items()}


def convolved(x, weight, bias, stride, pad):
    """torch's Conv1d: x [in, time], weight [out, in, taps]."""
    x = np.pad(x, ((0, 0), (pad, pad)))
    windows = np.lib.stride_tricks.sliding_window_view(x, weight.shape[2], axis=1)[:, ::stride]
    return np.einsum("itk,oik->ot", windows, weight) + bias[:, None]


def published(weights, frames):
    """The net of silero-vad 5 as its authors wrote it for torch, in NumPy: one probability per frame."""
    hidden, cell, before, found = np.zeros(128), np.zeros(128), np.zeros(64), []
    for frame in frames:
        x = np.concatenate([before, frame])
        before = frame[-64:]
        x = np.pad(x, (0, 64), mode="reflect")[None]
        x = convolved(x, weights["stft_conv.weight"], np.zeros(258), 128, 0)
        x = np.sqrt(x[:129] ** 2 + x[129:] ** 2)
        for number, stride in ((1, 1), (2, 2), (3, 2), (4, 1)):
            x = convolved(x, weights[f"conv{number}.weight"], weights[f"conv{number}.bias"], stride, 1)
            x = np.maximum(x, 0)
        gates = weights["lstm_cell.weight_ih"] @ x[:, 0] + weights["lstm_cell.bias_ih"]
        gates = gates + weights["lstm_cell.weight_hh"] @ hidden + weights["lstm_cell.bias_hh"]
        into, forget, new, out = np.split(gates, 4)
        sigmoid = lambda v: 1 / (1 + np.exp(-v))  # noqa: E731 -- a formula
        cell = sigmoid(forget) * cell + sigmoid(into) * np.tanh(new)
        hidden = sigmoid(out) * np.tanh(cell)
        final = weights["final_conv.weight"][0, :, 0] @ np.maximum(hidden, 0) + weights["final_conv.bias"][0]
        found.append(sigmoid(final))
    return np.array(found)


def test_converted_weights_compute_what_the_published_net_does(tmp_path):
    import mlx.core as mx

    weights = torch_weights()
    mx.save_safetensors(str(tmp_path / "w.safetensors"), {k: mx.array(v) for k, v in converted(weights).items()})
    frames = noise(1, 0.3)[: 20 * FRAME].reshape(20, FRAME)

    net = Silero(tmp_path / "w.safetensors")
    made = [net.feed(frame) for frame in frames]

    right = published(weights, frames)
    assert np.ptp(right) > 1e-3  # it says something
    np.testing.assert_allclose(made, right, atol=1e-5)
    net.reset()
    assert net.feed(frames[0]) == pytest.approx(made[0])
