-- Regional stocks. What a supply order touches names its depot, and a restock order says for which one it is.
CREATE TABLE depot (
  id        text PRIMARY KEY CHECK (id ~ '^[a-z][a-z0-9-]{1,19}$'),
  name      text NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 64),
  opened_at timestamptz NOT NULL,
  opened_by text NOT NULL
);
INSERT INTO depot (id, name, opened_at, opened_by)
SELECT 'main', 'Main', coalesce(min(opened_at), now()), 'system' FROM account;

ALTER TABLE retailer ADD FOREIGN KEY (depot_id) REFERENCES depot (id);
ALTER TABLE terminal ADD FOREIGN KEY (depot_id) REFERENCES depot (id);
ALTER TABLE lot ADD FOREIGN KEY (depot_id) REFERENCES depot (id);
ALTER TABLE restock_order ADD COLUMN depot_id text NOT NULL DEFAULT 'main' REFERENCES depot (id);
ALTER TABLE restock_order ALTER COLUMN depot_id DROP DEFAULT;

-- A bank's or a cashier's number names one payment, whichever depot's book it stands in.
CREATE TABLE deposit_document (
  document text PRIMARY KEY,
  depot_id text NOT NULL REFERENCES depot (id)
);
INSERT INTO deposit_document (document, depot_id)
SELECT document, depot_id FROM transfer WHERE kind = 'deposit' AND document IS NOT NULL;
