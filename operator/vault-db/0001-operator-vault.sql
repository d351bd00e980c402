-- The operator vault's own tables: everything sealed, and its journal of what it closed for whom. Only the vault's role
-- writes here (grants.sql), and the api's cannot even connect.

-- What the vault was told of products, by which it checks codes and makes them. What it knows of one never changes.
CREATE TABLE product (
  id          text PRIMARY KEY CHECK (id ~ '^[A-Z][A-Z0-9]{1,9}-[0-9]{1,7}$'),
  code_digits int NOT NULL CHECK (code_digits BETWEEN 10 AND 18),
  check_digit text NOT NULL CHECK (check_digit IN ('none', 'luhn'))
);

-- A lot record: its content key closed for ourselves, and the vault's MAC over it (office/vault/lot-record.ts).
CREATE TABLE sealed_lot (
  id           text PRIMARY KEY,
  product      text NOT NULL REFERENCES product,
  code_digits  int NOT NULL,
  expires_on   date NOT NULL,
  codes        int NOT NULL CHECK (codes > 0),
  source       text NOT NULL CHECK (source IN ('file', 'generator')),
  activated_at timestamptz,
  sealed_at    timestamptz NOT NULL,
  wrapped_key  bytea NOT NULL,
  mac          bytea NOT NULL,
  -- Who brought it in, and the file it came in, for the books; null for lots of the first release, where they have it.
  brought_by   text,
  file_name    text,
  -- In the order in which lots were closed: the books enter them in this order.
  no           bigint NOT NULL UNIQUE GENERATED ALWAYS AS IDENTITY
);
CREATE SEQUENCE lot_number;

-- `sealed`: the pack's codes, one after the other; row `first_index + place` is the nonce of the code at `place`.
-- `closed_upto` only grows: what was closed for the centre once is closed for nobody else (assert in pairs with
-- the api's `pack.allocated`).
CREATE TABLE sealed_pack (
  id           bigint PRIMARY KEY,
  lot          text NOT NULL REFERENCES sealed_lot DEFERRABLE INITIALLY DEFERRED,
  first_serial bigint NOT NULL,
  count        int NOT NULL CHECK (count BETWEEN 1 AND 1000),
  first_index  bigint NOT NULL,
  sealed       bytea NOT NULL,
  closed_upto  int NOT NULL DEFAULT 0 CHECK (closed_upto BETWEEN 0 AND count),
  -- Each serial once. Deferred, so that an import can say which lines overlap before it is refused.
  CONSTRAINT sealed_pack_serials EXCLUDE USING gist (int8range(first_serial, first_serial + count) WITH &&)
    DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX sealed_pack_of_lot ON sealed_pack (lot);
-- Ciphertext does not compress; the attempt would cost more than it stores.
ALTER TABLE sealed_pack ALTER COLUMN sealed SET STORAGE EXTERNAL;

-- 32 bits a code (office/vault/fingerprint.ts), not unique on purpose. No foreign key: a million lookups an import
-- for a reference that the same statement's pair has just inserted.
CREATE TABLE code_fingerprint (
  fingerprint int4 NOT NULL,
  place       int2 NOT NULL,
  pack        bigint NOT NULL
);
CREATE INDEX code_fingerprint_of ON code_fingerprint (fingerprint);

-- Files taken, by an HMAC under a key of the vault: the same file is known again, and its content is not.
CREATE TABLE stock_file (
  tag      bytea PRIMARY KEY CHECK (octet_length(tag) = 32),
  lots     text[] NOT NULL,
  codes    int NOT NULL,
  taken_at timestamptz NOT NULL
);

-- The generator's next serial. A row, not a sequence: it moves with the codes or not at all.
CREATE TABLE serial_counter (
  only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  next_serial bigint NOT NULL
);
INSERT INTO serial_counter (next_serial) VALUES (100000000000);

-- What the vault itself verified: an order's signature, and so the most it will ever close for it.
CREATE TABLE verified_order (
  id           uuid PRIMARY KEY,
  partner      text NOT NULL,
  payload_hash bytea NOT NULL CHECK (octet_length(payload_hash) = 32),
  verified_at  timestamptz NOT NULL
);
CREATE TABLE verified_order_line (
  order_id uuid NOT NULL REFERENCES verified_order,
  line_no  int NOT NULL,
  product  text NOT NULL,
  ordered  int NOT NULL,
  closed   int NOT NULL DEFAULT 0,
  PRIMARY KEY (order_id, line_no),
  CONSTRAINT closed_within_order CHECK (closed BETWEEN 0 AND ordered)
);

-- The vault's journal of what it closed for whom. The bytes are kept: the same delivery is never made twice.
CREATE TABLE closed_delivery (
  id        uuid PRIMARY KEY,
  order_id  uuid NOT NULL,
  line_no   int NOT NULL,
  codes     int NOT NULL,
  plan_hash bytea NOT NULL CHECK (octet_length(plan_hash) = 32),
  bytes     bytea NOT NULL,
  closed_at timestamptz NOT NULL,
  FOREIGN KEY (order_id, line_no) REFERENCES verified_order_line
);
ALTER TABLE closed_delivery ALTER COLUMN bytes SET STORAGE EXTERNAL;
