-- For which of the centre's depots an order is. Null: of a centre that did not say, before this release.
ALTER TABLE restock_order ADD COLUMN depot text CHECK (depot ~ '^[a-z][a-z0-9-]{1,19}$');
