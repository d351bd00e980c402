-- From when the network takes codes of a lot: the act, its runs where it is not about the whole lot, and which centres
-- were told of it. A part that was planned after the whole lot's date says the date itself.
CREATE TABLE lot_activation (
  id           uuid PRIMARY KEY,
  lot          text NOT NULL REFERENCES lot,
  activated_on timestamptz NOT NULL,
  whole        boolean NOT NULL,
  made_at      timestamptz NOT NULL,
  made_by      text NOT NULL
);
CREATE INDEX lot_activation_of_lot ON lot_activation (lot);

CREATE TABLE lot_activation_run (
  activation_id uuid NOT NULL REFERENCES lot_activation,
  first_serial  bigint NOT NULL CHECK (first_serial >= 0),
  count         int NOT NULL CHECK (count > 0),
  PRIMARY KEY (activation_id, first_serial)
);

-- One message each, in the outbox under the same id.
CREATE TABLE lot_activation_told (
  activation_id uuid NOT NULL REFERENCES lot_activation,
  partner       text NOT NULL,
  message_id    uuid NOT NULL UNIQUE,
  state         text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'taken', 'refused')),
  reason        text,
  told_at       timestamptz NOT NULL,
  settled_at    timestamptz,
  PRIMARY KEY (activation_id, partner),
  CHECK ((state = 'waiting') = (settled_at IS NULL)),
  CHECK ((state = 'refused') = (reason IS NOT NULL))
);

CREATE INDEX restock_delivery_asleep ON restock_delivery (lot) WHERE activated_on IS NULL;
