-- Double entry. Amounts are whole minor units. An account's four counters are kept by the statements that write
-- entries; that each equals the fold of its entries is checked by the audit. Entries and settlements are only
-- ever inserted (grants.sql).

CREATE TABLE account (
  depot_id          text NOT NULL,
  id                text NOT NULL CHECK (length(id) BETWEEN 1 AND 80),
  currency          text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  debits_posted     bigint NOT NULL DEFAULT 0 CHECK (debits_posted >= 0),
  credits_posted    bigint NOT NULL DEFAULT 0 CHECK (credits_posted >= 0),
  debits_pending    bigint NOT NULL DEFAULT 0 CHECK (debits_pending >= 0),
  credits_pending   bigint NOT NULL DEFAULT 0 CHECK (credits_pending >= 0),
  -- What the holder may owe once the prepaid balance is used. Null: an account of our own books, without limit.
  credit_line_minor bigint CHECK (credit_line_minor >= 0),
  opened_at         timestamptz NOT NULL,
  PRIMARY KEY (depot_id, id),
  -- Pending debits count at once; pending credits do not count until they are posted.
  CONSTRAINT account_within_limit CHECK (
    credit_line_minor IS NULL
    OR debits_posted + debits_pending <= credits_posted + credit_line_minor)
);

CREATE TABLE transfer (
  depot_id   text NOT NULL,
  -- The caller's name for it, which makes a repeat harmless: `supply:T00001:17`.
  id         text NOT NULL CHECK (length(id) BETWEEN 1 AND 120),
  kind       text NOT NULL,
  subject    text NOT NULL,
  currency   text NOT NULL,
  -- A pending transfer counts as posted only once a settlement says so.
  is_pending boolean NOT NULL,
  made_at    timestamptz NOT NULL,
  PRIMARY KEY (depot_id, id)
);

CREATE TABLE entry (
  depot_id     text NOT NULL,
  transfer_id  text NOT NULL,
  account_id   text NOT NULL,
  side         text NOT NULL CHECK (side IN ('debit', 'credit')),
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  PRIMARY KEY (depot_id, transfer_id, account_id, side),
  FOREIGN KEY (depot_id, transfer_id) REFERENCES transfer (depot_id, id),
  FOREIGN KEY (depot_id, account_id) REFERENCES account (depot_id, id)
);
CREATE INDEX entry_of_account ON entry (depot_id, account_id);

CREATE TABLE settlement (
  depot_id    text NOT NULL,
  transfer_id text NOT NULL,
  outcome     text NOT NULL CHECK (outcome IN ('posted', 'voided')),
  reason      text NOT NULL,
  settled_at  timestamptz NOT NULL,
  -- Once: a transfer that was posted cannot be voided, nor the other way round.
  PRIMARY KEY (depot_id, transfer_id),
  FOREIGN KEY (depot_id, transfer_id) REFERENCES transfer (depot_id, id)
);
