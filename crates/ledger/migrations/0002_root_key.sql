-- The secret that names consignments: with another one, a consignment that is lodged again would get another draw.

CREATE TABLE root_key (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    key        BLOB NOT NULL CHECK (length(key) = 32),
    created_at INTEGER NOT NULL
) STRICT;

CREATE TRIGGER root_key_no_replace BEFORE INSERT ON root_key WHEN EXISTS (SELECT 1 FROM root_key)
BEGIN SELECT RAISE(ABORT, 'the root key is never replaced'); END;

CREATE TRIGGER root_key_no_update BEFORE UPDATE ON root_key
BEGIN SELECT RAISE(ABORT, 'the root key is never changed'); END;

CREATE TRIGGER root_key_no_delete BEFORE DELETE ON root_key
BEGIN SELECT RAISE(ABORT, 'the root key is never deleted'); END;
