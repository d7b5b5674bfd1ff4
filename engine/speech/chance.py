"""MLX's random numbers for one piece of work that is done in turns with others, as if it ran alone. Engine thread."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any, TypeVar

T = TypeVar("T")
_SEED = 0


def by_itself(steps: Iterator[T]) -> Generator[T, None, None]:
    """The steps, each with the random state that the one before left, the first with a seed that is always the same.

    Between two of them the state is that of whoever asked for the next.
    """
    import mlx.core as mx

    ours = _SEED
    while True:
        theirs = _state()
        mx.random.seed(ours)
        try:
            step = next(steps)
        except StopIteration:
            return
        finally:
            ours = _state()
            mx.random.seed(theirs)
        yield step


def _state() -> int:
    """The seed that would bring MLX to where it is: its key's two halves."""
    import mlx.core as mx

    state: Any = mx.random.state
    high, low = state[0].tolist()
    return int(high) << 32 | int(low)
