-- What the centre sets for a shop, and what its terminals say of themselves.

-- Who sells there; the number is the centre's to give, 02 to 99, and 01 is the owner's own.
CREATE TABLE vendor (
  retailer_id  text NOT NULL REFERENCES retailer (id),
  id           text NOT NULL CHECK (id ~ '^(0[1-9]|[1-9][0-9])$'),
  name         text NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 40),
  added_at     timestamptz NOT NULL,
  suspended_at timestamptz,
  PRIMARY KEY (retailer_id, id)
);
INSERT INTO vendor (retailer_id, id, name, added_at)
SELECT retailer_id, vendor_id, vendor_id, min(added_at) FROM card GROUP BY retailer_id, vendor_id;
ALTER TABLE card
  DROP CONSTRAINT card_retailer_id_fkey,
  ADD CONSTRAINT card_vendor_fkey FOREIGN KEY (retailer_id, vendor_id) REFERENCES vendor (retailer_id, id);

-- Each change is a row; the newest holds. `content`: JSON in the shape of retailers/shop-settings.ts.
CREATE TABLE shop_settings (
  retailer_id text NOT NULL REFERENCES retailer (id),
  number      int NOT NULL CHECK (number >= 1),
  content     text NOT NULL,
  set_by      text NOT NULL,
  set_at      timestamptz NOT NULL,
  PRIMARY KEY (retailer_id, number)
);

ALTER TABLE terminal
  -- The number of the settings that this terminal should have, and the hash of what they say: as the catalogue's.
  ADD COLUMN settings_version int NOT NULL DEFAULT 1 CHECK (settings_version >= 1),
  ADD COLUMN settings_hash bytea CHECK (octet_length(settings_hash) = 32),
  ADD COLUMN locked_why text CHECK (locked_why IN ('two-journals', 'content-altered', 'by-staff', 'stolen', 'retailer-suspended', 'behind-card')),
  ADD COLUMN revoked_why text CHECK (revoked_why IN ('by-staff', 'retired', 'replaced', 'stolen'));
UPDATE terminal SET locked_why = 'content-altered' WHERE locked_at IS NOT NULL;
UPDATE terminal SET revoked_why = 'by-staff' WHERE revoked_at IS NOT NULL;
ALTER TABLE terminal
  ADD CONSTRAINT terminal_locked_known CHECK ((locked_at IS NULL) = (locked_why IS NULL)),
  ADD CONSTRAINT terminal_revoked_known CHECK ((revoked_at IS NULL) = (revoked_why IS NULL));

-- The newest state report of each terminal, as JSON in the shape of wire/supply/state-report.ts.
CREATE TABLE terminal_state (
  terminal_id      text PRIMARY KEY REFERENCES terminal (id),
  depot_id         text NOT NULL,
  reported_at      timestamptz NOT NULL,
  software_version text NOT NULL,
  content          text NOT NULL
);

-- What a terminal said is wrong there, from when to when.
CREATE TABLE terminal_alarm (
  terminal_id text NOT NULL REFERENCES terminal (id),
  kind        text NOT NULL,
  subject     text NOT NULL,
  since       timestamptz NOT NULL,
  ended_at    timestamptz,
  PRIMARY KEY (terminal_id, kind, subject, since)
);
CREATE INDEX terminal_alarm_open ON terminal_alarm (since) WHERE ended_at IS NULL;

-- How many code keys a card has given in a terminal, and how often its PIN was set anew. Only goes up: what is told
-- lower than before is an alarm, not a correction.
CREATE TABLE terminal_card (
  terminal_id text NOT NULL REFERENCES terminal (id),
  card_id     text NOT NULL REFERENCES card (id),
  keys_given  bigint NOT NULL CHECK (keys_given >= 0),
  puk_count   int NOT NULL DEFAULT 0 CHECK (puk_count >= 0),
  told_at     timestamptz NOT NULL,
  PRIMARY KEY (terminal_id, card_id)
);

-- Which duplicate it was; 0 for any other event.
ALTER TABLE ticket_event ADD COLUMN copy int NOT NULL DEFAULT 0 CHECK (copy BETWEEN 0 AND 9);
-- A person at the counter, the terminal by itself, or a proposal of ours that was taken.
ALTER TABLE supply_order ADD COLUMN because text NOT NULL DEFAULT 'person' CHECK (because IN ('person', 'automatic', 'proposal'));
