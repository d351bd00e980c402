-- The centre's api tables: what is sold, to whom, what was ordered, and which serials are where. Every row that a
-- supply order touches carries depot_id, the column by which a cluster would spread the tables.

CREATE TABLE product (
  id                 text PRIMARY KEY,
  operator           text NOT NULL,
  face_value_minor   bigint NOT NULL CHECK (face_value_minor >= 0),
  public_price_minor bigint NOT NULL CHECK (public_price_minor > 0),
  tax_minor          bigint NOT NULL CHECK (tax_minor >= 0),
  net_credit_minor   bigint NOT NULL CHECK (net_credit_minor >= 0),
  code_digits        int NOT NULL,
  check_digit        text NOT NULL CHECK (check_digit IN ('none', 'luhn')),
  validity_days      int NOT NULL,
  refill_template    text NOT NULL,
  added_at           timestamptz NOT NULL
);

-- Grows with every change that a terminal must learn of.
CREATE TABLE catalogue (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  version  int NOT NULL
);
INSERT INTO catalogue (version) VALUES (1);

CREATE TABLE retailer (
  number    int PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  id        text NOT NULL UNIQUE GENERATED ALWAYS AS ('R' || lpad(number::text, 5, '0')) STORED,
  depot_id  text NOT NULL,
  name      text NOT NULL,
  place     text NOT NULL,
  added_at  timestamptz NOT NULL,
  closed_at timestamptz
);

-- Rate cards: a discount from the public price from a moment on. The most particular one in force counts: of the
-- retailer and product, of the retailer, of the product, of everyone; of equals the latest.
CREATE TABLE rate (
  id                    bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  retailer_id           text REFERENCES retailer (id),
  product_id            text REFERENCES product (id),
  discount_basis_points int NOT NULL CHECK (discount_basis_points BETWEEN 0 AND 10000),
  valid_from            timestamptz NOT NULL,
  set_by                text NOT NULL
);

CREATE TABLE terminal (
  number             int PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  id                 text NOT NULL UNIQUE GENERATED ALWAYS AS ('T' || lpad(number::text, 5, '0')) STORED,
  depot_id           text NOT NULL,
  retailer_id        text NOT NULL REFERENCES retailer (id),
  added_at           timestamptz NOT NULL,
  -- Of the key that signs its messages; the vault certifies it and keeps the proof.
  certificate_number int UNIQUE,
  public_key         bytea,
  certified_until    timestamptz,
  last_sequence      bigint NOT NULL DEFAULT 0 CHECK (last_sequence >= 0),
  -- The newest epoch whose card letter was answered, and when it ends.
  letter_epoch       int NOT NULL DEFAULT 0,
  letter_ends_at     timestamptz,
  locked_at          timestamptz,
  revoked_at         timestamptz,
  CHECK ((certificate_number IS NULL) = (public_key IS NULL))
);

CREATE TABLE enrolment (
  number      int PRIMARY KEY,
  terminal_id text NOT NULL REFERENCES terminal (id),
  opened_at   timestamptz NOT NULL,
  expires_at  timestamptz NOT NULL,
  -- Of the key that the device sent, once it has asked.
  fingerprint text
);
CREATE INDEX ON enrolment (terminal_id, number);

CREATE TABLE card (
  id              text PRIMARY KEY,
  retailer_id     text NOT NULL REFERENCES retailer (id),
  vendor_id       text NOT NULL,
  class           text NOT NULL CHECK (class IN ('file', 'pkcs11')),
  public_key      bytea NOT NULL,
  key_fingerprint text NOT NULL,
  added_at        timestamptz NOT NULL,
  registered_at   timestamptz,
  revoked_at      timestamptz
);
CREATE INDEX ON card (retailer_id);

-- Signatures of members of staff, collected until the vault has the two it asks for.
CREATE TABLE approval (
  purpose   text NOT NULL,
  subject   text NOT NULL,
  approver  text NOT NULL,
  signature bytea NOT NULL CHECK (octet_length(signature) = 64),
  given_at  timestamptz NOT NULL,
  PRIMARY KEY (purpose, subject, approver)
);

