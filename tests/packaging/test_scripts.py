"""Scripts that no Mac has run yet: what can be told of them without one. macOS brings bash 3.2 and BSD's commands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from tests.packaging.scripts import PACKAGING, ROOT

SCRIPTS = sorted(PACKAGING.rglob("*.sh"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# What bash 4 or GNU's commands have and a Mac has not.
FOREIGN = {
    "sed in place without a suffix": r"\bsed\b[^|\n]* -i(?!\s*'')",
    "GNU's long options": r"\b(cp|mv|rm|ln|mkdir|sed|stat|mktemp|date|du|sort|head|tail|touch) (-\S+ )*--[a-z]",
    "readlink -f, stat -c, date -d, grep -P, sort -V, xargs -r": (
        r"\b(readlink -f|stat -c|date -d|grep -\w*P|sort -\w*V|xargs -\w*r|find [^|\n]*-printf)\b"
    ),
    "bash": (
        r"\[\[|\bmapfile\b|\breadarray\b|\bdeclare\b|\blocal\b"
        r"|^\s*\w+=\(|\$\{\w+(,,|\^\^)|&>|<<<|\bpipefail\b|^function "
    ),
    "commands that a Mac has not": r"\b(sha256sum|nproc|timeout|tac|realpath|apt|wget|gsed)\b",
}
COMMANDS = {"uname": "case $1 in -s) echo Darwin ;; -m) echo arm64 ;; esac", "python": "exit 0", "xcrun": "exit 0"}


def code(script: Path) -> str:
    lines = script.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_stops_at_what_fails_and_is_plain_sh(script):
    lines = script.read_text(encoding="utf-8").splitlines()

    assert lines[0] == "#!/bin/sh"
    assert "set -eu" in lines or script.name == "system-libraries.sh"  # which never fails
    assert subprocess.run(["sh", "-n", script], check=False).returncode == 0
    assert subprocess.run(["bash", "--posix", "-n", script], check=False).returncode == 0


@pytest.mark.parametrize("script", [s for s in SCRIPTS if s.name != "system-libraries.sh"], ids=lambda s: s.name)
@pytest.mark.parametrize("what", FOREIGN)
def test_a_script_for_a_mac_uses_what_a_mac_has(script, what):
    assert re.findall(FOREIGN[what], code(script), re.MULTILINE) == []


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_shellcheck_has_no_warning(script):
    done = subprocess.run(
        ["shellcheck", "--shell=sh", "--severity=warning", script], capture_output=True, text=True, check=False
    )

    assert done.stdout == ""


@pytest.fixture
def build(tmp_path):
    """build.sh where commands answer like a Mac's: call it with what is set, get what it said before it would begin."""

    def run(**given: str) -> str:
        for name, does in COMMANDS.items():
            command = tmp_path / name
            command.write_text(f"#!/bin/sh\n{does}\n")
            command.chmod(0o755)
        elsewhere = tmp_path / "packaging" / "macos"
        elsewhere.mkdir(parents=True, exist_ok=True)
        shutil.copy(PACKAGING / "macos" / "build.sh", elsewhere)
        done = subprocess.run(
            ["sh", elsewhere / "build.sh"],
            env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHON": str(tmp_path / "python"), **given},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 1
        return done.stderr.strip().splitlines()[0]

    return run


SIGNED = {"CADRE_IDENTITY": "Developer ID Application: NAME (TEAM)"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"CADRE_NOTARY_APPLE_ID": "a@example.org"}, "set CADRE_IDENTITY"),
        ({**SIGNED, "CADRE_NOTARY_APPLE_ID": "a@example.org"}, "also needs CADRE_NOTARY_PASSWORD"),
        (
            {**SIGNED, "CADRE_NOTARY_APPLE_ID": "a@example.org", "CADRE_NOTARY_PASSWORD": "x"},
            "CADRE_NOTARY_APPLE_ID also needs CADRE_NOTARY_TEAM",
        ),
        ({**SIGNED, "CADRE_NOTARY_KEY": "key.p8"}, "CADRE_NOTARY_KEY also needs CADRE_NOTARY_KEY_ID"),
        ({}, "== Tools"),
        (SIGNED, "== Tools"),
    ],
)
def test_what_is_missing_for_signing_is_said_before_an_hour_of_building(build, given, said):
    assert said in build(**given)


def test_elsewhere_than_on_a_mac_the_build_says_so():
    if os.uname().sysname == "Darwin":
        pytest.skip("this is a Mac")
    done = subprocess.run(["sh", PACKAGING / "macos" / "build.sh"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (1, "Cadre.app is built on a Mac with Apple silicon.\n")


def test_bytecode_knows_places_within_the_bundle_only(tmp_path):
    """compileall takes off what it is told to only where a file's whole path begins with it."""
    command = re.search(r'"\$PYTHON" (-m compileall .*?) \|\| true', code(PACKAGING / "macos" / "build.sh"), re.DOTALL)
    assert command
    bundle = "build/cadre/macos/app/Cadre.app"
    resources = tmp_path / bundle / "Contents" / "Resources"
    for folder in ("app/app", "app_packages"):
        (resources / folder).mkdir(parents=True)
    (resources / "app" / "app" / "door.py").write_text("def go(): ...\n")

    told = subprocess.run(
        ["sh", "-euc", f'contents=$PWD/{bundle}/Contents; "$0" {command[1]} || true', sys.executable],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip

    (compiled,) = resources.rglob("*.pyc")
    assert b"Resources/app/app/door.py" in compiled.read_bytes()
    assert b"Cadre.app" not in compiled.read_bytes()
    assert "stripdir" not in told


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.name)
def test_a_workflow_runs_scripts_that_are_there_and_can_be_read(workflow):
    jobs = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]
    steps = [step for job in jobs.values() for step in job["steps"]]
    commands = "\n".join(step["run"] for step in steps if "run" in step)
    named = set(re.findall(r"\bpackaging/[\w/-]+\.sh\b", commands))

    assert all("timeout-minutes" in job for job in jobs.values())
    assert all(("run" in step) != ("uses" in step) for step in steps)
    assert named
    assert all((ROOT / script).is_file() for script in named)
    plain = re.sub(r"\$\{\{.*?\}\}", "value", commands)
    assert subprocess.run(["bash", "-n"], input=plain, text=True, check=False).returncode == 0
    assert "CADRE_" not in "".join(line for line in commands.splitlines() if "echo" in line)
