"""Dictations in the store: the newest first, found by their words, deleted with undo."""

from __future__ import annotations

import pytest


@pytest.fixture
def rows(store):
    return store.dictations


def add(rows, text, created=1.0, **more):
    return rows.add(created=created, seconds=2.0, text=text, **more)


def test_the_newest_first(rows):
    for created, text in ((2.0, "two"), (3.0, "three"), (1.0, "one")):
        add(rows, text, created)

    assert [row.text for row in rows.all()] == ["three", "two", "one"]
    assert [row.text for row in rows.all(limit=1)] == ["three"]


def test_found_by_every_word_and_the_beginning_of_the_last(rows):
    add(rows, "Zwei Plätze am Fenster")
    add(rows, "Ein Platz am Gang")

    assert [row.text for row in rows.find("fenster plat")] == ["Zwei Plätze am Fenster"]
    assert rows.find('"; DROP') == []
    assert rows.find("  ") == []


def test_written_anew_it_is_found_by_its_new_words_only(rows):
    row = add(rows, "wreck a nice beach", failure="", audio="1.pcm")
    rows.clean(row.id, "Wreck a nice beach.")

    rows.write(row.id, "recognise speech", "Whisper", "en", "1.pcm")

    assert rows.find("beach") == []
    (found,) = rows.find("speech")
    assert (found.text, found.cleaned, found.recogniser, found.language) == ("recognise speech", "", "Whisper", "en")


def test_a_failure_is_kept_until_it_is_written_down(rows):
    row = add(rows, "", failure="The engine stopped.", audio="1.pcm")
    assert rows.last() is None

    rows.write(row.id, "Here.", "Whisper", "en", "1.pcm")

    assert rows.last() == rows.get(row.id)
    assert rows.get(row.id).failure == ""


def test_deleted_ones_are_hidden_come_back_and_go(rows, store):
    first, second = add(rows, "one secret"), add(rows, "two secrets")
    rows.delete([first.id, second.id])
    assert rows.all() == rows.find("secret") == []
    with pytest.raises(KeyError):
        rows.get(first.id)

    rows.restore([second.id])
    rows.purge(first.id)
    rows.purge(second.id)  # not deleted, so it stays

    assert [row.text for row in rows.find("secret")] == ["two secrets"]
    assert rows.deleted() == []
