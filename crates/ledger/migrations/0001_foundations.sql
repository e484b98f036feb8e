-- The ledger's first schema. Times are microseconds since 1970-01-01 UTC; hashes are the 32 bytes of a SHA-256.
--
-- Triggers make the append-only tables refuse UPDATE and DELETE. A BEFORE INSERT trigger stands beside them because
-- INSERT OR REPLACE deletes the old row without firing a DELETE trigger unless recursive_triggers is on.

CREATE TABLE principals (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT NOT NULL UNIQUE CHECK (length(name) > 0),
    kind        TEXT NOT NULL CHECK (kind IN ('person', 'service', 'local-owner')),
    roles       TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    disabled_at INTEGER CHECK (kind <> 'local-owner' OR disabled_at IS NULL)
) STRICT;

CREATE UNIQUE INDEX one_local_owner ON principals (kind) WHERE kind = 'local-owner';

CREATE TRIGGER principals_no_delete BEFORE DELETE ON principals
BEGIN SELECT RAISE(ABORT, 'principals are disabled, never deleted'); END;

CREATE TABLE loads (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    source_file_name TEXT NOT NULL,
    mapping_name     TEXT NOT NULL,
    principal_id     INTEGER NOT NULL REFERENCES principals (id),
    started_at       INTEGER NOT NULL,
    bytes_sha256     BLOB CHECK (length(bytes_sha256) = 32),
    rows_read        INTEGER CHECK (rows_read = rows_accepted + rows_quarantined),
    rows_accepted    INTEGER CHECK (rows_accepted >= 0),
    rows_quarantined INTEGER CHECK (rows_quarantined >= 0),
    finished_at      INTEGER,
    CHECK ((finished_at IS NULL) = (bytes_sha256 IS NULL)),
    CHECK ((finished_at IS NULL) = (rows_read IS NULL)),
    CHECK ((finished_at IS NULL) = (rows_accepted IS NULL)),
    CHECK ((finished_at IS NULL) = (rows_quarantined IS NULL))
) STRICT;

CREATE INDEX loads_by_content ON loads (bytes_sha256, mapping_name);

CREATE TRIGGER loads_finish_once BEFORE UPDATE ON loads WHEN OLD.finished_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a finished load is never changed'); END;

CREATE TRIGGER loads_no_delete BEFORE DELETE ON loads
BEGIN SELECT RAISE(ABORT, 'loads are never deleted'); END;

