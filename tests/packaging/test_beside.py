"""What stands beside the two packages: scripts and data that must never become packages, and the lock."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SYSTEM_LIBRARIES = ROOT / "packaging" / "system-libraries.sh"


@pytest.mark.parametrize("folder", ["packaging", "resources"])
def test_folder_holds_no_package(folder):
    assert not list((ROOT / folder).rglob("__init__.py"))


def test_the_library_called_packaging_is_not_hidden():
    spec = importlib.util.find_spec("packaging")

    assert spec is None or (spec.origin and not Path(spec.origin).is_relative_to(ROOT / "packaging"))


def test_the_wheel_holds_two_packages_and_the_resources():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]

    assert wheel["packages"] == ["app", "engine"]
    assert wheel["force-include"] == {"resources": "app/_resources"}
    assert all((ROOT / source).is_file() for source in wheel["shared-data"])


def test_the_lock_knows_no_other_place_than_the_public_index():
    lock = (ROOT / "uv.lock").read_text(encoding="utf-8")

    assert set(re.findall(r"\w+://[^/\"]*", lock)) == {"https://pypi.org", "https://files.pythonhosted.org"}
    assert set(re.findall(r"source = \{ (\w+)", lock)) == {"registry", "editable"}


@pytest.fixture
def machine(tmp_path):
    """A machine of commands that do as told: call it with what they do, get what the script said and ran."""

    def set_up(**commands: str) -> tuple[int, str, list[str]]:
        calls = tmp_path / "calls"
        calls.touch()
        given = {
            "uname": "echo Linux",
            "id": "echo 0",
            "dpkg-query": "exit 1",
            "apt-get": "exit 0",
        } | commands
        for name, does in given.items():
            command = tmp_path / name
            command.write_text(f'#!/bin/sh\necho "{name} $*" >> {calls}\n{does}\n')
            command.chmod(0o755)
        done = subprocess.run(
            ["/bin/sh", SYSTEM_LIBRARIES],
            env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        installs = [line for line in calls.read_text().splitlines() if line.startswith("apt-get")]
        return done.returncode, done.stderr, installs

    return set_up


def test_a_missing_library_is_installed(machine):
    code, _, installs = machine()

    assert code == 0
    assert len(installs) == 1
    assert "install" in installs[0]
    assert "libopenblas0" in installs[0]


def test_what_is_there_is_left_alone(machine):
    assert machine(**{"dpkg-query": "echo install ok installed"}) == (0, "", [])


def test_a_library_removed_but_configured_is_missing(machine):
    _, _, installs = machine(**{"dpkg-query": "echo deinstall ok config-files"})

    assert len(installs) == 1


def test_who_is_not_root_gets_the_line_to_run(machine):
    code, said, installs = machine(id="echo 1000")

    assert (code, installs) == (0, [])
    assert "sudo apt-get install --yes libopenblas0" in said


def test_lists_are_fetched_when_the_first_try_fails(machine):
    _, _, installs = machine(**{"apt-get": '[ -e "$0.fetched" ] && exit 0; touch "$0.fetched"; exit 100'})

    assert [line.split(" --")[0].split()[1] for line in installs] == ["install", "update", "install"]


def test_without_the_network_the_set_up_goes_on(machine):
    code, said, _ = machine(**{"apt-get": "exit 100"})

    assert code == 0
    assert "goes on without: libopenblas0" in said


def test_a_mac_needs_nothing(machine):
    assert machine(uname="echo Darwin") == (0, "", [])
