-- The operator's stock and what was promised and sent of it. Two rooms write here, each its own tables: the api
-- (products, lots, packs, orders, deliveries) and the vault (everything sealed, and its own journal of what it closed).

-- The api's room ------------------------------------------------------------------------------------------------

CREATE TABLE product (
  id                 text PRIMARY KEY CHECK (id ~ '^[A-Z][A-Z0-9]{1,9}-[0-9]{1,7}$'),
  currency           text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  face_value_minor   bigint NOT NULL CHECK (face_value_minor > 0),
  public_price_minor bigint NOT NULL CHECK (public_price_minor > 0),
  tax_minor          bigint NOT NULL CHECK (tax_minor >= 0),
  net_credit_minor   bigint NOT NULL CHECK (net_credit_minor > 0),
  code_digits        int NOT NULL CHECK (code_digits BETWEEN 10 AND 18),
  check_digit        text NOT NULL CHECK (check_digit IN ('none', 'luhn')),
  validity_days      int NOT NULL CHECK (validity_days > 0),
  refill_template    text NOT NULL,
  on_hold            boolean NOT NULL DEFAULT false,
  added_at           timestamptz NOT NULL
);

CREATE TABLE lot (
  id           text PRIMARY KEY,
  product      text NOT NULL REFERENCES product,
  expires_on   date NOT NULL,
  codes        int NOT NULL CHECK (codes > 0),
  -- From when the network accepts the lot's codes; null: not yet.
  activated_at timestamptz,
  sealed_at    timestamptz NOT NULL
);
CREATE INDEX lot_of_product ON lot (product, expires_on, id);

-- The public side of the vault's sealed_pack, under the same id. `allocated` codes from the first one are promised.
CREATE TABLE pack (
  id           bigint PRIMARY KEY,
  lot          text NOT NULL REFERENCES lot,
  first_serial bigint NOT NULL,
  count        int NOT NULL CHECK (count BETWEEN 1 AND 1000),
  allocated    int NOT NULL DEFAULT 0 CHECK (allocated BETWEEN 0 AND count)
);
CREATE INDEX pack_of_lot ON pack (lot, first_serial);
CREATE INDEX pack_with_stock ON pack (lot, first_serial) WHERE allocated < count;

CREATE TABLE restock_order (
  id          uuid PRIMARY KEY,
  partner     text NOT NULL,
  verdict     text NOT NULL CHECK (verdict IN ('accepted', 'partly', 'refused')),
  reason      text,
  received_at timestamptz NOT NULL,
  expires_at  timestamptz NOT NULL
);

CREATE TABLE restock_order_line (
  order_id         uuid NOT NULL REFERENCES restock_order,
  line_no          int NOT NULL,
  product          text NOT NULL,
  ordered          int NOT NULL CHECK (ordered > 0),
  accepted         int NOT NULL CHECK (accepted BETWEEN 0 AND ordered),
  -- The price and how it came about, so that a statement can be recomputed.
  unit_price_minor bigint,
  currency         text,
  discount_basis_points int,
  rounding         text,
  reason           text,
  PRIMARY KEY (order_id, line_no)
);

-- One part. Planned with its order, closed by the vault, then in the outbox under the same id until its receipt.
CREATE TABLE restock_delivery (
  id               uuid PRIMARY KEY,
  position         bigint GENERATED ALWAYS AS IDENTITY,
  order_id         uuid NOT NULL,
  line_no          int NOT NULL,
  part             int NOT NULL,
  parts            int NOT NULL,
  lot              text NOT NULL REFERENCES lot,
  codes            int NOT NULL CHECK (codes BETWEEN 1 AND 10000),
  state            text NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'despatched', 'taken', 'refused')),
  issued_at        timestamptz NOT NULL,
  -- As the part says it: what is closed twice must be closed alike, whatever was marked meanwhile.
  activated_on     timestamptz,
  settled_at       timestamptz,
  -- Codes that the centre took; the others of a settled part are on hold.
  codes_taken      int,
  reason           text,
  FOREIGN KEY (order_id, line_no) REFERENCES restock_order_line,
  UNIQUE (order_id, line_no, part),
  CHECK ((state IN ('taken', 'refused')) = (codes_taken IS NOT NULL)),
  CHECK (codes_taken BETWEEN 0 AND codes)
);
CREATE INDEX restock_delivery_planned ON restock_delivery (position) WHERE state = 'planned';

CREATE TABLE restock_run (
  delivery_id  uuid NOT NULL REFERENCES restock_delivery,
  pack         bigint NOT NULL REFERENCES pack,
  first_serial bigint NOT NULL,
  count        int NOT NULL CHECK (count > 0),
  PRIMARY KEY (delivery_id, first_serial)
);
CREATE INDEX restock_run_of_pack ON restock_run (pack);

-- Codes that came back to a receipt as known already, by serial.
CREATE TABLE restock_duplicate (
  delivery_id uuid NOT NULL REFERENCES restock_delivery,
  serial      bigint NOT NULL,
  PRIMARY KEY (delivery_id, serial)
);

-- The vault's room ----------------------------------------------------------------------------------------------

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
  mac          bytea NOT NULL
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
