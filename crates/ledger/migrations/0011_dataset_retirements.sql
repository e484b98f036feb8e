-- Datasets that are retired: readers do not see one until it is restored.

CREATE TABLE dataset_retirements (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    name           TEXT NOT NULL CHECK (length(name) > 0),
    reason         TEXT NOT NULL CHECK (length(reason) > 0),
    retired_by     INTEGER NOT NULL REFERENCES principals (id),
    retired_at     INTEGER NOT NULL,
    restored_by    INTEGER REFERENCES principals (id),
    restored_at    INTEGER,
    restore_reason TEXT CHECK (length(restore_reason) > 0),
    CHECK ((restored_at IS NULL) = (restored_by IS NULL)),
    CHECK ((restored_at IS NULL) = (restore_reason IS NULL))
) STRICT;

CREATE UNIQUE INDEX dataset_retirements_in_force ON dataset_retirements (name) WHERE restored_at IS NULL;

CREATE TRIGGER dataset_retirements_restored_once BEFORE UPDATE ON dataset_retirements
WHEN OLD.restored_at IS NOT NULL OR NEW.restored_at IS NULL OR NEW.id IS NOT OLD.id OR NEW.name IS NOT OLD.name
    OR NEW.reason IS NOT OLD.reason OR NEW.retired_by IS NOT OLD.retired_by OR NEW.retired_at IS NOT OLD.retired_at
BEGIN SELECT RAISE(ABORT, 'a dataset is restored once, and its retirement otherwise never changed'); END;

CREATE TRIGGER dataset_retirements_no_replace BEFORE INSERT ON dataset_retirements
WHEN EXISTS (SELECT 1 FROM dataset_retirements WHERE id = NEW.id OR (name = NEW.name AND restored_at IS NULL))
BEGIN SELECT RAISE(ABORT, 'the retirement of a dataset is never replaced'); END;

CREATE TRIGGER dataset_retirements_no_delete BEFORE DELETE ON dataset_retirements
BEGIN SELECT RAISE(ABORT, 'the retirement of a dataset is never deleted'); END;
