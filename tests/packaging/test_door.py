"""The door of the bundle, behind a stub that does what Briefcase's does: its arguments are never Python's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.scripts import ROOT, script

# As main.m: isolated, the folder `app` and the packages on the path, the door run as __main__ with all arguments.
STUB = """\
#!{python} -I
import runpy, sys
sys.executable = "/nowhere/python"
sys.path.append({app!r})
runpy._run_module_as_main("cadre", 0)
"""


@pytest.fixture
def stub(tmp_path: Path) -> Path:
    contents = tmp_path / "Cadre.app" / "Contents"
    app = contents / "Resources" / "app"
    app.mkdir(parents=True)
    for folder in ("app", "engine", "resources"):
        (app / folder).symlink_to(ROOT / folder)
    (app / "cadre").symlink_to(ROOT / "packaging" / "macos" / "cadre")
    stub = contents / "MacOS" / "Cadre"
    stub.parent.mkdir()
    stub.write_text(STUB.format(python=sys.executable, app=str(app)))
    stub.chmod(0o755)
    return stub


def run(stub: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([stub, *arguments], capture_output=True, text=True, check=False, cwd="/")


def test_it_is_the_command(stub):
    done = run(stub, "-psn_0_12345", "--version")

    assert (done.returncode, done.stdout.split()[0], done.stderr) == (0, "cadre", "")


def test_wrong_usage_ends_with_its_code_and_no_dialog(stub):
    done = run(stub, "no-such-command")

    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_it_is_python_to_who_calls_sys_executable(stub):
    done = run(stub, "-I", "-X", "utf8", "-Wignore", "-c", "import sys; print(sys.executable, sys.argv)", "--more")

    assert done.stdout == f"{stub} ['-c', '--more']\n"


def test_a_module_is_run(stub):
    done = run(stub, "-P", "-m", "json.tool", "--no-such-option")

    assert done.returncode == 2
    assert "json" in done.stderr


@pytest.mark.parametrize(
    ("code", "ends", "says"),
    [
        ("import sys; sys.exit('told')", 1, "told\n"),
        ("raise KeyboardInterrupt", 130, ""),
        ("import sys; sys.exit()", 0, ""),
        ("import sys; sys.exit(7)", 7, ""),
    ],
)
def test_ends(stub, code, ends, says):
    done = run(stub, "-c", code)

    assert (done.returncode, done.stderr) == (ends, says)


def test_a_failure_is_written_not_raised_into_the_stub(stub):
    done = run(stub, "-c", "1 / 0")

    assert done.returncode == 1
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")
    assert "runpy" not in done.stderr  # printed inside the door: nothing came out of it


def test_its_children_are_its_own(stub):
    """Spawned as the engine and the reader of PDFs are: through the stub, never as a second app."""
    done = run(
        stub,
        "-c",
        "import os\nfrom app.worker import Worker\nworker = Worker(os.path.basename, 60, 10**10)\n"
        "print(worker.call('/a/b'), worker._child._process.pid != os.getpid())\nworker.close()",
    )

    assert (done.stdout, done.stderr) == ("b True\n", "")


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (["-c", "x"], ("-c", "x", [])),
        (["-IB", "-X", "dev", "-W", "error", "-m", "a.b", "-c"], ("-m", "a.b", ["-c"])),
        (["app", "-c", "x"], None),
        (["-c"], None),
        (["--version"], None),
        (["-h"], None),
        (["-X"], None),
        ([], None),
    ],
)
def test_whose_arguments_they_are(arguments, asked):
    assert script("macos/cadre/__main__").as_python(arguments) == asked
