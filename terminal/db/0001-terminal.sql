-- The terminal's store. Codes stand here as delivered, each closed for this terminal; nothing here opens one
-- without the vendor card. Times are milliseconds since 1970, amounts minor units of the catalogue's currency.

-- What the centre said last, as verified contents of wire/supply.
CREATE TABLE centre_word (
  name TEXT PRIMARY KEY CHECK (name IN ('enrolled', 'standing', 'catalogue')),
  content BLOB NOT NULL
) STRICT;

CREATE TABLE enrolment (
  enrolment_number INTEGER PRIMARY KEY,
  -- trying: no answer yet that the code's holder made
  state TEXT NOT NULL CHECK (state IN ('trying', 'waiting', 'refused', 'enrolled')),
  -- Derived from the enrolment code, which is kept nowhere; gone once the enrolment has ended.
  request_key BLOB,
  answer_key BLOB,
  nonce BLOB NOT NULL,
  device_time_s INTEGER NOT NULL,
  -- A poll's number is never used twice: saved before it is sent.
  last_poll INTEGER NOT NULL DEFAULT 0,
  CHECK ((request_key IS NULL) = (state IN ('refused', 'enrolled')))
) STRICT;

CREATE TABLE device (
  only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
  -- The latest time this terminal has worked with.
  high_water_ms INTEGER NOT NULL,
  -- What is added to the machine's clock: set only by a fresh answer of the centre.
  offset_ms INTEGER NOT NULL,
  -- What the retailer may still order for, as the centre said last.
  available_minor INTEGER
) STRICT;
INSERT INTO device VALUES (1, 0, 0, NULL);

-- Safe keys, closed for a card. Letters of earlier epochs stay: codes delivered under them open with them.
CREATE TABLE card_letter (
  epoch INTEGER NOT NULL,
  card TEXT NOT NULL,
  recipient BLOB NOT NULL,
  PRIMARY KEY (epoch, card)
) STRICT, WITHOUT ROWID;

-- Heads of the centre's audit chain, as its acknowledgements said them; the highest are kept. Two hashes at one n
-- contradict each other, and both stay.
CREATE TABLE kept_head (
  n INTEGER NOT NULL CHECK (n >= 0),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  kept_at_ms INTEGER NOT NULL,
  PRIMARY KEY (n, hash)
) STRICT, WITHOUT ROWID;

-- The outbox: the sequence is the request's name, and its bytes stand here before the first of them is sent.
CREATE TABLE request (
  sequence INTEGER PRIMARY KEY CHECK (sequence > 0),
  kind TEXT NOT NULL,
  frame BLOB NOT NULL,
  payload_hash BLOB NOT NULL,
  made_at_ms INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'answered', 'burnt')),
  answer BLOB,
  CHECK ((answer IS NOT NULL) = (state = 'answered'))
) STRICT;
CREATE INDEX request_asked ON request (sequence) WHERE state = 'asked';

CREATE TABLE supply_order (
  id INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'asked', 'delivered', 'receipted', 'refused')),
  -- Null while it waits for its turn.
  sequence INTEGER UNIQUE REFERENCES request,
  expires_at_s INTEGER,
  delivery_hash BLOB,
  receipt_sequence INTEGER UNIQUE REFERENCES request,
  refusal TEXT,
  -- How often the centre wanted the card letter first.
  letters_asked INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX supply_order_open ON supply_order (state) WHERE state IN ('waiting', 'asked', 'delivered');

CREATE TABLE supply_order_line (
  supply_order INTEGER NOT NULL REFERENCES supply_order,
  product TEXT NOT NULL,
  -- As the catalogue had them when it was ordered: a delivery outlives a catalogue.
  operator TEXT NOT NULL,
  digits INTEGER NOT NULL,
  quantity INTEGER NOT NULL CHECK (quantity > 0),
  delivered INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (supply_order, product)
) STRICT, WITHOUT ROWID;

