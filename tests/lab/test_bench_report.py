"""From measurements to the report, and what is counted instead of timed."""

from __future__ import annotations

import json
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from engine.errors import KnownError
from engine.lab.bench.decoding import Decoding
from engine.lab.bench.exactly import Exactly, Side
from engine.lab.bench.figures import alternated, first_token_ratio, kept, paired, spread
from engine.lab.bench.first_token import FirstToken
from engine.lab.bench.machine import machine
from engine.lab.bench.primitives import PerLayer, primitives, waits
from engine.lab.bench.promises import Promise
from engine.lab.bench.reading import RawWay, Reading
from engine.lab.bench.report import Measures, assembled
from engine.lab.jobs import run_job

ONE = spread([1.0, 2.0, 3.0])
SIDE = Side(ONE, 10.0, 0.5)


def measures() -> Measures:
    return Measures(
        read=Reading(spread([0.9e9, 1e9]), spread([1e9, 1.1e9]), ONE, RawWay(True, 4), True),
        decode=Decoding(ONE, ONE, ONE, ONE, ONE, 0.5, 2),
        per_layer=PerLayer(33.0, 30, 15, 1.0),
        exact=Exactly({"cold": SIDE, "warm": SIDE}, {}, {}, None, None, "there is none"),
        promises=[Promise("fast", 0.25, 90, 100), Promise("exact", 0.25, 150, 100)],
        first=FirstToken(0.1, 0.2, 0.3, ONE, 0.8, ONE, 4, 1000, 0.5),
    )


def test_the_report_has_the_keys_of_the_contract_and_is_json() -> None:
    report = json.loads(json.dumps(assembled({"name": "m"}, measures(), {"cpu": "c"}, [])))
    assert {"gb_per_s", "raw_gb_per_s", "ratio"} <= report["read"].keys()
    assert {"tokens_per_second", "resident_tokens_per_second", "ratio"} <= report["decode"].keys()
    assert {"tokens_per_second", "peer_tokens_per_second", "ratio", "bytes_per_token"} <= report["exact"].keys()
    assert {"peak", "promised", "ratio"} <= report["memory"].keys()
    assert {"select", "load", "prefill", "total", "bound", "ratio"} <= report["first_token"].keys()
    assert {"primitives", "stock_primitives"} <= report["per_layer"].keys()
    assert report["host_reads_per_token"] == 1.0
    assert "machine" in report


def test_the_promise_that_was_kept_worst_stands_for_all() -> None:
    memory = assembled({}, measures(), {}, [])["memory"]
    assert (memory["peak"], memory["promised"], memory["ratio"]) == (150, 100, 1.5)


def test_no_peer_is_null_with_a_reason() -> None:
    exact = assembled({}, measures(), {}, [])["exact"]
    assert exact["peer_tokens_per_second"] is None
    assert exact["why_no_peer"] == "there is none"


def test_what_could_not_be_measured_is_null() -> None:
    report = assembled({}, Measures(), {}, ["why"])
    assert report["read"] is None
    assert report["notes"] == ["why"]


def test_a_paired_ratio_is_the_median_over_rounds() -> None:
    assert paired([1.0, 20.0, 3.0], [1.0, 10.0, 3.0]).median == 1.0


def test_every_name_has_its_turn_in_every_place() -> None:
    orders = [alternated(number, ("a", "b")) for number in range(4)]
    assert {order[0] for order in orders} == {"a", "b"}
    assert all(sorted(order) == ["a", "b"] for order in orders)


def test_the_bound_of_a_first_token_is_the_slower_of_reading_and_prefill() -> None:
    assert first_token_ratio(2.0, read=1000, rate=1000.0, prefill=0.5) == (1.0, 2.0)
    assert first_token_ratio(2.0, read=1000, rate=1000.0, prefill=4.0) == (4.0, 0.5)


def test_a_promise_is_kept_within_a_tenth_or_300_mb() -> None:
    assert kept(1_200_000_000, 1_000_000_000)
    assert not kept(12_000_000_000, 10_000_000_000)


def test_operations_of_a_known_graph_are_counted() -> None:
    x = mx.ones((4, 4))
    mx.eval(x)
    assert primitives(mx.exp(x) @ x) == 2
    assert primitives(x) == 0


def test_what_two_results_share_is_counted_once() -> None:
    x = mx.ones((4, 4))
    mx.eval(x)
    shared = mx.exp(x)
    assert primitives(mx.sin(shared), mx.cos(shared)) == 3


def test_waits_are_evaluations_and_reads_of_what_was_not_evaluated() -> None:
    a, b = mx.ones(2) + 1, mx.ones(2) + 2
    with waits() as counted:
        mx.eval(a)
        np.array(a)
        np.array(b)
        np.array([1.0])
    assert counted[0] == 2


def test_the_machine_is_named(tmp_path: Path) -> None:
    said = machine(tmp_path / "not" / "there")
    assert said["cores"] >= 1
    assert said["memory"] > 0
    assert said["cpu"]


def test_an_unknown_job_is_refused() -> None:
    with pytest.raises(KnownError):
        run_job("nonsense", {}, lambda *_: None)