CREATE TABLE restock_order (
  id         uuid PRIMARY KEY,
  operator   text NOT NULL,
  ordered_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  ordered_by text NOT NULL,
  state      text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'accepted', 'partly', 'refused')),
  reason     text
);

CREATE TABLE restock_order_line (
  order_id         uuid NOT NULL REFERENCES restock_order (id),
  line_no          int NOT NULL,
  product_id       text NOT NULL REFERENCES product (id),
  quantity         int NOT NULL CHECK (quantity > 0),
  accepted         int NOT NULL DEFAULT 0,
  received         int NOT NULL DEFAULT 0,
  unit_price_minor bigint,
  reason           text,
  PRIMARY KEY (order_id, line_no)
);

-- Parts that were answered, taken or refused.
CREATE TABLE restock_delivery (
  id          uuid PRIMARY KEY,
  operator    text NOT NULL,
  order_id    uuid NOT NULL,
  line_no     int NOT NULL,
  part        int NOT NULL,
  parts       int NOT NULL,
  lot_id      text NOT NULL,
  product_id  text NOT NULL,
  verdict     text NOT NULL CHECK (verdict IN ('taken', 'refused')),
  reason      text,
  codes       int NOT NULL,
  received_at timestamptz NOT NULL
);

CREATE TABLE lot (
  depot_id     text NOT NULL,
  operator     text NOT NULL,
  id           text NOT NULL,
  product_id   text NOT NULL REFERENCES product (id),
  expires_on   date NOT NULL,
  -- From when the network takes its codes; none of it is supplied before.
  activated_on timestamptz,
  PRIMARY KEY (depot_id, operator, id)
);

-- Up to 1,000 consecutive serials of one lot. A cursor says how many are taken; rows of codes there are none.
CREATE TABLE pack (
  depot_id     text NOT NULL,
  operator     text NOT NULL,
  first_serial bigint NOT NULL,
  count        int NOT NULL CHECK (count BETWEEN 1 AND 1000),
  lot_id       text NOT NULL,
  product_id   text NOT NULL,
  delivery_id  uuid NOT NULL REFERENCES restock_delivery (id),
  expires_on   date NOT NULL,
  activated_on timestamptz,
  taken        int NOT NULL DEFAULT 0,
  PRIMARY KEY (depot_id, operator, first_serial),
  FOREIGN KEY (depot_id, operator, lot_id) REFERENCES lot (depot_id, operator, id),
  CHECK (taken BETWEEN 0 AND count)
);
CREATE INDEX pack_to_take ON pack (depot_id, product_id, expires_on, first_serial) WHERE taken < count;

-- Every signed request of a terminal that used its place in the sequence, with its answer. The answer is stored
-- before it is offered to the line, and never made again; null only for a supply order whose codes are being closed.
CREATE TABLE supply_message (
  depot_id     text NOT NULL,
  terminal_id  text NOT NULL,
  sequence     bigint NOT NULL CHECK (sequence > 0),
  kind         text NOT NULL,
  payload_hash bytea NOT NULL CHECK (octet_length(payload_hash) = 32),
  request      bytea NOT NULL,
  answer       bytea,
  taken_at     timestamptz NOT NULL,
  PRIMARY KEY (depot_id, terminal_id, sequence)
);
CREATE INDEX supply_message_unanswered ON supply_message (depot_id, terminal_id) WHERE answer IS NULL;

