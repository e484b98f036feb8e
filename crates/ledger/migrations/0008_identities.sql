-- Which person an identity at a provider of single sign-on belongs to. The issuer and the subject name it together (OpenID
-- Connect Core 1.0, section 5.7). What was unlinked stays, with who did it and when.

CREATE TABLE identities (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    principal_id INTEGER NOT NULL REFERENCES principals (id),
    issuer       TEXT NOT NULL CHECK (length(issuer) > 0),
    subject      TEXT NOT NULL CHECK (length(subject) > 0),
    linked_by    INTEGER NOT NULL REFERENCES principals (id),
    linked_at    INTEGER NOT NULL,
    unlinked_by  INTEGER REFERENCES principals (id),
    unlinked_at  INTEGER,
    CHECK ((unlinked_at IS NULL) = (unlinked_by IS NULL))
) STRICT;

CREATE UNIQUE INDEX identities_live ON identities (issuer, subject) WHERE unlinked_at IS NULL;

CREATE TRIGGER identities_unlinked_once BEFORE UPDATE ON identities
WHEN OLD.unlinked_at IS NOT NULL OR NEW.unlinked_at IS NULL OR OLD.id <> NEW.id
    OR OLD.principal_id <> NEW.principal_id OR OLD.issuer <> NEW.issuer OR OLD.subject <> NEW.subject
    OR OLD.linked_by <> NEW.linked_by OR OLD.linked_at <> NEW.linked_at
BEGIN SELECT RAISE(ABORT, 'an identity is unlinked once and otherwise never changed'); END;

CREATE TRIGGER identities_no_replace BEFORE INSERT ON identities
WHEN EXISTS (SELECT 1 FROM identities WHERE id = NEW.id
    OR (issuer = NEW.issuer AND subject = NEW.subject AND unlinked_at IS NULL))
BEGIN SELECT RAISE(ABORT, 'an identity belongs to one person and is unlinked, never replaced'); END;

CREATE TRIGGER identities_no_delete BEFORE DELETE ON identities
BEGIN SELECT RAISE(ABORT, 'an identity is unlinked, never deleted'); END;
