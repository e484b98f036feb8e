-- Where principals stand, how they prove who they are, the policy in force, and what must not be erased.

ALTER TABLE principals ADD COLUMN office TEXT CHECK (length(office) > 0);
ALTER TABLE principals ADD COLUMN organisation TEXT CHECK (length(organisation) > 0);
ALTER TABLE principals ADD COLUMN enterprise_id TEXT CHECK (length(enterprise_id) > 0);
ALTER TABLE principals ADD COLUMN clearance TEXT NOT NULL DEFAULT 'general-1' CHECK (
    clearance IN ('general-1', 'general-2', 'general-3', 'general-4', 'important', 'core'));

UPDATE principals SET clearance = 'core' WHERE kind = 'local-owner';

-- A PHC string of argon2id. An old one is replaced: kept, it could still be attacked.
CREATE TABLE passwords (
    principal_id INTEGER PRIMARY KEY REFERENCES principals (id),
    phc          TEXT NOT NULL CHECK (phc LIKE '$argon2id$%'),
    changed_at   INTEGER NOT NULL
) STRICT;

CREATE TABLE api_tokens (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    principal_id INTEGER NOT NULL REFERENCES principals (id),
    label        TEXT NOT NULL CHECK (length(label) > 0),
    sha256       BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),
    doors        TEXT NOT NULL,
    -- Nothing stands for any purpose.
    purposes     TEXT,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL CHECK (expires_at > created_at),
    last_used_at INTEGER,
    revoked_at   INTEGER
) STRICT;

CREATE TRIGGER api_tokens_keep_their_rights
BEFORE UPDATE OF id, principal_id, label, sha256, doors, purposes, created_at, expires_at ON api_tokens
BEGIN SELECT RAISE(ABORT, 'a token is revoked, never changed'); END;

CREATE TRIGGER api_tokens_stay_revoked BEFORE UPDATE OF revoked_at ON api_tokens
WHEN OLD.revoked_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a token is revoked once'); END;

CREATE TRIGGER api_tokens_no_replace BEFORE INSERT ON api_tokens
WHEN EXISTS (SELECT 1 FROM api_tokens WHERE id = NEW.id OR sha256 = NEW.sha256)
BEGIN SELECT RAISE(ABORT, 'a token is revoked, never replaced'); END;

CREATE TRIGGER api_tokens_no_delete BEFORE DELETE ON api_tokens
BEGIN SELECT RAISE(ABORT, 'a token is revoked, never deleted'); END;

-- Content is a JSON object of file names and texts. The newest version that was approved is in force.
CREATE TABLE policy_versions (
    version     INTEGER PRIMARY KEY,
    content     TEXT NOT NULL,
    sha256      BLOB NOT NULL CHECK (length(sha256) = 32),
    reason      TEXT NOT NULL CHECK (length(reason) > 0),
    proposed_by INTEGER NOT NULL REFERENCES principals (id),
    proposed_at INTEGER NOT NULL
) STRICT;

CREATE TRIGGER policy_versions_in_order BEFORE INSERT ON policy_versions
WHEN NEW.version IS NOT (SELECT coalesce(max(version), 0) + 1 FROM policy_versions)
BEGIN SELECT RAISE(ABORT, 'policy versions are append-only: they have no gap'); END;

CREATE TRIGGER policy_versions_no_update BEFORE UPDATE ON policy_versions
BEGIN SELECT RAISE(ABORT, 'policy versions are append-only'); END;

CREATE TRIGGER policy_versions_no_delete BEFORE DELETE ON policy_versions
BEGIN SELECT RAISE(ABORT, 'policy versions are append-only'); END;

CREATE TABLE policy_verdicts (
    version    INTEGER PRIMARY KEY REFERENCES policy_versions (version),
    approved   INTEGER NOT NULL CHECK (approved IN (0, 1)),
    reason     TEXT NOT NULL CHECK (length(reason) > 0),
    decided_by INTEGER NOT NULL REFERENCES principals (id),
    decided_at INTEGER NOT NULL
) STRICT;

CREATE TRIGGER policy_verdicts_once BEFORE INSERT ON policy_verdicts
WHEN EXISTS (SELECT 1 FROM policy_verdicts WHERE version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'a policy version is decided once'); END;

CREATE TRIGGER policy_verdicts_forward BEFORE INSERT ON policy_verdicts
WHEN NEW.approved = 1 AND NEW.version < (SELECT max(version) FROM policy_verdicts WHERE approved = 1)
BEGIN SELECT RAISE(ABORT, 'a policy version is decided before a later one is in force'); END;

-- Where there was ever a second person, two decide.
CREATE TRIGGER policy_verdicts_two_persons BEFORE INSERT ON policy_verdicts
WHEN NEW.approved = 1 AND EXISTS (SELECT 1 FROM principals WHERE kind = 'person')
    AND NEW.decided_by = (SELECT proposed_by FROM policy_versions WHERE version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'a policy version is approved by another person than proposed it'); END;

CREATE TRIGGER policy_verdicts_no_update BEFORE UPDATE ON policy_verdicts
BEGIN SELECT RAISE(ABORT, 'a policy version is decided once'); END;

CREATE TRIGGER policy_verdicts_no_delete BEFORE DELETE ON policy_verdicts
BEGIN SELECT RAISE(ABORT, 'a policy version is decided once'); END;

-- What erasure must leave alone: the rows of a key, or of days, in a table.
CREATE TABLE legal_holds (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    table_name  TEXT NOT NULL CHECK (length(table_name) > 0),
    key         TEXT CHECK (length(key) > 0),
    first_day   TEXT CHECK (first_day GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]'),
    last_day    TEXT CHECK (last_day GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]'),
    reason      TEXT NOT NULL CHECK (length(reason) > 0),
    placed_by   INTEGER NOT NULL REFERENCES principals (id),
    placed_at   INTEGER NOT NULL,
    lifted_by   INTEGER REFERENCES principals (id),
    lifted_at   INTEGER,
    lift_reason TEXT CHECK (length(lift_reason) > 0),
    CHECK ((key IS NULL) <> (first_day IS NULL)),
    CHECK ((first_day IS NULL) = (last_day IS NULL)),
    CHECK (first_day <= last_day),
    CHECK ((lifted_at IS NULL) = (lifted_by IS NULL)),
    CHECK ((lifted_at IS NULL) = (lift_reason IS NULL))
) STRICT;

CREATE INDEX legal_holds_by_table ON legal_holds (table_name);

CREATE TRIGGER legal_holds_lifted_once BEFORE UPDATE ON legal_holds
WHEN OLD.lifted_at IS NOT NULL OR NEW.lifted_at IS NULL OR OLD.id <> NEW.id OR OLD.table_name <> NEW.table_name
    OR OLD.key IS NOT NEW.key OR OLD.first_day IS NOT NEW.first_day OR OLD.last_day IS NOT NEW.last_day
    OR OLD.reason <> NEW.reason OR OLD.placed_by <> NEW.placed_by OR OLD.placed_at <> NEW.placed_at
BEGIN SELECT RAISE(ABORT, 'a legal hold is lifted once and otherwise never changed'); END;

CREATE TRIGGER legal_holds_no_replace BEFORE INSERT ON legal_holds
WHEN EXISTS (SELECT 1 FROM legal_holds WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'a legal hold is lifted, never replaced'); END;

CREATE TRIGGER legal_holds_no_delete BEFORE DELETE ON legal_holds
BEGIN SELECT RAISE(ABORT, 'a legal hold is lifted, never deleted'); END;