-- Accepted supply orders.
CREATE TABLE supply_order (
  depot_id        text NOT NULL,
  terminal_id     text NOT NULL,
  sequence        bigint NOT NULL,
  retailer_id     text NOT NULL,
  decided_at      timestamptz NOT NULL,
  epoch           int NOT NULL,
  codes           int NOT NULL CHECK (codes > 0),
  debited_minor   bigint NOT NULL CHECK (debited_minor >= 0),
  available_minor bigint NOT NULL CHECK (available_minor >= 0),
  -- The first eight bytes of the delivery's payload hash, which its receipt repeats.
  delivery_hash   bytea,
  -- `decided`: codes taken, money pending. `despatched`: the answer is stored. `delivered`: the money is posted.
  -- `withheld`: the vault would not close it; its money was voided and its codes are on hold.
  state           text NOT NULL CHECK (state IN ('decided', 'despatched', 'delivered', 'withheld')),
  settled_at      timestamptz,
  -- In the order of decision, which is the order of the codes in each pack.
  decided_no      bigint GENERATED ALWAYS AS IDENTITY,
  PRIMARY KEY (depot_id, terminal_id, sequence)
);
CREATE INDEX supply_order_pending ON supply_order (depot_id, decided_at) WHERE state = 'despatched';
CREATE INDEX supply_order_recent ON supply_order (depot_id, terminal_id, decided_at);

-- The price of each line and how it came about, so that a statement can be recomputed.
CREATE TABLE supply_order_line (
  depot_id              text NOT NULL,
  terminal_id           text NOT NULL,
  sequence              bigint NOT NULL,
  product_id            text NOT NULL,
  quantity              int NOT NULL,
  supplied              int NOT NULL,
  unit_price_minor      bigint NOT NULL,
  discount_basis_points int NOT NULL,
  rule                  text NOT NULL,
  rounding              text NOT NULL,
  PRIMARY KEY (depot_id, terminal_id, sequence, product_id),
  FOREIGN KEY (depot_id, terminal_id, sequence) REFERENCES supply_order (depot_id, terminal_id, sequence)
);

-- Consecutive codes of one pack, given to a terminal.
CREATE TABLE supply_run (
  depot_id          text NOT NULL,
  operator          text NOT NULL,
  first_serial      bigint NOT NULL,
  count             int NOT NULL CHECK (count > 0),
  pack_first_serial bigint NOT NULL,
  lot_id            text NOT NULL,
  product_id        text NOT NULL,
  expires_on        date NOT NULL,
  unit_price_minor  bigint NOT NULL,
  terminal_id       text NOT NULL,
  sequence          bigint NOT NULL,
  PRIMARY KEY (depot_id, operator, first_serial),
  FOREIGN KEY (depot_id, terminal_id, sequence) REFERENCES supply_order (depot_id, terminal_id, sequence),
  FOREIGN KEY (depot_id, operator, pack_first_serial) REFERENCES pack (depot_id, operator, first_serial)
);
CREATE INDEX ON supply_run (depot_id, terminal_id, sequence);

-- What terminals reported. One code, at most one sale.
CREATE TABLE sale (
  depot_id    text NOT NULL,
  operator    text NOT NULL,
  serial      bigint NOT NULL,
  product_id  text NOT NULL,
  terminal_id text NOT NULL,
  ticket      bigint NOT NULL,
  vendor_id   text NOT NULL,
  sold_at     timestamptz NOT NULL,
  reported_in bigint NOT NULL,
  PRIMARY KEY (depot_id, operator, serial)
);
CREATE INDEX ON sale (depot_id, terminal_id, ticket);

CREATE TABLE ticket_event (
  depot_id    text NOT NULL,
  id          bigint GENERATED ALWAYS AS IDENTITY,
  operator    text NOT NULL,
  serial      bigint NOT NULL,
  terminal_id text NOT NULL,
  ticket      bigint NOT NULL,
  vendor_id   text NOT NULL,
  at          timestamptz NOT NULL,
  what        text NOT NULL,
  reported_in bigint NOT NULL,
  PRIMARY KEY (depot_id, id)
);

-- What people must look at: a sequence with two contents, a sale of a code that the terminal does not hold, …
CREATE TABLE alarm (
  id      bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  at      timestamptz NOT NULL,
  kind    text NOT NULL,
  subject text NOT NULL,
  details text NOT NULL
);
