-- A file as version 5 of the chats left it. Never edited: old files must open for ever.
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
CREATE TABLE replays (
    message INTEGER PRIMARY KEY REFERENCES messages(id) ON DELETE CASCADE,
    data BLOB NOT NULL
);
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
INSERT INTO folders(id, name) VALUES (1, 'Kitchen');
INSERT INTO chats(id, title, named, pinned, folder, created, changed, leaf, draft, settings, deleted) VALUES (1, 'Bread', 0, 0, 1, 1700000000.0, 1700000002.0, 2, '', '{"model": "", "system": "", "temperature": 0.0, "mode": "auto", "budget": "auto", "max_tokens": 4096}', 0);
INSERT INTO chats(id, title, named, pinned, folder, created, changed, leaf, draft, settings, deleted) VALUES (2, 'Trip to Lyon', 0, 1, NULL, 1700000003.0, 1700000006.0, 5, '', '{"model": "", "system": "Be brief.", "temperature": 0.5, "mode": "auto", "budget": "auto", "max_tokens": 4096}', 0);
INSERT INTO messages(id, chat, parent, role, text, state, created, record, failure, deleted) VALUES (1, 1, NULL, 'user', 'How long to knead?', 'done', 1700000001.0, NULL, NULL, 0);
INSERT INTO messages(id, chat, parent, role, text, state, created, record, failure, deleted) VALUES (2, 1, 1, 'assistant', 'Ten minutes.', 'done', 1700000002.0, NULL, NULL, 0);
INSERT INTO messages(id, chat, parent, role, text, state, created, record, failure, deleted) VALUES (3, 2, NULL, 'user', 'Where to eat in Lyon?', 'done', 1700000004.0, NULL, NULL, 0);
INSERT INTO messages(id, chat, parent, role, text, state, created, record, failure, deleted) VALUES (4, 2, 3, 'assistant', 'At home.', 'done', 1700000005.0, NULL, NULL, 0);
INSERT INTO messages(id, chat, parent, role, text, state, created, record, failure, deleted) VALUES (5, 2, 3, 'assistant', 'In a bouchon.', 'done', 1700000006.0, '{"model": "builtin", "tokens_per_second": 31.0}', NULL, 0);
INSERT INTO kept(name, value) VALUES ('sidebar', '1');
INSERT INTO files(id, message, chat, name, kind, bytes, characters, text) VALUES (1, 3, NULL, 'map.txt', 'text', 18, 18, 'Presqu''ile, Croix-');
INSERT INTO replays(message, data) VALUES (5, x'00');
INSERT INTO files(id, message, chat, name, kind, bytes, characters, text, thumbnail, pages) VALUES (2, 3, NULL, 'Lyon.png', 'picture', 70, 0, '', x'89504e470d0a1a0a0000000d49484452000000020000000108020000007b40e8dd0000000d49444154789c63f8cf0004ff01070001ffe2239e590000000049454e44ae426082', 0);
INSERT INTO files(id, message, chat, name, kind, bytes, characters, text, thumbnail, pages) VALUES (3, NULL, 2, 'scan.pdf', 'pdf', 900, 0, '', x'89504e470d0a1a0a0000000d49484452000000020000000108020000007b40e8dd0000000d49444154789c63f8cf0004ff01070001ffe2239e590000000049454e44ae426082', 7);
INSERT INTO media(digest, data) VALUES (x'6c54d5b23a761aa92da26a45323650a806dee032e1670974e7d48bb0d3c2832a', x'89504e470d0a1a0a0000000d49484452000000020000000108020000007b40e8dd0000000d49444154789c63f8cf0004ff01070001ffe2239e590000000049454e44ae426082');
INSERT INTO parts(file, number, digest) VALUES (2, 0, x'6c54d5b23a761aa92da26a45323650a806dee032e1670974e7d48bb0d3c2832a'), (3, 0, x'6c54d5b23a761aa92da26a45323650a806dee032e1670974e7d48bb0d3c2832a');
INSERT INTO dictations(id, created, seconds, text, cleaned, recogniser, language, failure, audio, deleted) VALUES (1, 1700000007.0, 3.5, 'two seats by the window', 'Two seats by the window.', 'Whisper', 'en', '', '1700000007000.pcm', 0);
INSERT INTO dictations(id, created, seconds, text, cleaned, recogniser, language, failure, audio, deleted) VALUES (2, 1700000008.0, 9.0, '', '', '', '', 'The engine stopped.', '1700000008000.pcm', 0);
PRAGMA user_version = 5;
