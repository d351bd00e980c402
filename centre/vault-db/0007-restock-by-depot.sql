-- A restock order says for which depot it is: what comes of it lies there. From here on every row says its depot.
ALTER TABLE vault_restock_line ADD COLUMN depot_id text NOT NULL DEFAULT 'main';
ALTER TABLE vault_restock_line ALTER COLUMN depot_id DROP DEFAULT;
ALTER TABLE vault_terminal ALTER COLUMN depot_id DROP DEFAULT;
ALTER TABLE vault_safe_key ALTER COLUMN depot_id DROP DEFAULT;
ALTER TABLE vault_supply ALTER COLUMN depot_id DROP DEFAULT;
ALTER TABLE vault_pack ALTER COLUMN depot_id DROP DEFAULT;
