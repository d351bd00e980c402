-- Fingerprints of 40 bits behind the code length that they are of (office/vault/fingerprint.ts). Those of 32 bits, of codes
-- that came before, stay in code_fingerprint, and are looked up there as long as there are any.
CREATE TABLE stock_fingerprint (
  fingerprint bigint NOT NULL,
  pack        bigint NOT NULL,
  place       int2 NOT NULL
);
CREATE INDEX stock_fingerprint_of ON stock_fingerprint (fingerprint);
-- Packs are numbered as they come: those of a lot that has ended are found page by page.
CREATE INDEX stock_fingerprint_lies ON stock_fingerprint
  USING brin (pack int8_minmax_multi_ops) WITH (pages_per_range = 16, autosummarize = on);

ALTER TABLE sealed_lot
  -- From when on its codes' fingerprints are gone: an ended lot's codes may come again as others'.
  ADD COLUMN forgotten_at timestamptz;
CREATE INDEX sealed_lot_to_forget ON sealed_lot (expires_on) WHERE forgotten_at IS NULL;
