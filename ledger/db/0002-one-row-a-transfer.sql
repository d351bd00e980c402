-- A transfer is one row that debits one account and credits another; what an act moves besides is a transfer of its own
-- with the same document. Our own books have no row that everybody waits for.

ALTER TABLE account
  -- Of the chart of accounts: on which side it grows.
  ADD COLUMN class text NOT NULL DEFAULT 'liability'
    CHECK (class IN ('asset', 'liability', 'equity', 'income', 'expense')),
  -- Since when the holder may order no more, and why; its sales go on.
  ADD COLUMN blocked_since timestamptz,
  ADD COLUMN blocked_why text CHECK (blocked_why IN ('unpaid', 'overdue', 'suspended')),
  ADD CONSTRAINT account_blocked_known CHECK ((blocked_since IS NULL) = (blocked_why IS NULL)),
  -- Only holders have a limit, and what they paid in is owed to them until they bought for it.
  ADD CONSTRAINT account_limit_of_holder CHECK (credit_line_minor IS NULL OR class IN ('liability', 'asset'));
UPDATE account SET class = CASE WHEN id = 'cash' THEN 'asset' WHEN id IN ('sales', 'restock-sales') THEN 'income'
                                WHEN id LIKE 'partner:%' THEN 'asset' ELSE 'liability' END;
ALTER TABLE account ALTER COLUMN class DROP DEFAULT;

ALTER TABLE transfer
  ADD COLUMN debit text,
  ADD COLUMN credit text,
  ADD COLUMN amount_minor bigint CHECK (amount_minor > 0),
  -- The day of the office's clock to which the books count it.
  ADD COLUMN booked_on date,
  -- The paper it is booked by: a bank slip's number, an invoice's; several transfers may share one.
  ADD COLUMN document text CHECK (length(document) BETWEEN 1 AND 60),
  -- The transfer that this one takes back, once.
  ADD COLUMN reverses text;
UPDATE transfer SET booked_on = (made_at AT TIME ZONE 'UTC')::date,
                    debit = (SELECT account_id FROM entry WHERE entry.depot_id = transfer.depot_id
                                AND transfer_id = transfer.id AND side = 'debit'),
                    credit = (SELECT account_id FROM entry WHERE entry.depot_id = transfer.depot_id
                                 AND transfer_id = transfer.id AND side = 'credit'),
                    amount_minor = (SELECT amount_minor FROM entry WHERE entry.depot_id = transfer.depot_id
                                       AND transfer_id = transfer.id AND side = 'debit');
ALTER TABLE transfer
  ALTER COLUMN debit SET NOT NULL,
  ALTER COLUMN credit SET NOT NULL,
  ALTER COLUMN amount_minor SET NOT NULL,
  ALTER COLUMN booked_on SET NOT NULL,
  ADD CONSTRAINT transfer_between_two CHECK (debit <> credit),
  ADD CONSTRAINT transfer_debit_fkey FOREIGN KEY (depot_id, debit) REFERENCES account (depot_id, id),
  ADD CONSTRAINT transfer_credit_fkey FOREIGN KEY (depot_id, credit) REFERENCES account (depot_id, id),
  ADD CONSTRAINT transfer_reverses_fkey FOREIGN KEY (depot_id, reverses) REFERENCES transfer (depot_id, id);
CREATE UNIQUE INDEX transfer_reversed_once ON transfer (depot_id, reverses) WHERE reverses IS NOT NULL;
-- A holder's statement. Holders' accounts are named `kind:holder`; our own books are read by day.
CREATE INDEX transfer_of_debtor ON transfer (depot_id, debit, booked_on) WHERE strpos(debit, ':') > 0;
CREATE INDEX transfer_of_creditor ON transfer (depot_id, credit, booked_on) WHERE strpos(credit, ':') > 0;

DROP TABLE entry;
-- The two entries of each transfer, for whoever reads books.
CREATE VIEW entry AS
  SELECT depot_id, id AS transfer_id, debit AS account_id, 'debit' AS side, amount_minor, booked_on FROM transfer
  UNION ALL
  SELECT depot_id, id, credit, 'credit', amount_minor, booked_on FROM transfer;

-- What each batch moved on an account of our own books: added here, and folded into the account's counters by one task.
-- What a batch takes back (a pending amount that was posted) stands with a minus.
CREATE TABLE own_book_change (
  depot_id        text NOT NULL,
  account_id      text NOT NULL,
  debits_posted   bigint NOT NULL,
  credits_posted  bigint NOT NULL,
  debits_pending  bigint NOT NULL,
  credits_pending bigint NOT NULL
);
CREATE INDEX own_book_change_of ON own_book_change (depot_id, account_id);
