"""The entry in the menus of Linux keeps the Desktop Entry Specification, and says what the app and the wheel do."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from app.cli.main import main

ROOT = Path(__file__).parents[2]
ENTRY = ROOT / "packaging" / "linux" / "cadre.desktop"
# Version 1.4 of the specification, which every desktop still in use knows; what is newer needs "X-".
STRINGS = {
    "Name",
    "GenericName",
    "Comment",
    "Icon",
    "Exec",
    "TryExec",
    "Path",
    "StartupWMClass",
    "URL",
    "Type",
    "Version",
}
BOOLEANS = {"NoDisplay", "Hidden", "DBusActivatable", "Terminal", "StartupNotify", "PrefersNonDefaultGPU"}
LISTS = {"Categories", "Keywords", "MimeType", "Actions", "OnlyShowIn", "NotShowIn", "Implements"}
MAIN_CATEGORIES = {
    "AudioVideo", "Audio", "Video", "Development", "Education", "Game", "Graphics", "Network", "Office", "Science",
    "Settings", "System", "Utility",
}  # fmt: skip


def groups() -> dict[str, dict[str, str]]:
    """Read by hand, strictly: configparser would forgive what a desktop does not."""
    found: dict[str, dict[str, str]] = {}
    for line in ENTRY.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        if heading := re.fullmatch(r"\[([^\[\]]+)\]", line):
            assert heading[1] not in found
            found[heading[1]] = mine = {}
            continue
        pair = re.fullmatch(r"([A-Za-z0-9-]+(?:\[[\w@.]+\])?)=(\S.*\S|\S)", line)
        assert pair
        key, value = pair.groups()
        assert key not in mine
        mine[key] = value
    return found


ALL = groups()
MAIN = ALL["Desktop Entry"]


def items(value: str) -> list[str]:
    assert value.endswith(";")
    return value[:-1].split(";")


def test_the_entry_comes_first_and_every_other_group_is_an_action_of_it():
    assert list(ALL) == ["Desktop Entry", *(f"Desktop Action {one}" for one in items(MAIN["Actions"]))]
    assert all({"Name", "Exec"} <= ALL[one].keys() <= {"Name", "Exec", "Icon"} for one in ALL if "Action" in one)


def test_every_key_is_of_the_specification_and_of_its_type():
    for key, value in MAIN.items():
        plain = key.partition("[")[0]
        assert plain in STRINGS | BOOLEANS | LISTS or plain.startswith("X-")
        if plain in BOOLEANS or value in ("True", "False", "0", "1"):
            assert value in ("true", "false")
        if plain in LISTS:
            assert all(items(value))
    assert (MAIN["Type"], MAIN["Version"]) == ("Application", "1.4")
    assert MAIN.keys() >= {"Name", "Comment", "Exec", "Icon", "Categories"}


def test_it_stands_once_in_a_menu():
    assert sum(one in MAIN_CATEGORIES for one in items(MAIN["Categories"])) == 1


@pytest.mark.parametrize("group", ALL)
def test_what_it_starts_is_a_command_of_the_wheel(group, capsys):
    program, *words = ALL[group]["Exec"].split()
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]

    assert program == MAIN["TryExec"] in scripts
    assert main([*words, "--help"]) == 0
    assert words[0] in capsys.readouterr().out


def test_the_wheel_brings_it_and_the_icon_under_the_names_that_desktops_look_for():
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    brought = {to: ROOT / source for source, to in wheel["wheel"]["shared-data"].items()}

    assert "/" not in MAIN["Icon"]
    assert brought["share/applications/cadre.desktop"] == ENTRY
    icon = brought[f"share/icons/hicolor/scalable/apps/{MAIN['Icon']}.svg"]
    assert ET.parse(icon).getroot().tag.endswith("svg")


def test_windows_are_told_to_be_of_this_entry():
    """On Wayland by the entry's file name; on X11 by the window's class, which Qt takes from the application's name."""
    start = (ROOT / "app" / "window" / "start.py").read_text(encoding="utf-8")

    assert f'setDesktopFileName("{ENTRY.stem}")' in start
    assert f'setApplicationName("{MAIN["StartupWMClass"]}")' in start


def test_the_docs_say_how_it_gets_into_the_menu():
    told = (ROOT / "docs" / "packaging.md").read_text(encoding="utf-8")

    assert "share/applications/cadre.desktop" in told
    assert "share/icons/hicolor/scalable/apps/cadre.svg" in told


@pytest.mark.skipif(shutil.which("desktop-file-validate") is None, reason="desktop-file-utils is not installed")
def test_the_desktops_own_validator_has_nothing_to_say():
    done = subprocess.run(["desktop-file-validate", ENTRY], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")
