"""For developers: rows with one of the engine's constants at several values, which so far are good guesses.

`python -m engine.lab.evaluation.thresholds --model M --constant retake_below --values 0.5,0.6,0.7,0.8 --rows balanced`
prints a line per value, row and residency. What is finished is kept, as by `cadre eval`. Runs on the main thread.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from engine import blas


def constants() -> Mapping[str, tuple[ModuleType, str]]:
    """Where each one lives; names as in the report's settings."""
    from engine.experts import residency
    from engine.generation import decode, reselect

    return {
        "retake_below": (decode, "RETAKE_BELOW"),
        "reselect_below": (reselect, "RESELECT_BELOW"),
        "half_life": (residency, "HALF_LIFE"),
        "prior_tokens": (residency, "PRIOR_TOKENS"),
    }


@contextmanager
def at(name: str, value: float) -> Iterator[None]:
    """The constant has this value inside."""
    module, constant = constants()[name]
    before = getattr(module, constant)
    setattr(module, constant, value)
    try:
        yield
    finally:
        setattr(module, constant, before)


def sweep(name: str, values: list[float], options: Mapping[str, Any]) -> Iterator[tuple[float, dict[str, Any]]]:
    """(value, row) of every row but exact's."""
    from engine.lab.evaluation.run import evaluate

    for value in values:
        with at(name, value):
            report = evaluate(options, lambda *_: None)
        yield from ((value, row) for row in report["rows"][1:])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m engine.lab.evaluation.thresholds", description=__doc__)
    parser.add_argument("--constant", required=True)
    parser.add_argument("--values", required=True, type=lambda text: [float(part) for part in text.split(",")])
    parser.add_argument("--rows", default=["balanced"], type=lambda text: text.split(","))
    parser.add_argument("--residency", default=[0.25, 0.5], type=lambda text: [float(part) for part in text.split(",")])
    parser.add_argument("--model", default="builtin")
    parser.add_argument("--text")
    parser.add_argument("--documents", type=int)
    given = vars(parser.parse_args())
    name, values = given.pop("constant"), given.pop("values")
    for value, row in sweep(name, values, given):
        sys.stdout.write(
            f"{name} {value:<6g} {row['mode']:>8} {row['selector']:<20} {row['residency']:6.1%}  nll {row['nll']:.4f} "
            f"{row['loss']:+.2%}  same {row['agreement']:.1%}  {row['bytes_per_token'] / 1e3:.1f} KB/token  "
            f"again {row['retaken']:.1%}\n"
        )


if __name__ == "__main__":
    blas.preload()
    main()
