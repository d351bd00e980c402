-- What became of lots as a whole, in whichever depots they lie, a row for each change: the newest is what a lot is, and one that has none is simply in
-- stock. Only ever added.
CREATE TABLE lot_state (
  operator text NOT NULL,
  lot      text NOT NULL,
  no       int NOT NULL CHECK (no > 0),
  state    text NOT NULL CHECK (state IN ('in_stock', 'held', 'recalled', 'void', 'expired')),
  cause    text NOT NULL CHECK (length(cause) BETWEEN 1 AND 200),
  set_by   text NOT NULL,
  set_at   timestamptz NOT NULL,
  request  bigint UNIQUE REFERENCES request (number),
  PRIMARY KEY (operator, lot, no),
  CONSTRAINT lot_state_void_was_agreed CHECK (state <> 'void' OR request IS NOT NULL)
);
CREATE INDEX lot_of_day ON lot (depot_id, expires_on);
