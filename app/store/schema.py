"""The tables and how older ones become these. A migration that was released is never edited: a new one is added.

Deleted chats and messages keep their rows, hidden, until `Chats.purge`, so that deleting can be undone.
Text is searched through an index that follows the tables by triggers; an answer enters it when it is finished.
"""

from __future__ import annotations

import sqlite3

_FIRST = """
CREATE TABLE folders (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL
);
CREATE TABLE chats (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL DEFAULT '',
    named INTEGER NOT NULL DEFAULT 0,
    pinned INTEGER NOT NULL DEFAULT 0,
    folder INTEGER REFERENCES folders(id) ON DELETE SET NULL,
    created REAL NOT NULL,
    changed REAL NOT NULL,
    leaf INTEGER,
    draft TEXT NOT NULL DEFAULT '',
    settings TEXT NOT NULL DEFAULT '{}',
    deleted INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX chats_by_change ON chats(deleted, pinned, changed);
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    chat INTEGER NOT NULL REFERENCES chats(id) ON DELETE CASCADE,
    parent INTEGER REFERENCES messages(id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
    text TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('writing', 'done', 'stopped', 'failed')),
    created REAL NOT NULL,
    record TEXT,
    failure TEXT,
    deleted INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX messages_of_chat ON messages(chat, parent);
CREATE INDEX messages_by_parent ON messages(parent);
CREATE INDEX messages_unfinished ON messages(id) WHERE state = 'writing';
CREATE TABLE kept (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5(
    text, content='messages', content_rowid='id', tokenize='unicode61 remove_diacritics 2', prefix='2 3'
);
CREATE TRIGGER message_added AFTER INSERT ON messages WHEN new.state <> 'writing' BEGIN
    INSERT INTO words(rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER message_finished AFTER UPDATE OF text, state ON messages
WHEN old.state = 'writing' AND new.state <> 'writing' BEGIN
    INSERT INTO words(rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER message_removed AFTER DELETE ON messages WHEN old.state <> 'writing' BEGIN
    INSERT INTO words(words, rowid, text) VALUES ('delete', old.id, old.text);
END;
"""

_FILES = """
CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    message INTEGER REFERENCES messages(id) ON DELETE CASCADE,
    chat INTEGER REFERENCES chats(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    characters INTEGER NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX files_of_message ON files(message);
CREATE INDEX files_of_chat ON files(chat);
"""
"""Of a message, or without one of the draft of a chat; without both of the draft of a new chat."""

_REPLAYS = """
CREATE TABLE replays (
    message INTEGER PRIMARY KEY REFERENCES messages(id) ON DELETE CASCADE,
    data BLOB NOT NULL
);
"""
"""How the last answers came to be; pruned as they are written."""

_MEDIA = """
CREATE TABLE media (
    digest BLOB PRIMARY KEY,
    data BLOB NOT NULL
);
CREATE TABLE parts (
    file INTEGER NOT NULL REFERENCES files(id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    digest BLOB NOT NULL REFERENCES media(digest),
    PRIMARY KEY (file, number)
) WITHOUT ROWID;
CREATE INDEX parts_of_media ON parts(digest);
CREATE TRIGGER part_removed AFTER DELETE ON parts
WHEN NOT EXISTS (SELECT 1 FROM parts WHERE digest = old.digest) BEGIN
    DELETE FROM media WHERE digest = old.digest;
END;
ALTER TABLE files ADD COLUMN thumbnail BLOB NOT NULL DEFAULT x'';
ALTER TABLE files ADD COLUMN pages INTEGER NOT NULL DEFAULT 0;
"""
"""What a model is shown of files, by SHA-256; it goes with the last file that has it."""

_DICTATIONS = """
CREATE TABLE dictations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created REAL NOT NULL,
    seconds REAL NOT NULL,
    text TEXT NOT NULL,
    cleaned TEXT NOT NULL DEFAULT '',
    recogniser TEXT NOT NULL DEFAULT '',
    language TEXT NOT NULL DEFAULT '',
    failure TEXT NOT NULL DEFAULT '',
    audio TEXT NOT NULL DEFAULT '',
    deleted INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX dictations_by_time ON dictations(deleted, created);
CREATE INDEX dictations_with_audio ON dictations(created) WHERE audio <> '';
CREATE VIRTUAL TABLE dictated USING fts5(
    text, content='dictations', content_rowid='id', tokenize='unicode61 remove_diacritics 2', prefix='2 3'
);
CREATE TRIGGER dictation_added AFTER INSERT ON dictations BEGIN
    INSERT INTO dictated(rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER dictation_changed AFTER UPDATE OF text ON dictations BEGIN
    INSERT INTO dictated(dictated, rowid, text) VALUES ('delete', old.id, old.text);
    INSERT INTO dictated(rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER dictation_removed AFTER DELETE ON dictations BEGIN
    INSERT INTO dictated(dictated, rowid, text) VALUES ('delete', old.id, old.text);
END;
"""
"""What was dictated. audio: the name of its file, while that is kept; failure: why there are no words yet."""

MIGRATIONS = (_FIRST, _FILES, _REPLAYS, _MEDIA, _DICTATIONS)
"""The nth brings a file from version n to n + 1."""
VERSION = len(MIGRATIONS)


def version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection) -> None:
    """Each step whole or not at all, its version number with it."""
    for number in range(version(connection), VERSION):
        connection.executescript(f"BEGIN IMMEDIATE; {MIGRATIONS[number]} PRAGMA user_version = {number + 1}; COMMIT;")
