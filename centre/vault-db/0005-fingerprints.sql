-- Fingerprints of 40 bits behind the operator and the code length that they are of (office/vault/fingerprint.ts): a new code
-- is held against its own kind, however many others there are. Those of 32 bits, of parts that came before, stay in
-- vault_fingerprint, and are looked up there as long as there are any.
CREATE TABLE vault_code_fingerprint (
  fingerprint bigint NOT NULL,
  serial      bigint NOT NULL
);
CREATE INDEX vault_code_fingerprint_of ON vault_code_fingerprint (fingerprint);
-- A part's rows lie together: those of a lot that has ended are found by their serials, page by page.
CREATE INDEX vault_code_fingerprint_lies ON vault_code_fingerprint
  USING brin (serial int8_minmax_multi_ops) WITH (pages_per_range = 16, autosummarize = on);

ALTER TABLE vault_lot_record
  -- As the operator's signed part said it; null: of parts that came before, which are never forgotten.
  ADD COLUMN expires_on date,
  -- From when on the codes' fingerprints are gone: an ended lot's codes may come again as others'.
  ADD COLUMN forgotten_at timestamptz;
CREATE INDEX vault_lot_record_to_forget ON vault_lot_record (operator, expires_on)
 WHERE expires_on IS NOT NULL AND forgotten_at IS NULL;
