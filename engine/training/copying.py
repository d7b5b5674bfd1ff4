"""Two heads that are told where to look and what to write, so that copying begins at once: what an induction head does.

To say a name again, a model needs a head that looks one token back, and a later one that looks behind earlier places
of the present token (Olsson et al., In-context Learning and Induction Heads, arXiv 2209.11895). Left alone, the pair
forms after more tokens than a small run has. Pure functions of arrays; no model, no data.
"""

from __future__ import annotations

import mlx.core as mx

_LEAST = 1e-6


def one_back(weights: mx.array, valid: mx.array) -> mx.array:
    """Nats by which a head does not look at the token before; weights [B, T, T], valid [B, T]."""
    looked = mx.diagonal(weights, -1, 1, 2)  # [B, T - 1]
    seen = valid[:, 1:]
    return -(mx.log(looked + _LEAST) * seen).sum() / seen.sum()


def behind_the_same(weights: mx.array, tokens: mx.array, valid: mx.array) -> mx.array:
    """Nats by which a head does not look behind earlier occurrences of the present token; tokens [B, T].

    Without any it should look at the very first token, which has nothing to say, so that the others may believe it.
    """
    same = _behind(tokens)
    first = mx.arange(tokens.shape[1]) == 0
    same = same | (~same.any(axis=-1, keepdims=True) & first)
    looked = (weights * same).sum(axis=-1)
    return -(mx.log(looked + _LEAST) * valid).sum() / valid.sum()


def said_again(nats: mx.array, tokens: mx.array, following: mx.array, valid: mx.array) -> mx.array:
    """Mean of nats [B, T] where what follows the present token, [B, T], followed an earlier occurrence, too."""
    as_before = (_behind(tokens) & (tokens[:, None, :] == following[:, :, None])).any(axis=-1) & (valid > 0)
    return (nats * as_before).sum() / mx.maximum(as_before.sum(), 1)


def _behind(tokens: mx.array) -> mx.array:
    """Bool [B, T, T]: is the token before position s that at position t, and s not beyond t?"""
    before = mx.pad(tokens[:, :-1], [(0, 0), (1, 0)], constant_values=-1)
    at = mx.arange(tokens.shape[1])
    return (before[:, None, :] == tokens[:, :, None]) & (at[None, None, :] <= at[None, :, None])
