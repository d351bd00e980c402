-- Every certificate that a terminal has had: a request under an earlier one, or one that has ended, is answered only as
-- it was answered before.
CREATE TABLE terminal_certificate (
  number      int PRIMARY KEY CHECK (number >= 1),
  terminal_id text NOT NULL REFERENCES terminal (id),
  public_key  bytea NOT NULL,
  ends_at     timestamptz NOT NULL
);
INSERT INTO terminal_certificate (number, terminal_id, public_key, ends_at)
SELECT certificate_number, id, public_key, certified_until FROM terminal WHERE certificate_number IS NOT NULL;
CREATE INDEX terminal_certificate_of ON terminal_certificate (terminal_id);

ALTER TABLE terminal
  DROP COLUMN public_key,
  ADD CONSTRAINT terminal_certificate_fkey FOREIGN KEY (certificate_number) REFERENCES terminal_certificate (number),
  ADD CONSTRAINT terminal_certified CHECK ((certificate_number IS NULL) = (certified_until IS NULL)),
  -- When the centre's certificate ends that this terminal holds; null: not known, of a terminal of the first release.
  ADD COLUMN centre_until timestamptz;
