"""A disk that fails at any moment, and a process that dies at any moment: what is listed is whole, and another try ends
well.
"""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import KnownError
from engine.models.catalogue import installed
from engine.models.download.cached import CachedRepository
from engine.models.download.disk import Disk
from engine.models.download.progress import Progress, Stage
from tests.models.download import hub_server as serving
from tests.models.download.conftest import NAME
from tests.models.download.test_http import WEIGHTS, assert_here

ROOT = Path(__file__).parents[3]


class FaultyDisk(Disk):
    """The nth act fails, or the next ones too. torn: half of what should have been written is."""

    def __init__(self, fail_at: int, kind: int = errno.ENOSPC) -> None:
        self.acts, self.fail_at, self.kind = 0, fail_at, kind

    def _act(self) -> bool:
        self.acts += 1
        return self.acts == self.fail_at

    def write(self, file, data):
        if self._act():
            super().write(file, data[: len(data) // 2])
            raise OSError(self.kind, "No space left on device")
        super().write(file, data)

    def settle(self, file):
        if self._act():
            raise OSError(self.kind, "No space left on device")
        super().settle(file)

    def link(self, link, target):
        if self._act():
            raise OSError(self.kind, "No space left on device")
        super().link(link, target)

    def replace(self, source, target):
        if self._act():
            raise OSError(self.kind, "No space left on device")
        super().replace(source, target)


@pytest.mark.parametrize(("kind", "words"), [(errno.ENOSPC, "is full"), (errno.EIO, "cannot be written")])
def test_whatever_the_disk_refuses(server, loaded, kind, words):
    """Fail the first act, the second, ... until none fails; each time a fresh machine."""
    fail_at, failed, said = 0, True, []
    while failed:
        fail_at += 1
        try:
            loaded(disk=FaultyDisk(fail_at, kind))
        except KnownError as error:
            said.append(error.sentence)
            assert [model.problem for model in installed()] in ([], [None])
        else:
            failed = False
        loaded()
        assert_here(server)
        subprocess.run(["rm", "-rf", str(CachedRepository(NAME).folder)], check=True)
    assert fail_at > 10
    assert all(words in sentence for sentence in said)


def test_no_room_is_said_before_anything_is_loaded(server, loaded):
    class Small(Disk):
        def free(self, folder):
            return 1_000_000_000 + 10

    with pytest.raises(KnownError, match="still needs") as caught:
        loaded(disk=Small())
    assert "Free 1 MB" in caught.value.next_step
    assert server.asked(WEIGHTS) == []


def test_what_is_here_already_needs_no_room(server, loaded):
    loaded()

    class Full(Disk):
        def free(self, folder):
            return 1_000_000_000

    assert loaded(disk=Full()).loaded == 0


def test_a_disk_without_links_is_told(server, loaded, monkeypatch):
    monkeypatch.setattr(Path, "symlink_to", lambda *_: (_ for _ in ()).throw(OSError(errno.EPERM, "no")))
    with pytest.raises(KnownError, match="knows no links"):
        loaded()


def test_a_model_of_an_unknown_type_is_refused_before_its_weights(server, loaded):
    server.repositories[NAME]["config.json"] = b'{"model_type": "bert"}'
    with pytest.raises(KnownError, match="type bert"):
        loaded()
    assert server.asked(WEIGHTS) == []


def test_a_model_with_a_program_is_refused_before_its_weights(server, loaded):
    server.repositories[NAME]["config.json"] = b'{"model_type": "qwen3_moe", "model_file": "evil.py"}'
    with pytest.raises(KnownError, match="program code"):
        loaded()
    assert server.asked(WEIGHTS) == []


def test_only_what_cadre_loads_is_loaded(server, loaded):
    files = server.repositories[NAME]
    server.repositories[NAME] = files | {"modeling.py": b"evil", "pytorch_model.bin": b"evil", "a.pkl": b"evil"}
    path = loaded().path
    assert {entry.name for entry in path.iterdir()} == set(files)


def test_a_second_download_of_the_same_is_refused(server, loaded):
    with CachedRepository(NAME).alone(), pytest.raises(KnownError, match="by another Cadre"):
        loaded()


def test_a_newer_commit_shares_what_stayed(server, loaded):
    loaded()
    server.commits[NAME] = "f" * 40
    server.repositories[NAME] = server.repositories[NAME] | {"tokenizer.json": b'{"new": 1}'}

    pulled = loaded()

    assert pulled.loaded == len(b'{"new": 1}')
    (model,) = installed()
    assert model.path == pulled.path == CachedRepository(NAME).snapshot("f" * 40)


def test_what_other_programs_keep_in_a_snapshot_stays(server, loaded):
    """Another program loaded only the config, and something of its own."""
    snapshot = CachedRepository(NAME).snapshot(serving.COMMIT)
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    (snapshot / "theirs.gguf").write_text("theirs")

    loaded()

    assert (snapshot / "theirs.gguf").read_text() == "theirs"
    assert_here(server)


def test_dropping_leaves_nothing(server, loaded):
    server.behave(WEIGHTS, serving.cut_after(1000))
    with pytest.raises(Exception, match="broke off"):
        loaded()
    CachedRepository(NAME).abandon()
    assert not CachedRepository(NAME).folder.exists()


def test_dropping_an_update_leaves_what_is_installed(server, loaded):
    loaded()
    server.commits[NAME] = "f" * 40
    changed = server.repositories[NAME][WEIGHTS][:-1] + b"\1"
    before = server.repositories[NAME]
    server.repositories[NAME] = before | {WEIGHTS: changed, "tokenizer.json": b'{"new": 1}'}
    server.behave(WEIGHTS, serving.cut_after(1000))
    with pytest.raises(Exception, match="broke off"):
        loaded()

    CachedRepository(NAME).abandon()

    server.repositories[NAME] = before
    assert [model.problem for model in installed()] == [None]
    left = {blob.name for blob in CachedRepository(NAME).folder.joinpath("blobs").iterdir()}
    assert left == {serving.blob_name(name, content) for name, content in before.items()}


# --- kill -9 --------------------------------------------------------------------------------------------------

PULLER = """
import os, signal, sys
from engine.models.download import cached, disk, pulling
from engine.models.download.hub import Hub
from engine.models.download.stopping import Stop

die_at, acts = int(sys.argv[1]), 0

class Deadly(disk.Disk):
    def act(self):
        global acts
        acts += 1
        if acts == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
    def write(self, file, data):
        for start in range(0, len(data), 4096):
            self.act()
            super().write(file, data[start:start + 4096])
    def settle(self, file):
        self.act()
        super().settle(file)
    def link(self, link, target):
        self.act()
        super().link(link, target)
    def replace(self, source, target):
        self.act()
        super().replace(source, target)
        self.act()

with Hub() as hub:
    pulling.pull(sys.argv[2], hub, Stop(), disk=Deadly())
print(acts)
"""


def puller(die_at: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PULLER, str(die_at), NAME]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_kill_minus_nine(server):
    """At several moments one after the other, each process going on where the last one died."""
    for die_at in (1, 3, 5, 20, 2, 9, 10, 11):
        died = puller(die_at)
        if died.returncode == 0:
            break
        assert died.returncode == -signal.SIGKILL, died.stderr
        assert [model.problem for model in installed()] in ([], [None])
    else:
        assert puller(0).returncode == 0
    assert_here(server)
    assert len(server.asked("config.json")) <= 2


@pytest.mark.parametrize("step", range(1, 12))
def test_kill_minus_nine_while_it_is_installed(server, loaded, step, home):
    """The last acts: moving the blob, linking, swapping in beside another program's snapshot, pointing to it."""
    server.add(NAME, serving.sharded_model(home / "published"))
    snapshot = CachedRepository(NAME).snapshot(serving.COMMIT)
    snapshot.mkdir(parents=True)
    (snapshot / "theirs.gguf").write_text("theirs")
    acts = int(subprocess.run(
        [sys.executable, "-c", PULLER, "0", NAME], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout)  # fmt: skip
    subprocess.run(["rm", "-rf", str(CachedRepository(NAME).folder)], check=True)
    snapshot.mkdir(parents=True)
    (snapshot / "theirs.gguf").write_text("theirs")

    assert puller(acts - step).returncode == -signal.SIGKILL

    assert [model.problem for model in installed()] in ([], [None])
    loaded()
    assert (snapshot / "theirs.gguf").read_text() == "theirs"
    assert_here(server)


def test_stages_are_told(server, loaded):
    told: list[Progress] = []
    loaded(tell=told.append)
    assert [told[0].stage, told[-1].stage] == [Stage.LISTING, Stage.INSTALLING]
    assert told[-1].done == told[-1].total > 0
    done = [progress.done for progress in told]
    assert done == sorted(done)
