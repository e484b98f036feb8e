-- Orders to erase, recorded before anything is erased, so that one that broke off is gone on with; and certificates of datasets that
-- were made anew without the rows, which may have no row left.

CREATE TABLE erasure_orders (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The declaration or party, under a keyed hash; nothing stands for what is older than it is kept.
    subject     BLOB CHECK (length(subject) = 32),
    -- Whose rows of which tables, and how far it is, as JSON.
    plan        TEXT NOT NULL,
    reason      TEXT NOT NULL CHECK (length(reason) > 0),
    begun_by    INTEGER NOT NULL REFERENCES principals (id),
    begun_at    INTEGER NOT NULL,
    finished_at INTEGER
) STRICT;

CREATE TRIGGER erasure_orders_no_replace BEFORE INSERT ON erasure_orders
WHEN EXISTS (SELECT 1 FROM erasure_orders WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'orders to erase are never replaced'); END;

CREATE TRIGGER erasure_orders_finish_once BEFORE UPDATE ON erasure_orders
WHEN OLD.finished_at IS NOT NULL OR NEW.id IS NOT OLD.id OR NEW.subject IS NOT OLD.subject
    OR NEW.reason IS NOT OLD.reason OR NEW.begun_by IS NOT OLD.begun_by OR NEW.begun_at IS NOT OLD.begun_at
BEGIN SELECT RAISE(ABORT, 'an order to erase is finished once, and what it is about never changed'); END;

CREATE TRIGGER erasure_orders_no_delete BEFORE DELETE ON erasure_orders
BEGIN SELECT RAISE(ABORT, 'orders to erase are never deleted'); END;

-- A condition of a table cannot be altered: the certificates move to a table with the new one.
CREATE TABLE erasures_anew (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    table_name    TEXT NOT NULL CHECK (length(table_name) > 0),
    -- Rows of the months before this one.
    before_month  TEXT CHECK (before_month GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]'),
    -- Rows of one declaration or party.
    subject       BLOB CHECK (length(subject) = 32),
    -- Rows erased; of a dataset that was made anew, rows that it has since.
    rows          INTEGER NOT NULL,
    files         INTEGER NOT NULL,
    bytes         INTEGER NOT NULL,
    lake_version  INTEGER NOT NULL,
    reason        TEXT NOT NULL CHECK (length(reason) > 0),
    erased_by     INTEGER NOT NULL REFERENCES principals (id),
    erased_at     INTEGER NOT NULL,
    is_made_anew  INTEGER NOT NULL CHECK (is_made_anew IN (0, 1)),
    -- Nothing for certificates from before orders were recorded.
    erasure_order INTEGER REFERENCES erasure_orders (id),
    CHECK ((before_month IS NULL) <> (subject IS NULL)),
    CHECK (rows > 0 OR (is_made_anew = 1 AND rows = 0))
) STRICT;

INSERT INTO erasures_anew
SELECT id, table_name, before_month, subject, rows, files, bytes, lake_version, reason, erased_by, erased_at,
    table_name IN (SELECT name FROM dataset_versions), NULL
FROM erasures ORDER BY id;

DROP TABLE erasures;

ALTER TABLE erasures_anew RENAME TO erasures;

CREATE INDEX erasures_by_subject ON erasures (subject);

CREATE TRIGGER erasures_no_replace BEFORE INSERT ON erasures
WHEN EXISTS (SELECT 1 FROM erasures WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'erasures are append-only'); END;

CREATE TRIGGER erasures_no_update BEFORE UPDATE ON erasures
BEGIN SELECT RAISE(ABORT, 'erasures are append-only'); END;

CREATE TRIGGER erasures_no_delete BEFORE DELETE ON erasures
BEGIN SELECT RAISE(ABORT, 'erasures are append-only'); END;
