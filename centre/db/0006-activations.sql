-- From when an operator's network takes codes of a lot, as its signed messages said it: for the whole lot, or for runs
-- of serials. Kept, because codes of the lot may come later. The earliest mark of a code holds.
CREATE TABLE lot_activation (
  operator     text NOT NULL,
  -- The message that said it: an activation, or a delivery part that brought its date along.
  id           uuid NOT NULL,
  lot_id       text NOT NULL,
  activated_on timestamptz NOT NULL,
  whole        boolean NOT NULL,
  taken_at     timestamptz NOT NULL,
  PRIMARY KEY (operator, id)
);
CREATE INDEX lot_activation_of_lot ON lot_activation (operator, lot_id);

CREATE TABLE lot_activation_run (
  operator      text NOT NULL,
  activation_id uuid NOT NULL,
  first_serial  bigint NOT NULL CHECK (first_serial >= 0),
  count         int NOT NULL CHECK (count > 0),
  PRIMARY KEY (operator, activation_id, first_serial),
  FOREIGN KEY (operator, activation_id) REFERENCES lot_activation (operator, id)
);

CREATE INDEX pack_of_lot ON pack (operator, lot_id);
