-- Whose stock a code is, and which depot's terminal it is closed for: a pack of one depot is closed for no terminal of
-- another. What was here before depots is of the first one.
ALTER TABLE vault_terminal ADD COLUMN depot_id text NOT NULL DEFAULT 'main';
ALTER TABLE vault_safe_key ADD COLUMN depot_id text NOT NULL DEFAULT 'main';
ALTER TABLE vault_supply ADD COLUMN depot_id text NOT NULL DEFAULT 'main';
ALTER TABLE vault_pack ADD COLUMN depot_id text NOT NULL DEFAULT 'main';
