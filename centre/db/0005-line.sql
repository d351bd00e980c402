-- Card letters are numbered for each terminal. `letter_number` is of the newest that was answered; `letter_wanted` rises
-- above it whenever a letter would say something else: a card was registered or revoked. The end of an epoch shows by
-- itself, in `letter_ends_at`.
ALTER TABLE terminal ADD COLUMN letter_number bigint NOT NULL DEFAULT 0 CHECK (letter_number >= 0);
ALTER TABLE terminal ADD COLUMN letter_wanted bigint NOT NULL DEFAULT 1 CHECK (letter_wanted > 0);
