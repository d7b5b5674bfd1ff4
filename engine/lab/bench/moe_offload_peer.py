"""Runs `mlx_vlm.moe_offload` for the exact comparison. A program of its own, for a Python that has mlx-vlm.

Imports nothing of Cadre: that Python need not have it. JSON in on stdin, one JSON object out.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any


def bytes_read() -> int:
    """Bytes this process asked the system for, page cache included (/proc/self/io, rchar)."""
    with open("/proc/self/io", encoding="ascii") as file:  # noqa: PTH123
        return int(file.readline().split()[1])


def main() -> None:
    given = json.loads(sys.stdin.read())
    stored, folder = Path(given["store"]), given["folder"]
    moe_offload: Any = import_module("mlx_vlm.moe_offload")

    if not (stored / "offload_index.json").exists():
        moe_offload.repack(folder, str(stored))
        (stored / "config.json").write_bytes((Path(folder) / "config.json").read_bytes())
    if given.get("only_repack"):
        print(json.dumps({"ok": True}), flush=True)  # noqa: T201
        return
    import mlx.core as mx

    generate_step: Any = import_module("mlx_vlm.generate.ar").generate_step
    load_model: Any = import_module("mlx_vlm.utils").load_model

    model: Any = load_model(stored, expert_cache_gb=given["cache_bytes"] / 1e9)
    store = model.moe_offload_store
    runs = []
    for prompt in given["prompts"]:
        times, read, tokens = [], [], []
        before: dict[str, Any] = {}
        begun = time.perf_counter()
        for token, _ in generate_step(
            mx.array([prompt]), model, None, None, max_tokens=given["max_tokens"], temperature=0.0
        ):
            times.append(time.perf_counter() - begun)
            read.append(bytes_read())
            before = before or dict(store.stats())
            tokens.append(int(token))
        after = store.stats()
        hits, misses = after["hits"] - before["hits"], after["misses"] - before["misses"]
        runs.append(
            {
                "tokens": tokens,
                "token_seconds": times,
                "bytes_per_token": (read[-1] - read[0]) / max(len(read) - 1, 1),
                "hits": hits / max(hits + misses, 1),
            }
        )
    print(json.dumps({"runs": runs, "peak": mx.get_peak_memory(), "pid": os.getpid()}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
