"""What may be written behind an option."""

from __future__ import annotations

import argparse

import pytest

from app.cli import options


@pytest.mark.parametrize(
    ("text", "value"),
    [("38", 38), ("1", 1), ("25%", 0.25), ("12.5%", 0.125), ("0.5", 0.5), ("1.0", 1.0), ("100%", 1.0), (".25", 0.25)],
)
def test_a_whole_number_is_a_count_and_the_rest_a_share(text, value):
    parsed = options.experts(text)
    assert (parsed, type(parsed)) == (value, type(value))


@pytest.mark.parametrize("text", ["0", "", "-3", "0%", "101%", "1.5", "nan", "inf%", "many", "25 percent", "1e999"])
def test_what_is_no_number_of_experts(text):
    with pytest.raises(argparse.ArgumentTypeError):
        options.experts(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("6GB", 6_000_000_000),
        ("1.5gb", 1_500_000_000),
        ("500 MB", 500_000_000),
        ("6GiB", 6 * 2**30),
        ("2000000", 2_000_000),
    ],
)
def test_sizes(text, value):
    assert options.size(text) == value


@pytest.mark.parametrize("text", ["6", "six", "6XB", "-6GB", "", "GB", "0GB"])
def test_what_is_no_size(text):
    with pytest.raises(argparse.ArgumentTypeError):
        options.size(text)


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "x", ""])
def test_what_is_no_number_of_tokens(text):
    with pytest.raises(argparse.ArgumentTypeError):
        options.positive(text)


@pytest.mark.parametrize("text", ["-0.1", "nan", "inf", "warm"])
def test_what_is_no_temperature(text):
    with pytest.raises(argparse.ArgumentTypeError):
        options.temperature(text)
