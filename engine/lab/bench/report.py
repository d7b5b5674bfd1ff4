"""The figures as one JSON object: the keys of `cadre bench --json`, spreads and circumstances beside them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.lab.bench.figures import Spread

if TYPE_CHECKING:
    from engine.lab.bench.decoding import Decoding
    from engine.lab.bench.exactly import Exactly, Side
    from engine.lab.bench.first_token import FirstToken
    from engine.lab.bench.primitives import PerLayer
    from engine.lab.bench.promises import Promise
    from engine.lab.bench.reading import Reading

Json = dict[str, Any]


@dataclass(frozen=True)
class Measures:
    """None: it could not be measured here."""

    read: Reading | None = None
    decode: Decoding | None = None
    per_layer: PerLayer | None = None
    exact: Exactly | None = None
    promises: Sequence[Promise] | None = None
    first: FirstToken | None = None


def assembled(model: Json, measures: Measures, machine: Json, notes: Sequence[str]) -> Json:
    m = measures
    return {
        "read": _read(m.read) if m.read else None,
        "decode": _decode(m.decode) if m.decode else None,
        "exact": _exact(m.exact) if m.exact else None,
        "memory": _memory(m.promises) if m.promises else None,
        "first_token": _first_token(m.first) if m.first else None,
        "per_layer": _per_layer(m.per_layer) if m.per_layer else None,
        "host_reads_per_token": m.per_layer.host_reads_per_token if m.per_layer else None,
        "model": model,
        "machine": machine,
        "notes": list(notes),
    }


def _read(r: Reading) -> Json:
    return {
        "gb_per_s": r.ours.median / 1e9,
        "raw_gb_per_s": r.raw.median / 1e9,
        "ratio": r.ratio.median,
        "raw_way": r.way.name,
        "cold": r.cold,
        "spread": {"gb_per_s": _scaled(r.ours), "raw_gb_per_s": _scaled(r.raw), "ratio": r.ratio.to_json()},
    }


def _scaled(rate: Spread) -> Json:
    """Bytes per second in GB per second."""
    return Spread(rate.median / 1e9, rate.low / 1e9, rate.high / 1e9, rate.rounds).to_json()


def _decode(d: Decoding) -> Json:
    return {
        "tokens_per_second": d.ours.median,
        "resident_tokens_per_second": d.peer.median,
        "ratio": d.ratio.median,
        "reselecting": {
            "tokens_per_second": d.reselecting.to_json(),
            "ratio": d.reselecting_ratio.to_json(),
            "coverage": d.coverage,
            "reselections": d.reselections,
        },
        "spread": {
            "tokens_per_second": d.ours.to_json(),
            "resident_tokens_per_second": d.peer.to_json(),
            "ratio": d.ratio.to_json(),
        },
    }


def _exact(e: Exactly) -> Json:
    """The warm figures stand for the whole; both stand below them."""
    cold_and_warm = {
        temperature: {
            "ours": _side(e.ours[temperature]),
            "peer": _side(e.peer[temperature]) if e.peer else None,
            "ratio": e.ratio[temperature].to_json() if e.ratio else None,
        }
        for temperature in e.ours
    }
    return {
        "tokens_per_second": e.ours["warm"].tokens_per_second.median,
        "peer_tokens_per_second": e.peer["warm"].tokens_per_second.median if e.peer else None,
        "ratio": e.ratio["warm"].median if e.ratio else None,
        "bytes_per_token": e.ours["warm"].bytes_per_token,
        "peer_bytes_per_token": e.peer["warm"].bytes_per_token if e.peer else None,
        "same_tokens": e.same_tokens,
        "limit": e.limit,
        "why_no_peer": e.why_no_peer or None,
        **cold_and_warm,
    }


def _side(side: Side) -> Json:
    return {
        "tokens_per_second": side.tokens_per_second.to_json(),
        "bytes_per_token": side.bytes_per_token,
        "hits": side.hits,
    }


def _memory(promises: Sequence[Promise]) -> Json:
    """The budget whose peak is furthest from its promise stands for all."""
    worst = max(promises, key=lambda p: p.error)
    return {
        "peak": worst.peak,
        "promised": worst.promised,
        "ratio": worst.peak / worst.promised,
        "within": all(p.within for p in promises),
        "budgets": [
            {"mode": p.mode, "experts": p.experts, "peak": p.peak, "promised": p.promised, "within": p.within}
            for p in promises
        ],
    }


def _first_token(f: FirstToken) -> Json:
    return {
        "select": f.select,
        "load": f.load,
        "prefill": f.prefill,
        "total": f.total.median,
        "bound": f.bound,
        "ratio": f.ratio.median,
        "prompt_tokens": f.prompt_tokens,
        "bytes_read": f.bytes_read,
        "resident_prefill": f.resident_prefill,
        "spread": {"total": f.total.to_json(), "ratio": f.ratio.to_json()},
    }


def _per_layer(p: PerLayer) -> Json:
    return {
        "primitives": p.primitives,
        "stock_primitives": p.stock_primitives,
        "ratio": p.primitives / p.stock_primitives,
        "once_per_token": p.once_per_token,
    }
