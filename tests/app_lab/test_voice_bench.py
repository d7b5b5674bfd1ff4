"""The bench of dictation: its whole report from tiny sizes. Nothing is timed."""

from __future__ import annotations

import json

import pytest

from app.cli import bench_app
from app.cli.main import main
from app.lab.bench.figures import Figure
from app.lab.voice import run
from app.lab.voice.run import Sizes

TINY = Sizes(releases=2, waits=2, sound=6.0, cycles=6)


@pytest.fixture
def tiny(monkeypatch):
    whole = run.bench
    monkeypatch.setattr(run, "bench", lambda progress: whole(progress, TINY))


def test_the_report_has_all_figures_beside_their_goals(qapp, tiny, capsys):
    assert main(["bench", "--part", "voice", "--json"]) == 0

    report = json.loads(capsys.readouterr().out)
    for name in bench_app.VOICE:
        assert {"median", "p95", "worst", "goal", "kept"} <= report[name].keys()
    assert report["release"]["goal"] == 0.12
    assert report["release"]["takes"] == report["wait"]["takes"] == 2
    left = report["cycles"]["left"]  # fewer than before: what earlier tests had left was given back meanwhile
    assert left.keys() == {"threads", "files", "recordings"}
    assert max(left.values()) <= 0
    capture = report["capture"]  # how many are lost depends on the machine; what is said of it must agree
    assert capture["worst"] >= capture["missing_samples"] >= 0
    assert capture["kept"] is (capture["worst"] == 0)
    assert report["machine"]["cpu"]


def test_on_a_terminal_it_is_a_table(qapp, capsys):
    def figure(unit, **details):
        return Figure("What", unit, 0.1, (0.05,), details=tuple(details.items())).to_json()

    machine = {"cpu": "C", "cores": 2, "memory": 8 * 10**9, "os": "OS", "qt": "6", "platform": "offscreen", "load": 0.1}
    from rich.console import Console

    Console(width=140).print(
        bench_app.voice_page(
            {
                "release": figure("s"),
                "wait": figure("s", first=0.5),
                "capture": figure("count"),
                "cycles": figure("count", memory_grown=-5),
                "machine": machine,
                "notes": [],
            }
        )
    )
    said = capsys.readouterr().out
    assert "50 ms" in said
    assert "500 ms, once" in said
