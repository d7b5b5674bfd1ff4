"""A fast BLAS for MLX on Linux. Knows nothing of MLX but that it must not be imported yet; any thread.

The Linux wheel of MLX brings the reference BLAS. Debian's OpenBLAS (`libopenblas0`) takes its place when its
symbols are visible to the whole process before MLX is loaded. Measured with MLX 0.32.4 and OpenBLAS 0.3.21 on
two cores of an AMD EPYC, float32, square products, medians:

| | 2048 x 2048 | 512 x 512 |
| --- | --- | --- |
| as the wheel comes | 2260 ms (8 GFLOP/s) | 36 ms |
| `preload()` | 71 ms (241 GFLOP/s), 32 times faster | 1.2 ms |
| `preload()`, OPENBLAS_NUM_THREADS=1 | 144 ms, 16 times faster | 2.3 ms |
| LD_PRELOAD | 72 ms | 1.3 ms |

So loading it from within is as good as LD_PRELOAD and needs no second start of the process. It takes 4 ms
and 0.2 MB, and its own choice of threads, one per core, is the right one. Only float32 products use BLAS:
bfloat16 and quantised ones stay as they are. Results differ from the reference BLAS in the last bits, so
numbers that are compared must come from processes that agree on it.
"""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache

LIBRARY = "libopenblas.so.0"


@cache
def preload() -> bool:
    """Let MLX, imported later in this process, use OpenBLAS. Call it first thing; further calls cost nothing.

    Returns:
        Whether MLX does: false on macOS (Accelerate is better still), without the library, and when MLX was
        imported before.
    """
    if sys.platform != "linux":
        return False
    too_late = "mlx.core" in sys.modules and LIBRARY not in os.environ.get("LD_PRELOAD", "")
    return not too_late and _loads(ctypes.RTLD_GLOBAL)


def environment() -> dict[str, str]:
    """What a program needs in its environment that uses MLX without calling `preload`: a peer we measure."""
    if sys.platform != "linux" or not _loads(ctypes.RTLD_LOCAL):
        return {}
    others = [name for name in os.environ.get("LD_PRELOAD", "").replace(":", " ").split() if name != LIBRARY]
    return {"LD_PRELOAD": ":".join([LIBRARY, *others])}


def _loads(mode: int) -> bool:
    try:
        ctypes.CDLL(LIBRARY, mode)
    except OSError:
        return False
    return True