CREATE TABLE bundles (
    hash       BLOB PRIMARY KEY CHECK (length(hash) = 32),
    name       TEXT NOT NULL CHECK (length(name) > 0),
    created_at INTEGER NOT NULL,
    created_by INTEGER NOT NULL REFERENCES principals (id),
    summary    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER bundles_no_replace BEFORE INSERT ON bundles
WHEN EXISTS (SELECT 1 FROM bundles WHERE hash = NEW.hash)
BEGIN SELECT RAISE(ABORT, 'bundles are append-only'); END;

CREATE TRIGGER bundles_no_update BEFORE UPDATE ON bundles
BEGIN SELECT RAISE(ABORT, 'bundles are append-only'); END;

CREATE TRIGGER bundles_no_delete BEFORE DELETE ON bundles
BEGIN SELECT RAISE(ABORT, 'bundles are append-only'); END;

CREATE TABLE bundle_activations (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    alias          TEXT NOT NULL CHECK (length(alias) > 0),
    bundle_hash    BLOB NOT NULL REFERENCES bundles (hash),
    effective_from INTEGER NOT NULL,
    activated_by   INTEGER NOT NULL REFERENCES principals (id),
    recorded_at    INTEGER NOT NULL
) STRICT;

CREATE INDEX bundle_activations_by_time ON bundle_activations (alias, effective_from, id);

CREATE TRIGGER bundle_activations_no_replace BEFORE INSERT ON bundle_activations
WHEN EXISTS (SELECT 1 FROM bundle_activations WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'bundle activations are append-only'); END;

CREATE TRIGGER bundle_activations_no_update BEFORE UPDATE ON bundle_activations
BEGIN SELECT RAISE(ABORT, 'bundle activations are append-only'); END;

CREATE TRIGGER bundle_activations_no_delete BEFORE DELETE ON bundle_activations
BEGIN SELECT RAISE(ABORT, 'bundle activations are append-only'); END;

CREATE TABLE policy_states (
    version        INTEGER PRIMARY KEY,
    content        TEXT NOT NULL,
    sha256         BLOB NOT NULL CHECK (length(sha256) = 32),
    effective_from INTEGER NOT NULL,
    based_on       INTEGER REFERENCES policy_states (version),
    recorded_at    INTEGER NOT NULL
) STRICT;

CREATE INDEX policy_states_by_time ON policy_states (effective_from, version);

CREATE TRIGGER policy_states_in_order BEFORE INSERT ON policy_states
WHEN NEW.version IS NOT (SELECT coalesce(max(version), 0) + 1 FROM policy_states)
BEGIN SELECT RAISE(ABORT, 'policy states are append-only: versions have no gap'); END;

CREATE TRIGGER policy_states_no_update BEFORE UPDATE ON policy_states
BEGIN SELECT RAISE(ABORT, 'policy states are append-only'); END;

CREATE TRIGGER policy_states_no_delete BEFORE DELETE ON policy_states
BEGIN SELECT RAISE(ABORT, 'policy states are append-only'); END;

-- A period is opened, two custodians hand in their shares of its key, and the key is derived from them. A public
-- value is named when the period is opened and known only after the shares are in, so that nobody chose it.
CREATE TABLE periods (
    period        TEXT PRIMARY KEY CHECK (period GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]'),
    public_source TEXT CHECK (length(public_source) > 0),
    opened_by     INTEGER NOT NULL REFERENCES principals (id),
    opened_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER periods_no_replace BEFORE INSERT ON periods
WHEN EXISTS (SELECT 1 FROM periods WHERE period = NEW.period)
BEGIN SELECT RAISE(ABORT, 'periods are append-only'); END;

CREATE TRIGGER periods_no_update BEFORE UPDATE ON periods
BEGIN SELECT RAISE(ABORT, 'periods are append-only'); END;

CREATE TRIGGER periods_no_delete BEFORE DELETE ON periods
BEGIN SELECT RAISE(ABORT, 'periods are append-only'); END;

CREATE TABLE key_shares (
    period       TEXT NOT NULL REFERENCES periods (period),
    position     INTEGER NOT NULL CHECK (position IN (1, 2)),
    principal_id INTEGER NOT NULL REFERENCES principals (id),
    share        BLOB NOT NULL CHECK (length(share) = 32),
    commitment   BLOB NOT NULL CHECK (length(commitment) = 32),
    handed_in_at INTEGER NOT NULL,
    PRIMARY KEY (period, position)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER key_shares_in_order BEFORE INSERT ON key_shares
WHEN NEW.position <> (SELECT count(*) + 1 FROM key_shares WHERE period = NEW.period)
BEGIN SELECT RAISE(ABORT, 'key shares are append-only: the first, then the second'); END;

CREATE TRIGGER key_shares_no_update BEFORE UPDATE ON key_shares
BEGIN SELECT RAISE(ABORT, 'key shares are append-only'); END;

CREATE TRIGGER key_shares_no_delete BEFORE DELETE ON key_shares
BEGIN SELECT RAISE(ABORT, 'key shares are append-only'); END;

-- The key itself is not stored: it follows from the shares and the public value, and `commitment` says whether rightly.
CREATE TABLE period_keys (
    period       TEXT PRIMARY KEY REFERENCES periods (period),
    commitment   BLOB NOT NULL CHECK (length(commitment) = 32),
    custody      TEXT NOT NULL CHECK (custody IN ('two-persons', 'one-person')),
    public_value BLOB CHECK (length(public_value) BETWEEN 1 AND 1024),
    derived_at   INTEGER NOT NULL,
    revealed_at  INTEGER,
    revealed_by  INTEGER REFERENCES principals (id),
    closed_roots INTEGER CHECK (closed_roots >= 0),
    closed_as_of INTEGER CHECK (closed_as_of >= 0),
    CHECK ((revealed_at IS NULL) = (revealed_by IS NULL)),
    CHECK ((revealed_at IS NULL) = (closed_roots IS NULL)),
    CHECK ((revealed_at IS NULL) = (closed_as_of IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TRIGGER period_keys_no_replace BEFORE INSERT ON period_keys
WHEN EXISTS (SELECT 1 FROM period_keys WHERE period = NEW.period)
BEGIN SELECT RAISE(ABORT, 'a period key is never replaced'); END;

CREATE TRIGGER period_keys_reveal_once BEFORE UPDATE ON period_keys
WHEN OLD.revealed_at IS NOT NULL OR NEW.revealed_at IS NULL OR OLD.period <> NEW.period
    OR OLD.commitment <> NEW.commitment OR OLD.custody <> NEW.custody
    OR OLD.public_value IS NOT NEW.public_value OR OLD.derived_at <> NEW.derived_at
BEGIN SELECT RAISE(ABORT, 'a period key is revealed once and otherwise never changed'); END;

CREATE TRIGGER period_keys_no_delete BEFORE DELETE ON period_keys
BEGIN SELECT RAISE(ABORT, 'a period key is never deleted'); END;

-- What each draw was committed to before it was taken. Decided days are closed one after another, counted by `close`;
-- a work list is that of an office in a close. `list_rows` counts its commitments over all periods, so that none can
-- join it once draws are known; `list_number` counts the lists of the office; `waiting` wait from those before.
CREATE TABLE commitments (
    period               TEXT NOT NULL REFERENCES period_keys (period),
    sequence             INTEGER NOT NULL CHECK (sequence >= 1),
    root                 TEXT NOT NULL,
    version              INTEGER NOT NULL,
    office               TEXT NOT NULL,
    day                  TEXT NOT NULL CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]'),
    close                INTEGER NOT NULL CHECK (close >= 1),
    list_number          INTEGER NOT NULL CHECK (list_number >= 1),
    list_rows            INTEGER NOT NULL CHECK (list_rows >= 1),
    waiting              INTEGER NOT NULL CHECK (waiting >= 0),
    least_lane           TEXT NOT NULL CHECK (least_lane IN ('green', 'blue', 'yellow', 'orange', 'red')),
    p_parts              BLOB NOT NULL CHECK (length(p_parts) = 49),
    policy_state_version INTEGER NOT NULL REFERENCES policy_states (version),
    bundle_hash          BLOB NOT NULL REFERENCES bundles (hash),
    salt                 BLOB NOT NULL CHECK (length(salt) = 32),
    previous             BLOB NOT NULL CHECK (length(previous) = 32),
    hash                 BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (period, sequence)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER commitments_in_order BEFORE INSERT ON commitments
WHEN NEW.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM commitments WHERE period = NEW.period)
BEGIN SELECT RAISE(ABORT, 'commitments are append-only: a sequence has no gap'); END;

CREATE TRIGGER commitments_no_update BEFORE UPDATE ON commitments
BEGIN SELECT RAISE(ABORT, 'commitments are append-only'); END;

CREATE TRIGGER commitments_no_delete BEFORE DELETE ON commitments
BEGIN SELECT RAISE(ABORT, 'commitments are append-only'); END;

CREATE TABLE checkpoints (
    period         TEXT NOT NULL REFERENCES period_keys (period),
    number         INTEGER NOT NULL CHECK (number >= 1),
    log            TEXT NOT NULL CHECK (length(log) > 0),
    count          INTEGER NOT NULL CHECK (count >= 0),
    head           BLOB NOT NULL CHECK (length(head) = 32),
    merkle_root    BLOB NOT NULL CHECK (length(merkle_root) = 32),
    key_commitment BLOB NOT NULL CHECK (length(key_commitment) = 32),
    signed_at      INTEGER NOT NULL,
    public_key     BLOB NOT NULL CHECK (length(public_key) = 32),
    signature      BLOB NOT NULL CHECK (length(signature) = 64),
    PRIMARY KEY (period, number)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER checkpoints_in_order BEFORE INSERT ON checkpoints
WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM checkpoints WHERE period = NEW.period)
    OR NEW.count < (SELECT coalesce(max(count), 0) FROM checkpoints WHERE period = NEW.period)
BEGIN SELECT RAISE(ABORT, 'checkpoints are append-only: numbers have no gap and counts never fall'); END;

CREATE TRIGGER checkpoints_no_update BEFORE UPDATE ON checkpoints
BEGIN SELECT RAISE(ABORT, 'checkpoints are append-only'); END;

CREATE TRIGGER checkpoints_no_delete BEFORE DELETE ON checkpoints
BEGIN SELECT RAISE(ABORT, 'checkpoints are append-only'); END;

CREATE TABLE decision_runs (
    id                   INTEGER PRIMARY KEY AUTOINCREMENT,
    bundle_hash          BLOB NOT NULL REFERENCES bundles (hash),
    policy_state_version INTEGER NOT NULL REFERENCES policy_states (version),
    period               TEXT NOT NULL REFERENCES period_keys (period),
    snapshot_number      INTEGER NOT NULL CHECK (snapshot_number >= 0),
    started_at           INTEGER NOT NULL,
    row_count            INTEGER CHECK (row_count >= 0),
    finished_at          INTEGER,
    CHECK ((finished_at IS NULL) = (row_count IS NULL))
) STRICT;

CREATE TRIGGER decision_runs_finish_once BEFORE UPDATE ON decision_runs WHEN OLD.finished_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a finished decision run is never changed'); END;

CREATE TRIGGER decision_runs_no_delete BEFORE DELETE ON decision_runs
BEGIN SELECT RAISE(ABORT, 'decision runs are never deleted'); END;
