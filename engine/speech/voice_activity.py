"""How likely each 32 ms of sound is speech: Silero VAD, as mlx-audio computes it, one piece after the other.

The weights come with Cadre (resources/voice_activity). Engine thread: owns MLX arrays. Decides nothing; gate.py does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np

from engine.errors import KnownError
from engine.models import places
from engine.speech.sound import Samples

FRAME = 512
"""Samples that one probability is about."""
_CONTEXT = 64
"""Samples before it that the net sees again."""
PREFIX = "vad_16k."
"""What mlx-audio calls the branch for 16 kHz; the weights of the one for 8 kHz are not shipped."""


class VoiceActivity(Protocol):
    def feed(self, frame: Samples) -> float:
        """[FRAME] samples, following those of the call before; 0 to 1."""

    def reset(self) -> None:
        """What comes next follows nothing."""


class Silero:
    """net: one that is loaded already; nothing of a sound stays in it.

    Raises:
        KnownError: the weights are missing or not its own.
    """

    def __init__(self, weights: Path | None = None, net: Any = None) -> None:
        self._net = net or load(weights or places.resources() / "voice_activity" / "weights.safetensors")
        self.reset()

    def another(self) -> Silero:
        """For another sound, without loading anything."""
        return Silero(net=self._net)

    def reset(self) -> None:
        self._state: Any = None
        self._before: Samples = np.zeros(_CONTEXT, np.float32)

    def feed(self, frame: Samples) -> float:
        import mlx.core as mx

        window = np.concatenate([self._before, frame])
        probability, self._state = self._net(mx.array(window)[None], self._state)
        mx.eval(self._state)
        self._before = frame[-_CONTEXT:]
        return float(probability.item())


def load(weights: Path) -> Any:
    """mlx-audio's net for 16 kHz with these weights, every one of them and no other."""
    import mlx.core as mx
    from mlx_audio.vad.models.silero_vad.config import BranchConfig
    from mlx_audio.vad.models.silero_vad.silero_vad import SileroVADBranch

    net = SileroVADBranch(BranchConfig())
    try:
        found: Any = mx.load(str(weights))
        net.load_weights([(name.removeprefix(PREFIX), value) for name, value in found.items()])
    except (RuntimeError, ValueError) as error:
        raise KnownError(
            "The weights that tell speech from noise are missing or damaged.", "Install Cadre anew."
        ) from error
    mx.eval(net.parameters())
    return net
