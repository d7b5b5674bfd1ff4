"""What `cadre doctor` says, of this machine and of worse ones."""

from __future__ import annotations

import argparse
import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli import doctor
from app.cli.budgets import budgets
from app.cli.finding import State
from engine.budget import footprint
from engine.budget.presets import load, own_file
from engine.budget.pressure import Thermal
from engine.checkpoint.inspect import Report, inspect
from engine.lab import disk_speed
from engine.messages import Pressure
from engine.models import places
from engine.models.catalogue import InstalledModel
from engine.models.folders import Source
from tests.simulated import Machine

MAC = {
    "mlx": "0.32.4",
    "mlx_lm": "0.32.2",
    "device": "Apple M2",
    "gpu": True,
    "memory_limit": 11_400_000_000,
    "openblas": False,
    "metal": True,
    "metallib": 146_876_416,
    "product_ok": True,
}
LINUX = {**MAC, "device": "AMD EPYC", "gpu": False, "memory_limit": None, "metal": False, "metallib": None}


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    """An empty home: the machine's own models are not looked at. The disk is hardly bothered."""
    monkeypatch.setattr(disk_speed, "MOST", 1)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CADRE_HOME", str(tmp_path / "cadre"))
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)


def found(name: str, problem: str | None = None, source: Source = Source.CADRE) -> InstalledModel:
    return InstalledModel(name, Path(name), 1, source, "qwen3_moe", problem)


BUILTIN = found("builtin", source=Source.BUILTIN)


def states(machine: dict[str, object] | str) -> dict[str, State]:
    return {finding.what: finding.state for finding in doctor.about_mlx(machine)}


def test_this_machine_as_json(capsys):
    assert doctor.run(argparse.Namespace(json=True, model="builtin")) == 0

    report = json.loads(capsys.readouterr().out)
    by_name = {finding["what"]: finding for finding in report["findings"]}
    assert report["ready"]
    assert by_name["MLX"]["state"] == "good"
    assert by_name["Models"]["found"] == "none but the built-in demonstration"
    assert {
        "Python",
        "GPU",
        "Memory",
        "Memory pressure",
        "Heat",
        "Low-power mode",
        "Disk",
        "Disk speed",
        "Folder",
        "Presets",
        "Budgets",
    } <= by_name.keys()
    assert [line["tier"] for line in report["budgets"]["lines"]] == ["1b", "2b", "3b", "4b"]
    assert report["budgets"]["limit"] > 0


def test_this_machine_for_people(capsys, monkeypatch):
    monkeypatch.setattr(doctor, "ask_mlx", lambda: MAC)
    parser = argparse.ArgumentParser()
    doctor.add_parser(parser.add_subparsers())
    args = parser.parse_args(["doctor"])

    assert args.run(args) == 0

    told = capsys.readouterr().out
    assert "Apple M2, 11.4 GB for models" in told
    assert "Budgets of builtin" in told
    assert "4b              16 of 32" in told


def test_a_mac_needs_no_openblas(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert states(MAC) == {"MLX": State.GOOD, "GPU": State.GOOD, "Metal": State.GOOD}


@pytest.mark.parametrize(
    ("changed", "state", "remedy"),
    [({"metallib": None}, State.MISSING, "install it anew"), ({"metal": False}, State.WORSE, "Apple silicon")],
)
def test_a_mac_whose_metal_does_not_work(monkeypatch, changed, state, remedy):
    monkeypatch.setattr(sys, "platform", "darwin")
    metal = next(found for found in doctor.about_mlx({**MAC, **changed}) if found.what == "Metal")

    assert metal.state == state
    assert remedy in str(metal.remedy)


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("This library is using language version 4.0 which is not supported on this OS.", "newer macOS"),
        ("Failed to load the default metallib. library not found", "disk image"),
        ("ImportError: no libmlx", "make run"),
    ],
)
def test_what_mlx_says_when_it_does_not_start_has_a_remedy(said, remedy):
    assert remedy in doctor.remedy_of(said)


def test_linux_without_openblas_is_slow(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    assert states(LINUX) == {"MLX": State.GOOD, "GPU": State.WORSE, "OpenBLAS": State.WORSE}
    assert states({**LINUX, "openblas": True})["OpenBLAS"] == State.GOOD


def test_wrong_products():
    assert states({**MAC, "product_ok": False})["MLX"] == State.MISSING


@pytest.mark.parametrize(
    ("stderr", "code", "said"),
    [("Traceback\n  File\nImportError: no libmlx\n", 1, "ImportError: no libmlx"), ("", -6, "code -6")],
)
def test_an_mlx_that_does_not_start(monkeypatch, stderr, code, said):
    ended = subprocess.CompletedProcess([], code, stdout="", stderr=stderr)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: ended)

    answer = doctor.ask_mlx()
    (finding,) = doctor.about_mlx(answer)

    assert finding.state == State.MISSING
    assert said in finding.found


def test_an_mlx_that_hangs(monkeypatch):
    def hang(command, **_):
        raise subprocess.TimeoutExpired(command, 120)

    monkeypatch.setattr(subprocess, "run", hang)
    assert "timed out" in str(doctor.ask_mlx())


def test_little_memory_has_a_remedy():
    assert doctor.about_memory(8_000_000_000, 3_000_000_000).remedy
    assert doctor.about_memory(16_000_000_000, 10_000_000_000).remedy is None


