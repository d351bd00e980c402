-- What other figures are measured against: 100,000 rows by COPY into a table of eight columns,
-- with a primary key and one more index. Fixed: it does not follow our own storage.
DROP TABLE IF EXISTS reference_row;
CREATE TABLE reference_row (
  id bigint PRIMARY KEY,
  lot bigint NOT NULL,
  serial bigint NOT NULL,
  product text NOT NULL,
  state text NOT NULL,
  sealed bytea NOT NULL,
  expires_on date NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE INDEX reference_row_serial ON reference_row (serial);
