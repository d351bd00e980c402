-- A restock order says for which depot it is: what comes of it lies there.
ALTER TABLE vault_restock_line ADD COLUMN depot_id text NOT NULL DEFAULT 'main';
ALTER TABLE vault_restock_line ALTER COLUMN depot_id DROP DEFAULT;
