"""What may be written behind an option, as argparse types that raise with words for the usage line; shared options."""

from __future__ import annotations

import argparse
import math
import re

from engine import messages as m
from engine.models.folders import BUILTIN

_UNITS = {"": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_SIZE = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*([a-z]*)", re.IGNORECASE | re.ASCII)


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """What an answer depends on beside the words."""
    parser.add_argument(
        "--model", default=BUILTIN, metavar="M", help="a folder, an installed name, or builtin (the default)"
    )
    parser.add_argument(
        "--mode",
        default=m.Mode.AUTO,
        type=str,
        choices=[str(mode) for mode in m.Mode],
        help="fast: the experts in memory only; balanced: also again what missed too much; exact: every expert wanted",
    )
    parser.add_argument(
        "--budget", default="auto", choices=["auto", "1b", "2b", "3b", "4b"], help="how much of the model to use"
    )
    parser.add_argument(
        "--experts",
        type=experts,
        metavar="C",
        help="experts in memory per layer: a count (38) or a share (25%% or 0.25); beats --budget",
    )
    parser.add_argument("--memory", type=size, metavar="SIZE", help="the most memory to hold, like 6GB")
    parser.add_argument("--max-tokens", type=positive, default=512, metavar="N", help="default: %(default)s")
    parser.add_argument(
        "--temperature", type=temperature, default=0.0, metavar="T", help="0 always takes the likeliest word"
    )
    parser.add_argument("--seed", type=not_negative, default=0, metavar="S", help="repeats a sampled answer")
    parser.add_argument("--stop", action="append", default=[], metavar="TEXT", help="end before this text; repeatable")
    parser.add_argument("--profile", metavar="FILE", help="a stored choice of experts")
    parser.add_argument(
        "--reselect-every",
        type=not_negative,
        default=0,
        metavar="N",
        help="pick experts again every N tokens (default: when they serve badly)",
    )


def experts(text: str) -> int | float:
    """A whole number is a count; with % or a point, a share above 0 and at most 1."""
    number = text.strip()
    if re.fullmatch(r"\d{1,9}", number, re.ASCII):
        if int(number) == 0:
            raise argparse.ArgumentTypeError("0 experts cannot answer; a whole number is a count of at least 1")
        return int(number)
    share = _number(number.removesuffix("%"), text, "a count such as 38, or a share such as 25% or 0.25")
    share = share / 100 if number.endswith("%") else share
    if not 0 < share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share: one lies above 0 and at most at 100% or 1.0")
    return share


def size(text: str) -> int:
    """Bytes: 6GB and 500MB count in thousands, 6GiB in 1024s. A bare number is bytes."""
    match = _SIZE.fullmatch(text.strip())
    unit = _UNITS.get(match[2].lower()) if match else None
    if match is None or unit is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no size: write it like 6GB, 500MB or 6GiB")
    count = int(float(match[1]) * unit)
    if count < 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is under 1 MB: write the unit, like 6GB")
    return count


def positive(text: str) -> int:
    return _whole(text, 1)


def not_negative(text: str) -> int:
    return _whole(text, 0)


def temperature(text: str) -> float:
    value = _number(text, text, "a temperature such as 0.7; 0 always takes the likeliest word")
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is no temperature: one lies between 0 and 100")
    return value


def _whole(text: str, least: int) -> int:
    if not re.fullmatch(r"\d{1,9}", text.strip(), re.ASCII) or int(text) < least:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} on")
    return int(text)


def _number(digits: str, text: str, wanted: str) -> float:
    try:
        value = float(digits)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not {wanted}")
    return value
