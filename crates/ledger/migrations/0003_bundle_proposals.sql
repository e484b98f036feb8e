-- A bundle that changes who is inspected is proposed by one principal and put in force by another.

CREATE TABLE bundle_proposals (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    alias          TEXT NOT NULL CHECK (length(alias) > 0),
    bundle_hash    BLOB NOT NULL REFERENCES bundles (hash),
    -- Nothing stands for the moment of approval.
    effective_from INTEGER,
    reason         TEXT NOT NULL CHECK (length(reason) > 0),
    proposed_by    INTEGER NOT NULL REFERENCES principals (id),
    proposed_at    INTEGER NOT NULL
) STRICT;

CREATE TRIGGER bundle_proposals_no_replace BEFORE INSERT ON bundle_proposals
WHEN EXISTS (SELECT 1 FROM bundle_proposals WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'bundle proposals are append-only'); END;

CREATE TRIGGER bundle_proposals_no_update BEFORE UPDATE ON bundle_proposals
BEGIN SELECT RAISE(ABORT, 'bundle proposals are append-only'); END;

CREATE TRIGGER bundle_proposals_no_delete BEFORE DELETE ON bundle_proposals
BEGIN SELECT RAISE(ABORT, 'bundle proposals are append-only'); END;

CREATE TABLE bundle_verdicts (
    proposal   INTEGER PRIMARY KEY REFERENCES bundle_proposals (id),
    approved   INTEGER NOT NULL CHECK (approved IN (0, 1)),
    reason     TEXT NOT NULL CHECK (length(reason) > 0),
    decided_by INTEGER NOT NULL REFERENCES principals (id),
    decided_at INTEGER NOT NULL
) STRICT;

CREATE TRIGGER bundle_verdicts_no_replace BEFORE INSERT ON bundle_verdicts
WHEN EXISTS (SELECT 1 FROM bundle_verdicts WHERE proposal = NEW.proposal)
BEGIN SELECT RAISE(ABORT, 'a proposal is decided once'); END;

CREATE TRIGGER bundle_verdicts_two_principals BEFORE INSERT ON bundle_verdicts
WHEN NEW.approved = 1
    AND NEW.decided_by = (SELECT proposed_by FROM bundle_proposals WHERE id = NEW.proposal)
BEGIN SELECT RAISE(ABORT, 'a proposal is approved by another principal than proposed it'); END;

CREATE TRIGGER bundle_verdicts_no_update BEFORE UPDATE ON bundle_verdicts
BEGIN SELECT RAISE(ABORT, 'a proposal is decided once'); END;

CREATE TRIGGER bundle_verdicts_no_delete BEFORE DELETE ON bundle_verdicts
BEGIN SELECT RAISE(ABORT, 'a proposal is decided once'); END;

ALTER TABLE bundle_activations ADD COLUMN proposal INTEGER REFERENCES bundle_verdicts (proposal);
