"""Takes a forward back on every cache type of mlx-lm, past sliding windows too. Engine thread only.

Make a mark before the forward, call it to undo the forward; marks of several forwards are called last first.
Costs nothing on plain caches (an offset), one row per layer on a rotating cache that is full, references on
recurrent states. An unknown cache type is kept whole, which is right and costs a copy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mlx.core as mx
from mlx_lm.models import cache as stock

Undo = Callable[[], None]

_BY_OFFSET = (stock.KVCache, stock.QuantizedKVCache)


def mark(caches: Sequence[Any], tokens: int) -> Undo:
    """What to call to bring the caches back to now, after a forward of `tokens` tokens."""
    rows: list[mx.array] = []
    undos = [_mark(cache, tokens, rows) for cache in caches]
    if rows:
        mx.async_eval(rows)  # before the forward writes: a pending copy would make it copy the whole window

    return _all(undos)


def snapshot(caches: Sequence[Any]) -> Undo:
    """A mark that stays good whatever happens later, for a place to come back to in another turn."""
    return _all([_by_offset(cache) if isinstance(cache, _BY_OFFSET) else _whole(cache) for cache in _flat(caches)])


def _all(undos: Sequence[Undo]) -> Undo:
    def undo() -> None:
        for one in undos:
            one()

    return undo


def _flat(caches: Sequence[Any]) -> list[Any]:
    """Cache lists opened up."""
    flat: list[Any] = []
    for cache in caches:
        flat += _flat(cache.caches) if isinstance(cache, stock.CacheList) else [cache]
    return flat


def _mark(cache: Any, tokens: int, rows: list[mx.array]) -> Undo:
    if isinstance(cache, stock.CacheList):
        return _all([_mark(one, tokens, rows) for one in cache.caches])
    if isinstance(cache, _BY_OFFSET):
        return _by_offset(cache)
    if isinstance(cache, stock.RotatingKVCache):
        return _rotating(cache, tokens, rows)
    if isinstance(cache, stock.ChunkedKVCache):
        return _attributes(cache, ("keys", "values", "offset", "start_position"))
    return _whole(cache)


def _by_offset(cache: Any) -> Undo:
    """Rows past the offset are never read, so the offset is the whole state."""
    offset = cache.offset

    def undo() -> None:
        cache.offset = offset

    return undo


def _attributes(cache: Any, names: Sequence[str]) -> Undo:
    """For caches that write in place only past their offset and otherwise replace their arrays."""
    values = [getattr(cache, name) for name in names]

    def undo() -> None:
        for name, value in zip(names, values, strict=True):
            setattr(cache, name, value)

    return undo


def _rotating(cache: Any, tokens: int, rows: list[mx.array]) -> Undo:
    """One token past the window overwrites the oldest row in place; longer updates replace the arrays."""
    undo_attributes = _attributes(cache, ("keys", "values", "offset", "_idx"))
    full = cache.keys is not None and cache.offset >= cache.max_size and cache.keys.shape[2] <= cache.max_size
    if tokens != 1 or not full:
        return undo_attributes
    at = cache.keep if cache._idx == cache.max_size else cache._idx
    key, value = (mx.contiguous(a[..., at : at + 1, :]) for a in (cache.keys, cache.values))
    rows += [key, value]

    def undo() -> None:
        undo_attributes()
        cache.keys[..., at : at + 1, :] = key
        cache.values[..., at : at + 1, :] = value

    return undo


def _whole(cache: Any) -> Undo:
    state = _kept(vars(cache))

    def undo() -> None:
        vars(cache).update(_kept(state))

    return undo


def _kept(value: Any) -> Any:
    """A copy whose arrays cannot be written through: writing in place gives the written array new memory."""
    if isinstance(value, mx.array):
        return mx.stop_gradient(value)
    if isinstance(value, dict):
        return {k: _kept(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_kept(v) for v in value)
    return value
