-- An order's state is in no index: it changes twice with every order, and a row whose indexed columns stay as they are is
-- moved within its page. The few that were withheld are found by their moment, which no other order has.
ALTER TABLE supply_order ADD COLUMN withheld_at timestamptz;
UPDATE supply_order SET withheld_at = settled_at WHERE state = 'withheld';
DROP INDEX supply_order_withheld;
CREATE INDEX supply_order_withheld ON supply_order (depot_id, terminal_id, sequence) WHERE withheld_at IS NOT NULL;
