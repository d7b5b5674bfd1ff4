"""Recordings: kept as long as the person sets, gone with what is deleted, found again after a crash."""

from __future__ import annotations

import pytest

from app.audio.spool import Spool
from app.dictation.keeping import CUT_OFF, FOR_GOOD, Recordings
from app.store.store import Store
from engine.errors import KnownError

DAY = 86_400
NOW = 1_700_000_000.0


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "chats" / "chats.sqlite")
    yield store
    store.close()


@pytest.fixture
def spool(tmp_path):
    return Spool(tmp_path / "dictations", clock=lambda: NOW)


def recording(spool, pcm=b"\1\0" * 16_000):
    writing = spool.begin()
    writing.append(pcm)
    return writing.close()


def kept(store, spool, days=7, *, age=0.0, text="Words.", failure=""):
    made = recording(spool)
    row = store.dictations.add(created=NOW - age, seconds=1.0, text=text, failure=failure, audio=made.path.name)
    return Recordings(store.dictations, spool, lambda: days), row, made


def test_what_no_row_names_was_cut_off_and_is_offered(store, spool):
    recordings, row, _ = kept(store, spool)
    lost = recording(spool)

    found = recordings.recover()

    assert [(one.failure, one.audio, one.seconds) for one in found] == [(CUT_OFF, lost.path.name, 1.0)]
    assert recordings.of(found[0]).pcm() == lost.pcm()
    assert recordings.recover() == []
    assert store.dictations.get(row.id) == row


@pytest.mark.parametrize(
    ("days", "age", "stays"),
    [(7, 6 * DAY, True), (7, 8 * DAY, False), (0, 1, False), (FOR_GOOD, 999 * DAY, True)],
)
def test_sound_is_kept_for_the_days_that_are_set(store, spool, days, age, stays):
    recordings, row, made = kept(store, spool, days, age=age)

    recordings.tidy(NOW)

    assert made.path.exists() is stays
    assert bool(store.dictations.get(row.id).audio) is stays
    assert store.dictations.get(row.id).text == "Words."


def test_sound_without_words_is_never_too_old(store, spool):
    recordings, row, made = kept(store, spool, age=999 * DAY, text="", failure="The engine stopped.")

    recordings.tidy(NOW)

    assert recordings.of(store.dictations.get(row.id)).path == made.path


def test_deleting_can_be_undone_until_it_is_tidied(store, spool):
    recordings, row, made = kept(store, spool)
    store.dictations.delete([row.id])
    assert made.path.exists()
    assert recordings.recover() == []

    recordings.tidy(NOW)

    assert not made.path.exists()
    store.dictations.restore([row.id])
    assert store.dictations.all() == []
    assert recordings.recover() == []


def test_a_disk_that_refuses_leaves_both_for_the_next_time(store, spool, monkeypatch):
    recordings, row, _ = kept(store, spool)
    store.dictations.delete([row.id])

    def refuse(*_args, **_named):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.unlink", refuse)
        recordings.tidy(NOW)
    assert [one.id for one in store.dictations.deleted()] == [row.id]

    recordings.tidy(NOW)
    assert store.dictations.deleted() == []


def test_a_recording_that_is_gone_is_told(store, spool):
    recordings, row, made = kept(store, spool)
    made.path.unlink()

    with pytest.raises(KnownError, match="not there any more"):
        recordings.of(row)


def test_a_name_from_the_store_cannot_leave_the_folder(store, spool, tmp_path):
    recordings, _, _ = kept(store, spool)
    (tmp_path / "mine.txt").write_text("dear")
    row = store.dictations.add(created=0.0, seconds=1.0, text="x", audio="../mine.txt")
    store.dictations.delete([row.id])

    recordings.tidy(NOW)

    assert (tmp_path / "mine.txt").exists()
