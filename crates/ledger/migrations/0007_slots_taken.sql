-- Slots of the day that earlier lists of the office took: what was lodged late shares the slots of its day.
ALTER TABLE commitments ADD COLUMN slots_taken INTEGER NOT NULL DEFAULT 0 CHECK (slots_taken >= 0);