@pytest.mark.parametrize(("free", "state"), [(10_000_000_000, State.WORSE), (100_000_000_000, State.GOOD)])
def test_disk_is_looked_at_where_the_folder_will_be(tmp_path, monkeypatch, free, state):
    asked = []

    def usage(folder):
        asked.append(folder)
        return argparse.Namespace(free=free)

    monkeypatch.setattr("shutil.disk_usage", usage)

    assert doctor.about_disk(tmp_path / "not" / "yet").state == state
    assert asked == [tmp_path]


@pytest.mark.parametrize(
    ("models", "state", "words"),
    [
        ([], State.WORSE, "none"),
        ([BUILTIN], State.WORSE, "none but the built-in demonstration"),
        ([BUILTIN, found("a")], State.GOOD, "1"),
        ([found("a", "Broken.")], State.WORSE, "none, 1 broken"),
        ([found("a"), found("b", "Broken.")], State.WORSE, "1, 1 more with a problem"),
    ],
)
def test_models(models, state, words):
    finding = doctor.about_models(models)
    assert (finding.state, finding.found) == (state, words)


def strain(machine: Machine) -> dict[str, tuple[State, str]]:
    return {f.what: (f.state, f.found) for f in doctor.about_strain(machine.sensors())}


def test_a_machine_at_ease():
    assert strain(Machine()) == {
        "Memory pressure": (State.GOOD, "normal (a test)"),
        "Heat": (State.GOOD, "nominal (a test)"),
        "Low-power mode": (State.GOOD, "off (a test)"),
    }


def test_a_machine_under_strain():
    machine = Machine(lambda: Pressure.CRITICAL, heat=Thermal.SERIOUS, saving=True)
    assert strain(machine) == {
        "Memory pressure": (State.WORSE, "critical (a test)"),
        "Heat": (State.WORSE, "serious (a test)"),
        "Low-power mode": (State.WORSE, "on (a test)"),
    }
    assert all(finding.remedy for finding in doctor.about_strain(machine.sensors()))


def test_what_nothing_tells_is_not_called_a_finding():
    silent = Machine(source="")
    assert strain(silent)["Heat"] == (State.GOOD, "nothing tells it here; taken for none")


# --- budgets ----------------------------------------------------------------------------------------------


def report_with(limit: int) -> Report:
    return inspect(places.builtin(), limit=limit)


def test_a_tier_that_does_not_fit_gets_what_does():
    """The built-in model holds 4, 8, 12 and 16 of 32 experts at 1b to 4b."""
    whole = report_with(1 << 40)
    memory = {point.experts: point.memory for point in whole.points}

    lines = budgets(report_with(memory[8])).lines

    assert [(line.tier, line.experts, line.granted) for line in lines] == [
        ("1b", 4, 4),
        ("2b", 8, 8),
        ("3b", 12, 8),
        ("4b", 16, 8),
    ]
    assert {line.granted for line in budgets(report_with(min(memory.values()) - 1)).lines} == {0}
    assert all(line.granted == line.experts for line in budgets(whole).lines)


@pytest.mark.parametrize(
    ("room", "state", "words"),
    [
        (1 << 40, State.GOOD, "every tier of builtin fits"),
        (7_000_000, State.WORSE, "at most 8 of 32 experts per layer fit"),
        (1_000_000, State.WORSE, "too little for builtin"),
    ],
)
def test_what_memory_holds_of_a_model_is_one_of_the_findings(monkeypatch, room, state, words):
    monkeypatch.setattr(footprint, "room", lambda: room)

    _, finding = doctor.about_budgets("builtin")

    assert (finding.state, words in finding.found) == (state, True)
    assert (finding.remedy is None) == (state is State.GOOD)


def test_a_model_that_cannot_be_opened_is_said_in_its_own_words(tmp_path):
    (tmp_path / "config.json").write_text("{")

    table, finding = doctor.about_budgets(str(tmp_path))

    assert table is None
    assert "not valid JSON" in finding.found
    assert finding.remedy


def test_presets_of_ones_own_are_named_and_broken_ones_have_their_reason():
    places.home().mkdir()
    assert doctor.about_presets(load(), own_file()).found == "as they come with Cadre"

    own_file().write_text('[easy]\ntier = "2b"\n')
    mine = doctor.about_presets(load(), own_file())
    assert (mine.state, str(own_file()) in mine.found) == (State.GOOD, True)

    own_file().write_text('[easy]\ntier = "9b"\n')
    broken = doctor.about_presets(load(), own_file())
    assert (broken.state, "The defaults serve" in broken.found) == (State.WORSE, True)


# --- the folder that Cadre keeps things in ------------------------------------------------------------------


def test_a_folder_that_can_be_kept_in(tmp_path):
    finding = doctor.about_home(tmp_path / "not" / "yet")

    assert finding.state is State.GOOD
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    def refuse(**_: object):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)

    finding = doctor.about_home(tmp_path)

    assert finding.state is State.WORSE
    assert "(Read-only file system)" in finding.found
    assert "CADRE_HOME" in str(finding.remedy)


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "cadre").touch()

    finding = doctor.about_home(tmp_path / "cadre" / "inner")

    assert (finding.state, "a file stands where" in finding.found) == (State.WORSE, True)


def test_where_no_folder_can_be_there_are_no_presets_and_no_complaint(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("CADRE_HOME", str(tmp_path / "file" / "cadre"))

    assert load().notes == ()