-- The safe: runs as delivered. next_index moves forward as codes are sold; it steps back only over a sale that
-- ended before its code was opened.
CREATE TABLE safe_run (
  id INTEGER PRIMARY KEY,
  delivery INTEGER NOT NULL REFERENCES request,
  epoch INTEGER NOT NULL,
  operator TEXT NOT NULL,
  product TEXT NOT NULL,
  lot TEXT NOT NULL,
  expires_on TEXT NOT NULL,
  digits INTEGER NOT NULL,
  first_serial INTEGER NOT NULL,
  count INTEGER NOT NULL CHECK (count > 0),
  next_index INTEGER NOT NULL DEFAULT 0 CHECK (next_index BETWEEN 0 AND count),
  UNIQUE (operator, first_serial)
) STRICT;
CREATE INDEX safe_run_open ON safe_run (product, expires_on, delivery, first_serial) WHERE next_index < count;

-- The codes of a run, one code box after the other. Apart from the run, whose row each sale writes.
CREATE TABLE safe_codes (
  run INTEGER PRIMARY KEY REFERENCES safe_run,
  codes BLOB NOT NULL
) STRICT;

-- No serial of an operator stands here twice.
CREATE TRIGGER safe_run_overlap BEFORE INSERT ON safe_run
WHEN EXISTS (
  SELECT 1 FROM safe_run
  WHERE operator = NEW.operator
    AND first_serial < NEW.first_serial + NEW.count
    AND first_serial + count > NEW.first_serial
)
BEGIN
  SELECT RAISE(ABORT, 'a serial of this run is on board already');
END;

-- The most that stood on a product's shelf since its last delivery.
CREATE TABLE shelf (
  product TEXT PRIMARY KEY,
  full INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sale (
  -- The ticket's number.
  number INTEGER PRIMARY KEY CHECK (number > 0),
  sale_id TEXT NOT NULL UNIQUE,
  run INTEGER NOT NULL REFERENCES safe_run,
  run_index INTEGER NOT NULL,
  operator TEXT NOT NULL,
  product TEXT NOT NULL,
  serial INTEGER NOT NULL,
  price_minor INTEGER NOT NULL,
  currency TEXT NOT NULL,
  vendor TEXT NOT NULL,
  card TEXT NOT NULL,
  -- The lease and the certificate it was made under.
  lease_until_ms INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  ended_at_ms INTEGER,
  locale TEXT NOT NULL,
  -- intent: promised, its paper not confirmed yet. One whose code was not opened is withdrawn: nothing was sold.
  state TEXT NOT NULL CHECK (state IN ('intent', 'printed', 'in_doubt', 'damaged')),
  -- The sales report that holds it, and whether the centre has acknowledged it.
  reported_in INTEGER,
  acknowledged INTEGER NOT NULL DEFAULT 0,
  CHECK (at_ms < lease_until_ms)
) STRICT;
-- One code, at most one sale.
CREATE UNIQUE INDEX sale_serial ON sale (operator, serial);
CREATE INDEX sale_open ON sale (state) WHERE state IN ('intent', 'in_doubt');
CREATE INDEX sale_unreported ON sale (number) WHERE acknowledged = 0;
CREATE INDEX sale_at ON sale (at_ms);

-- What a report says of single tickets.
CREATE TABLE ticket_event (
  id INTEGER PRIMARY KEY,
  sale INTEGER NOT NULL REFERENCES sale,
  what TEXT NOT NULL CHECK (what IN ('in-doubt', 'settled-sold', 'settled-damaged', 'duplicate')),
  at_ms INTEGER NOT NULL,
  reported_in INTEGER,
  acknowledged INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX ticket_event_unreported ON ticket_event (id) WHERE acknowledged = 0;

-- `owner`, and the vendors by number.
CREATE TABLE vendor (
  id TEXT PRIMARY KEY,
  password_hash TEXT NOT NULL,
  card TEXT,
  CHECK ((card IS NULL) = (id = 'owner'))
) STRICT, WITHOUT ROWID;
