"""What MLX can do on this machine: `python -m engine.lab.machine` prints one JSON object.

A process of its own, so that whoever asks needs no MLX and survives one that is broken. On the main thread.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from engine import blas

_SIDE = 256


@dataclass(frozen=True)
class Machine:
    """openblas: whether MLX multiplies with it. memory_limit: bytes MLX may use before it waits or fails; None
    where it names none. metal: whether MLX finds Metal here; metallib: bytes of the Metal library that lies beside MLX,
    None without one. product_ok: a float32 matrix product and a 4-bit one, on the device, came out right.
    """

    mlx: str
    mlx_lm: str
    device: str
    gpu: bool
    memory_limit: int | None
    openblas: bool
    metal: bool
    metallib: int | None
    product_ok: bool


def machine() -> Machine:
    """Imports MLX; the first thing to do so in its process, or OpenBLAS comes too late."""
    openblas = blas.preload()
    import mlx.core as mx

    info = cast("dict[str, Any]", mx.device_info())
    return Machine(
        mlx=version("mlx"),
        mlx_lm=version("mlx-lm"),
        device=str(info.get("device_name", "unknown")),
        gpu=mx.default_device() == mx.Device(mx.gpu),
        memory_limit=info.get("max_recommended_working_set_size"),
        openblas=openblas,
        metal=mx.metal.is_available(),
        metallib=_metallib(Path(mx.__file__)),
        product_ok=_multiplies(),
    )


def _metallib(core: Path) -> int | None:
    """MLX looks for it beside its own library first (mlx/backend/metal/device.cpp)."""
    library = core.parent / "lib" / "mlx.metallib"
    return library.stat().st_size if library.is_file() else None


def _multiplies() -> bool:
    """The identity from the left changes nothing; ones times ones, packed in 4 bits, sum up to the side."""
    import mlx.core as mx

    values = mx.random.normal((_SIDE, _SIDE), key=mx.random.key(0))
    same = mx.allclose(mx.eye(_SIDE) @ values, values)
    ones = mx.ones((_SIDE, _SIDE))
    packed = mx.quantized_matmul(ones, *mx.quantize(ones, bits=4))
    return bool(same.item()) and bool(mx.allclose(packed, mx.array(float(_SIDE)), rtol=1e-3).item())


if __name__ == "__main__":
    print(json.dumps(asdict(machine())))  # noqa: T201
