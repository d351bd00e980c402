-- The centre vault's own tables: sealed codes, wrapped keys, its ring and its journal. Only the vault's role writes here
-- (grants.sql), and the api's cannot even connect.

-- What the vault was told of products, by which it checks codes. What it knows of one never changes.
CREATE TABLE product (
  id          text PRIMARY KEY,
  operator    text NOT NULL,
  code_digits int NOT NULL,
  check_digit text NOT NULL CHECK (check_digit IN ('none', 'luhn'))
);

CREATE TABLE vault_lot_record (
  id          uuid PRIMARY KEY,
  operator    text NOT NULL,
  lot_id      text NOT NULL,
  product_id  text NOT NULL,
  code_digits int NOT NULL,
  wrapped_key bytea NOT NULL,
  mac         bytea NOT NULL
);

CREATE TABLE vault_pack (
  operator     text NOT NULL,
  first_serial bigint NOT NULL,
  count        int NOT NULL CHECK (count BETWEEN 1 AND 1000),
  record_id    uuid NOT NULL REFERENCES vault_lot_record (id),
  first_index  bigint NOT NULL,
  sealed       bytea NOT NULL,
  -- The journal's cursor: it only goes forward, so no code is closed for two terminals.
  closed_upto  int NOT NULL DEFAULT 0,
  PRIMARY KEY (operator, first_serial),
  CHECK (closed_upto BETWEEN 0 AND count)
);
-- Sealed bytes do not compress; without this PostgreSQL tries at every insert.
ALTER TABLE vault_pack ALTER COLUMN sealed SET STORAGE EXTERNAL;

-- 32 bits, never unique: a match is settled by opening both codes.
CREATE TABLE vault_fingerprint (
  serial      bigint NOT NULL,
  fingerprint int NOT NULL
);
CREATE INDEX vault_fingerprint_of ON vault_fingerprint (fingerprint);

-- Restock orders as this vault signed them, and what the operator's signed answer accepted.
CREATE TABLE vault_restock_line (
  order_id         uuid NOT NULL,
  operator         text NOT NULL,
  line_no          int NOT NULL,
  product_id       text NOT NULL,
  quantity         int NOT NULL,
  -- Null until the operator's signed answer was opened here.
  accepted         int CHECK (accepted >= 0),
  received         int NOT NULL DEFAULT 0,
  unit_price       text,
  PRIMARY KEY (order_id, line_no),
  CHECK (received <= coalesce(accepted, 0))
);

-- A delivery part's outcome: the same part again gets the same answer.
CREATE TABLE vault_restock_delivery (
  operator     text NOT NULL,
  id           uuid NOT NULL,
  payload_hash bytea NOT NULL,
  taken        text NOT NULL,
  receipt      bytea NOT NULL,
  PRIMARY KEY (operator, id)
);

-- Certificates by number; messages name a key by it. The bytes are the proof: the root's signature.
CREATE TABLE vault_certificate (
  number     int PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  subject    text NOT NULL,
  bytes      bytea,
  revoked_at timestamptz
);
CREATE INDEX ON vault_certificate (subject);

CREATE TABLE vault_enrolment (
  number       int PRIMARY KEY GENERATED ALWAYS AS IDENTITY (START WITH 1001),
  terminal_id  text NOT NULL,
  retailer_id  text NOT NULL,
  expires_at   timestamptz NOT NULL,
  -- Both MAC keys, closed for this vault itself.
  wrapped_keys bytea NOT NULL,
  mac          bytea NOT NULL,
  device_key   bytea,
  -- The certificate that came of it.
  certificate  int REFERENCES vault_certificate (number)
);

-- The ring: which terminal is whose, which card is whose. Each row carries the vault's MAC, because a database
-- administrator must not be able to name a card of his own.
CREATE TABLE vault_terminal (
  id          text PRIMARY KEY,
  retailer_id text NOT NULL,
  certificate int NOT NULL REFERENCES vault_certificate (number),
  mac         bytea NOT NULL,
  revoked_at  timestamptz
);

CREATE TABLE vault_card (
  id          text PRIMARY KEY,
  retailer_id text NOT NULL,
  vendor_id   text NOT NULL,
  class       text NOT NULL,
  public_key  bytea NOT NULL,
  mac         bytea NOT NULL,
  revoked_at  timestamptz
);
CREATE INDEX ON vault_card (retailer_id);

CREATE TABLE vault_safe_key (
  terminal_id text NOT NULL,
  epoch       int NOT NULL,
  ends_at     timestamptz NOT NULL,
  wrapped_key bytea NOT NULL,
  mac         bytea NOT NULL,
  PRIMARY KEY (terminal_id, epoch)
);

-- The journal: for which order of which terminal which runs were closed. The same order again: the same runs.
CREATE TABLE vault_supply (
  terminal_id text NOT NULL,
  sequence    bigint NOT NULL,
  order_hash  bytea NOT NULL,
  epoch       int NOT NULL,
  codes       int NOT NULL,
  runs        text NOT NULL,
  closed_at   timestamptz NOT NULL,
  PRIMARY KEY (terminal_id, sequence)
);
CREATE INDEX ON vault_supply (terminal_id, closed_at);
