"""Exact decoding beside `mlx_vlm.moe_offload`, which serves every token the experts it wants from disk too.

Both get the bytes of the same number of experts, the same tokens, and one memory limit that counts the page cache.
Cold is the first request of a fresh process with the page cache dropped; warm is the next, with another prompt.
The peer needs a copy of the checkpoint in its own layout; making it is not timed.
"""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from engine import blas
from engine.budget.points import slots_for
from engine.checkpoint.folder import Checkpoint
from engine.checkpoint.layout import layout
from engine.errors import KnownError
from engine.generation.text import encode, open_tokenizer
from engine.lab.bench import limits, pages
from engine.lab.bench.asking import Asked, ask_in_child, rate, run_child
from engine.lab.bench.figures import Spread, alternated, paired, spread
from engine.lab.bench.reading import Step
from engine.messages import Turn

SHARE = 0.25
TOKENS, ROUNDS = 24, 3
OVERHEAD = 400_000_000
"""Bytes of the limit beyond dense weights and experts: Python, MLX, and some page cache for who uses it."""
PROMPTS = (
    "Write a short story about a lighthouse keeper who finds a letter in a bottle.",
    "Explain in plain words why the tide comes twice a day, with an example.",
)
"""Different continuations: what was read for the first does not serve the second."""
PEER = Path(__file__).with_name("moe_offload_peer.py")


@dataclass(frozen=True)
class Side:
    """One program's figures, cold or warm. hits: share of wanted experts that were in memory."""

    tokens_per_second: Spread
    bytes_per_token: float
    hits: float


@dataclass(frozen=True)
class Exactly:
    """By temperature, cold and warm. peer is empty, and why says so, when there is none. limit: None without one."""

    ours: dict[str, Side]
    peer: dict[str, Side]
    ratio: dict[str, Spread]
    same_tokens: bool | None
    limit: int | None
    why_no_peer: str


def measure(folder: Path, peer_python: Path | None, step: Step) -> Exactly:
    checkpoint = Checkpoint.open(folder)
    plan = layout(checkpoint)
    resident = max(int(SHARE * plan.experts), 1)
    cache = slots_for(resident, plan.experts) * plan.slot_bytes
    why = "" if peer_python else "No Python with mlx-vlm was given (--peer-python)."
    store = folder.parent / f"{folder.name}-moe-offload"
    if peer_python is not None:
        step("the peer's copy of the checkpoint")
        why = _repack(peer_python, folder, store)
    prompts = _prompts(folder, checkpoint)
    runs: dict[str, list[list[Any]]] = defaultdict(list)
    used = None
    names = ("ours", "peer") if not why else ("ours",)
    try:
        for number in range(ROUNDS):
            for name in alternated(number, names):
                step(f"exact, {'ours' if name == 'ours' else 'mlx_vlm.moe_offload'}")
                with limits.limited(plan.dense_bytes + cache + OVERHEAD) as group:
                    used = plan.dense_bytes + cache + OVERHEAD if group else None
                    if name == "ours":
                        pages.drop_folder(folder)
                        runs[name].append(_ours(folder, resident, group))
                    else:
                        assert peer_python is not None
                        pages.drop_folder(store)
                        runs[name].append(_peer(peer_python, folder, store, cache, prompts, group))
    finally:
        shutil.rmtree(store, ignore_errors=True)
    return _assembled(runs, used, why)


def _assembled(runs: dict[str, list[list[Any]]], limit: int | None, why: str) -> Exactly:
    ours = {temperature: _side(runs["ours"], i) for i, temperature in enumerate(("cold", "warm"))}
    if why:
        return Exactly(ours, {}, {}, None, limit, why)
    peer = {temperature: _side(runs["peer"], i) for i, temperature in enumerate(("cold", "warm"))}
    ratio = {
        temperature: paired([r[i]["rate"] for r in runs["ours"]], [r[i]["rate"] for r in runs["peer"]])
        for i, temperature in enumerate(("cold", "warm"))
    }
    same = all(a["text"] == b["text"] for a, b in zip(runs["ours"][0], runs["peer"][0], strict=True))
    return Exactly(ours, peer, ratio, same, limit, why)


def _side(rounds: Sequence[Sequence[dict[str, Any]]], index: int) -> Side:
    each = [run[index] for run in rounds]
    return Side(
        spread([one["rate"] for one in each]),
        median(one["bytes"] for one in each),
        median(one["hits"] for one in each),
    )


def _ours(folder: Path, resident: int, group: Path | None) -> list[dict[str, Any]]:
    common = {"mode": "exact", "experts": resident, "max_tokens": TOKENS}
    asked, _ = ask_in_child(folder, [{**common, "prompt": p} for p in PROMPTS], group)
    return [_figures(one) for one in asked]


def _figures(asked: Asked) -> dict[str, Any]:
    return {
        "rate": asked.tokens_per_second,
        "bytes": asked.bytes_per_token,
        "hits": asked.hits,
        "text": asked.text.strip(),
    }


def _prompts(folder: Path, checkpoint: Checkpoint) -> list[list[int]]:
    tokenizer = open_tokenizer(folder, checkpoint.config.get("eos_token_id"))
    return [encode(tokenizer, (Turn("user", text),)) for text in PROMPTS]


def _repack(python: Path, folder: Path, store: Path) -> str:
    """Why the peer cannot run; empty when it can."""
    try:
        _run_peer(python, {"folder": str(folder), "store": str(store), "only_repack": True}, None)
    except (KnownError, OSError) as error:
        shutil.rmtree(store, ignore_errors=True)
        return f"mlx_vlm.moe_offload did not run: {error}"
    return ""


def _peer(
    python: Path, folder: Path, store: Path, cache: int, prompts: list[list[int]], group: Path | None
) -> list[dict[str, Any]]:
    tokenizer = open_tokenizer(folder, Checkpoint.open(folder).config.get("eos_token_id"))
    given = {
        "folder": str(folder),
        "store": str(store),
        "cache_bytes": cache,
        "prompts": prompts,
        "max_tokens": TOKENS,
    }
    return [
        {
            "rate": rate(one["token_seconds"]),
            "bytes": one["bytes_per_token"],
            "hits": one["hits"],
            "text": _text(tokenizer, one["tokens"]),
        }
        for one in _run_peer(python, given, group)["runs"]
    ]


def _text(tokenizer: Any, tokens: Sequence[int]) -> str:
    ends = set(tokenizer.eos_token_ids)
    kept = list(tokens[: next((i for i, t in enumerate(tokens) if t in ends), len(tokens))])
    return str(tokenizer.decode(kept)).strip()


def _run_peer(python: Path, given: dict[str, Any], group: Path | None) -> dict[str, Any]:
    return run_child([str(python), str(PEER)], json.dumps(given), group, blas.environment())
