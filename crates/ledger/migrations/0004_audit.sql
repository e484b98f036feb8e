-- The audit chain: who read what, when, through which door and why, and who changed what others may read.
--
-- `content` is the canonical JSON that is hashed: hash_n = SHA-256(hash_{n-1} || content). Columns that queries need are
-- generated from it, so that there is no second truth. AUTOINCREMENT remembers how far the chain had come.

CREATE TABLE audit (
    sequence     INTEGER PRIMARY KEY AUTOINCREMENT CHECK (sequence >= 1),
    content      TEXT NOT NULL,
    hash         BLOB NOT NULL CHECK (length(hash) = 32),
    at           INTEGER GENERATED ALWAYS AS (content ->> '$.at_micros') VIRTUAL,
    principal_id INTEGER GENERATED ALWAYS AS (content ->> '$.principal') VIRTUAL,
    event        TEXT GENERATED ALWAYS AS (content ->> '$.event') VIRTUAL,
    read         INTEGER GENERATED ALWAYS AS (content ->> '$.read') VIRTUAL,
    is_complete  INTEGER GENERATED ALWAYS AS (content ->> '$.subjects_complete') VIRTUAL
) STRICT;

CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_principal ON audit (principal_id, sequence);
CREATE INDEX audit_by_read ON audit (read, is_complete) WHERE read IS NOT NULL;
CREATE INDEX audit_incomplete ON audit (at) WHERE is_complete = 0;

CREATE TRIGGER audit_in_order BEFORE INSERT ON audit
WHEN NEW.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM audit)
BEGIN SELECT RAISE(ABORT, 'the audit chain is append-only: a sequence has no gap'); END;

CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit chain is append-only'); END;

CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit chain is append-only'); END;

-- Whose data an entry is about, for "who saw this company's data"; filled from the content, never by hand.
CREATE TABLE audit_subject (
    key      TEXT NOT NULL CHECK (length(key) > 0),
    sequence INTEGER NOT NULL REFERENCES audit (sequence),
    PRIMARY KEY (key, sequence)
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_subject_by_entry ON audit_subject (sequence, key);

CREATE TRIGGER audit_fills_subjects AFTER INSERT ON audit
BEGIN
    INSERT INTO audit_subject (key, sequence)
    SELECT value, NEW.sequence FROM json_each(NEW.content, '$.subjects');
END;

CREATE TRIGGER audit_subject_with_entry BEFORE INSERT ON audit_subject
WHEN NEW.sequence <> (SELECT max(sequence) FROM audit)
    OR EXISTS (SELECT 1 FROM audit_subject WHERE key = NEW.key AND sequence = NEW.sequence)
BEGIN SELECT RAISE(ABORT, 'the audit chain is append-only: subjects come with their entry'); END;

CREATE TRIGGER audit_subject_no_update BEFORE UPDATE ON audit_subject
BEGIN SELECT RAISE(ABORT, 'the audit chain is append-only'); END;

CREATE TRIGGER audit_subject_no_delete BEFORE DELETE ON audit_subject
BEGIN SELECT RAISE(ABORT, 'the audit chain is append-only'); END;

CREATE TABLE audit_checkpoints (
    number     INTEGER PRIMARY KEY AUTOINCREMENT CHECK (number >= 1),
    log        TEXT NOT NULL CHECK (length(log) > 0),
    count      INTEGER NOT NULL CHECK (count >= 0),
    head       BLOB NOT NULL CHECK (length(head) = 32),
    signed_at  INTEGER NOT NULL,
    public_key BLOB NOT NULL CHECK (length(public_key) = 32),
    signature  BLOB NOT NULL CHECK (length(signature) = 64)
) STRICT;

CREATE TRIGGER audit_checkpoints_in_order BEFORE INSERT ON audit_checkpoints
WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM audit_checkpoints)
    OR NEW.count < (SELECT coalesce(max(count), 0) FROM audit_checkpoints)
BEGIN SELECT RAISE(ABORT, 'audit checkpoints are append-only: numbers have no gap and counts never fall'); END;

CREATE TRIGGER audit_checkpoints_no_update BEFORE UPDATE ON audit_checkpoints
BEGIN SELECT RAISE(ABORT, 'audit checkpoints are append-only'); END;

CREATE TRIGGER audit_checkpoints_no_delete BEFORE DELETE ON audit_checkpoints
BEGIN SELECT RAISE(ABORT, 'audit checkpoints are append-only'); END;
