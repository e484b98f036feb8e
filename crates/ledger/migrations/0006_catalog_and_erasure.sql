-- What became of each making of a dataset, what a steward confirmed of columns, and what was erased.

CREATE TABLE dataset_versions (
    name         TEXT NOT NULL CHECK (length(name) > 0),
    version      INTEGER NOT NULL,
    definition   TEXT NOT NULL,
    sha256       BLOB NOT NULL CHECK (length(sha256) = 32),
    -- What readers are told of it, as JSON.
    description  TEXT NOT NULL,
    lake_table   TEXT NOT NULL CHECK (length(lake_table) > 0),
    lake_version INTEGER NOT NULL,
    -- Snapshot of the lake whose rows it is made of.
    snapshot     INTEGER NOT NULL,
    -- Months made anew, as JSON; nothing stands for all rows.
    months       TEXT,
    rows         INTEGER NOT NULL CHECK (rows >= 0),
    -- What each check found, as JSON.
    checks       TEXT NOT NULL,
    is_published INTEGER NOT NULL CHECK (is_published IN (0, 1)),
    made_by      INTEGER NOT NULL REFERENCES principals (id),
    made_at      INTEGER NOT NULL,
    PRIMARY KEY (name, version)
) STRICT;

CREATE TRIGGER dataset_versions_in_order BEFORE INSERT ON dataset_versions
WHEN NEW.version IS NOT (SELECT coalesce(max(version), 0) + 1 FROM dataset_versions WHERE name = NEW.name)
BEGIN SELECT RAISE(ABORT, 'dataset versions are append-only: they have no gap'); END;

CREATE TRIGGER dataset_versions_no_update BEFORE UPDATE ON dataset_versions
BEGIN SELECT RAISE(ABORT, 'dataset versions are append-only'); END;

CREATE TRIGGER dataset_versions_no_delete BEFORE DELETE ON dataset_versions
BEGIN SELECT RAISE(ABORT, 'dataset versions are append-only'); END;

-- The newest of a column holds.
CREATE TABLE column_classifications (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    table_name   TEXT NOT NULL CHECK (length(table_name) > 0),
    column_name  TEXT NOT NULL CHECK (length(column_name) > 0),
    grade        TEXT NOT NULL CHECK (
        grade IN ('general-1', 'general-2', 'general-3', 'general-4', 'important', 'core')),
    category     TEXT NOT NULL CHECK (length(category) > 0),
    -- What speaks for it: what was found in the column's values, never the values.
    evidence     TEXT NOT NULL,
    confirmed_by INTEGER NOT NULL REFERENCES principals (id),
    confirmed_at INTEGER NOT NULL
) STRICT;

CREATE INDEX column_classifications_by_column ON column_classifications (table_name, column_name);

CREATE TRIGGER column_classifications_no_replace BEFORE INSERT ON column_classifications
WHEN EXISTS (SELECT 1 FROM column_classifications WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'classifications are append-only'); END;

CREATE TRIGGER column_classifications_no_update BEFORE UPDATE ON column_classifications
BEGIN SELECT RAISE(ABORT, 'classifications are append-only'); END;

CREATE TRIGGER column_classifications_no_delete BEFORE DELETE ON column_classifications
BEGIN SELECT RAISE(ABORT, 'classifications are append-only'); END;

-- Certificates: rows that were erased, and that no byte of them is left. Whom they were about stands as a keyed hash.
CREATE TABLE erasures (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    table_name   TEXT NOT NULL CHECK (length(table_name) > 0),
    -- Rows of the months before this one.
    before_month TEXT CHECK (before_month GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]'),
    -- Rows of one declaration.
    subject      BLOB CHECK (length(subject) = 32),
    rows         INTEGER NOT NULL CHECK (rows > 0),
    files        INTEGER NOT NULL,
    bytes        INTEGER NOT NULL,
    lake_version INTEGER NOT NULL,
    reason       TEXT NOT NULL CHECK (length(reason) > 0),
    erased_by    INTEGER NOT NULL REFERENCES principals (id),
    erased_at    INTEGER NOT NULL,
    CHECK ((before_month IS NULL) <> (subject IS NULL))
) STRICT;

CREATE INDEX erasures_by_subject ON erasures (subject);

CREATE TRIGGER erasures_no_replace BEFORE INSERT ON erasures
WHEN EXISTS (SELECT 1 FROM erasures WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'erasures are append-only'); END;

CREATE TRIGGER erasures_no_update BEFORE UPDATE ON erasures
BEGIN SELECT RAISE(ABORT, 'erasures are append-only'); END;

CREATE TRIGGER erasures_no_delete BEFORE DELETE ON erasures
BEGIN SELECT RAISE(ABORT, 'erasures are append-only'); END;
