"""How far routing among a superset of the wanted experts drifts from the stock model: `python -m engine.lab.drift`.

In exact arithmetic it does not. Prints, per family, the largest difference of a log-probability after a prompt,
in float32 and in 4-bit weights with bfloat16 activations. Makes tiny random checkpoints; needs no download.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np

from engine.experts.loader import wait_all
from engine.generation.opened import Opened, open_model
from engine.lab.families import FAMILIES as TINY
from engine.lab.tiny import QUANTIZATIONS, make_checkpoint
from engine.routing.exact import Exact
from engine.routing.families import SUPPORTED

PROMPT = tuple(b"Sea")  # so short that it cannot want every expert
KINDS: dict[str, dict[str, Any]] = {
    "float32": {},
    "4-bit, bfloat16": {"quantization": QUANTIZATIONS["affine4"], "dtype": "bfloat16"},
}


def drift(family: str, kind: str) -> float:
    """Largest |difference| of a log-probability between a superset's answer and the exact one."""
    with tempfile.TemporaryDirectory() as folder:
        opened = open_model(make_checkpoint(Path(folder) / "m", family, **KINDS[kind]), lambda _done, _of: None)
        opened.resize(opened.layout.experts)
        way = Exact(opened.residency, opened.layout.experts, lambda: None, lambda batch: batch.wait())
        exact = _logprobs(opened, way)
        wanted = [np.flatnonzero(way.wishes[block.index] > 0).tolist() for block in opened.blocks]
        _install(opened, wanted)
        assert opened.resident is not None
        found = _logprobs(opened, opened.resident)
        opened.close()
    return float(np.abs(found - exact).max())


def _install(opened: Opened, wanted: Sequence[list[int]]) -> None:
    """The wanted experts, and with groups as many more as make the groups equal."""
    groups, size = opened.router_shape.groups, opened.layout.experts // opened.router_shape.groups
    for layer, ids in enumerate(wanted):
        each = max(2, *(sum(e // size == g for e in ids) for g in range(groups))) if groups > 1 else len(ids)
        chosen = ids
        if groups > 1:
            chosen = []
            for g in range(groups):
                mine = [e for e in ids if e // size == g]
                chosen += (mine + [e for e in range(g * size, (g + 1) * size) if e not in mine])[:each]
        wait_all([opened.residency.fetch(layer, chosen)], lambda batch: batch.wait())
        opened.residency.keep_only(layer, chosen)
    assert opened.resident is not None
    opened.resident.refresh_all()


def _logprobs(opened: Opened, way: Any) -> np.ndarray:
    with opened.through(way):
        logits = opened.model(mx.array(PROMPT)[None])[0, -1].astype(mx.float32)
        found = np.array(logits - mx.logsumexp(logits))
    if isinstance(way, Exact):
        way.finish()
    return found


def main() -> None:
    families = [name for name in TINY if name.split("+")[0] in SUPPORTED]
    for family in families:
        sys.stdout.write(f"{family:24}" + "".join(f"  {kind}: {drift(family, kind):.1e}" for kind in KINDS) + "\n")


if __name__ == "__main__":
    from engine import blas

    blas.preload()
    main()
