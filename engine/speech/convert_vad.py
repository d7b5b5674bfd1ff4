"""`python -m engine.speech.convert_vad FROM TO`: Silero VAD's weights from torch's layout to mlx-audio's. No thread.

Convolution kernels: [out, in, taps] becomes [out, taps, in]. The recurrent cell: `weight_ih/hh` become `Wx` and
`Wh` as they are (both order the gates input, forget, cell, output), and the two biases, which are only ever added, one.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.speech.voice_activity import PREFIX

Weights = dict[str, npt.NDArray[np.float32]]


def converted(torch: Mapping[str, npt.NDArray[np.float32]]) -> Weights:
    """Raises KeyError when a part of the cell is missing."""
    kept = {name: value for name, value in torch.items() if not name.startswith("lstm_cell.")}
    result = {name: value.transpose(0, 2, 1) if value.ndim == 3 else value for name, value in kept.items()}
    result["lstm.Wx"] = torch["lstm_cell.weight_ih"]
    result["lstm.Wh"] = torch["lstm_cell.weight_hh"]
    result["lstm.bias"] = torch["lstm_cell.bias_ih"] + torch["lstm_cell.bias_hh"]
    return {PREFIX + name: np.ascontiguousarray(value, np.float32) for name, value in result.items()}


def main(source: str, target: str) -> None:
    import mlx.core as mx

    found: Any = mx.load(source)
    weights = converted({name: np.array(value) for name, value in found.items()})
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    mx.save_safetensors(target, {name: mx.array(value) for name, value in weights.items()}, {"format": "mlx"})


if __name__ == "__main__":
    main(*sys.argv[1:])
