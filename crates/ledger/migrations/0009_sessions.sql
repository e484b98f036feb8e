-- Sessions of persons who logged in, told apart from tokens that were made for programs: how long they may be unused before they
-- end. A log-in before this file is a token until it ends.

ALTER TABLE api_tokens ADD COLUMN idle_seconds INTEGER CHECK (idle_seconds > 0);

CREATE TRIGGER api_tokens_keep_their_kind BEFORE UPDATE OF idle_seconds ON api_tokens
BEGIN SELECT RAISE(ABORT, 'a token never becomes a session'); END;
