"""`cadre eval` as a person and a script run it, on the built-in model with a real engine."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from PySide6.QtGui import QImage
from rich.console import Console

from app.cli import eval as command
from app.cli import picture
from app.cli.eval_page import page
from app.cli.eval_plot import plot
from app.cli.main import main
from engine import logs
from engine import messages as m
from engine.errors import Cancelled

SMALL = ["--documents", "2", "--longest", "40", "--residency", "25%,100%", "--rows", "profile,balanced,missing"]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def _home(home, monkeypatch):
    monkeypatch.setenv("CADRE_HOME", str(home))
    monkeypatch.setenv("CADRE_ENGINE", "thread")
    monkeypatch.setattr(logs, "start", lambda: None)


@pytest.fixture(scope="module")
def report(home):
    """One that was really measured, by way of the command."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CADRE_HOME", str(home))
        patch.setenv("CADRE_ENGINE", "thread")
        return command._report({"model": "builtin", "documents": 2, "longest": 60, "residency": [0.25, 1.0]})


def test_json_is_one_object_and_the_picture_is_drawn(capsys, tmp_path: Path) -> None:
    assert main(["eval", *SMALL, "--json", "--plot", str(tmp_path / "p.svg")]) == 0

    report = json.loads(capsys.readouterr().out)
    assert {"rows", "exact_bytes", "missing", "protocol", "model", "machine", "notes"} == report.keys()
    assert [(row["mode"], row["selector"], row["experts"]) for row in report["rows"]] == [
        ("exact", "", 32),
        ("balanced", "prefill", 8),
        ("balanced", "prefill", 32),
        ("fast", "profile", 8),
        ("fast", "profile", 32),
    ]
    assert ET.parse(tmp_path / "p.svg").getroot().tag.endswith("svg")


def test_the_page_names_every_way_and_fits_into_80_columns(report: dict[str, Any]) -> None:
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(page(report))
    text = console.export_text()
    for name in ("exact", "prefill+reselection", "balanced", "profile", "random", "lru-rationed"):
        assert f"\n {name} " in text or f"\n{name} " in text
    assert "…" not in text
    assert "25 % (8)" in text
    assert "the best resident" in text


def test_the_picture_has_a_line_per_way_in_both_panels(report: dict[str, Any]) -> None:
    root = ET.fromstring(plot(report))
    space = "{http://www.w3.org/2000/svg}"
    lines = root.findall(f".//{space}polyline")
    words = [text.text for text in root.findall(f".//{space}text")]
    assert len(lines) == 2 * 10
    assert {"exact", "balanced", "random", "100%", "MB read per token"} <= set(words)
    places = [tuple(map(float, p.split(","))) for line in lines for p in (line.get("points") or "").split()]
    assert all(0 <= x <= 1080 and 0 <= y <= 460 for x, y in places)


def test_a_picture_of_flat_lines_can_be_drawn(report: dict[str, Any]) -> None:
    """Every way the same, nothing read: no axis may have a length of nothing."""
    flat = [row | {"nll": 1.0, "bytes_per_token": 0.0} for row in report["rows"]]
    exact_bytes = [e | {"bytes_per_token": 0.0} for e in report["exact_bytes"]]
    ET.fromstring(plot(report | {"rows": flat, "exact_bytes": exact_bytes}))


def test_a_png_shows_what_the_svg_holds(report: dict[str, Any], tmp_path: Path) -> None:
    picture.save(tmp_path / "p.png", plot(report))
    image = QImage(str(tmp_path / "p.png"))
    assert (image.width(), image.height()) == (2160, 920)
    colours = {image.pixelColor(x, y).name() for x in range(0, 1700, 3) for y in range(112, 772, 3)}
    assert {"#ffffff", "#9ca3af", "#0a7d32"} <= colours  # paper, the random sets' line, balanced's


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--plot", "p.gif"], "neither SVG nor PNG"),
        (["--plot", "/not/there/p.svg"], "no folder"),
        (["--rows", "nonsense"], "no row nonsense"),
        (["--model", "no/such-model"], "no/such-model"),
        (["--text", "/not/there"], "cannot be read"),
    ],
)
def test_a_known_failure_is_a_sentence(words: list[str], said: str, capsys) -> None:
    assert main(["eval", *words]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err


@pytest.mark.parametrize("words", [["--residency", "0"], ["--residency", "much"], ["--documents", "0"]])
def test_wrong_usage(words: list[str], capsys) -> None:
    assert main(["eval", *words]) == 2


@pytest.mark.parametrize(("parts", "said"), [([{"row": {}}], "goes on from there"), ([], "")])
def test_who_stops_it_learns_that_it_can_go_on(parts: list[Any], said: str, capsys, monkeypatch) -> None:
    def stopped(_job: str, _options: Any, tell: Any) -> Any:
        for part in parts:
            tell(m.Measured("eval", "eval", 1, 2, "", part=part))
        raise Cancelled

    monkeypatch.setattr(command, "measured", stopped)
    assert main(["eval"]) == 130
    assert said in capsys.readouterr().err
