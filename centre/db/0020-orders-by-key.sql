-- An order's state is in no index: it changes twice with every order, and a row whose indexed columns stay as they are is
-- moved within its page. The few that were withheld are found by their moment, which no other order has.
ALTER TABLE supply_order ADD COLUMN withheld_at timestamptz;
UPDATE supply_order SET withheld_at = settled_at WHERE state = 'withheld';
DROP INDEX supply_order_withheld;
CREATE INDEX supply_order_withheld ON supply_order (depot_id, terminal_id, sequence) WHERE withheld_at IS NOT NULL;

-- The newest orders are found by their moment, and then by their place. An index that begins with the depot is taken for
-- one of its keys by a plan that is made while the table is small, and is then read whole for every order.
DROP INDEX supply_order_newest;
CREATE INDEX supply_order_newest ON supply_order (decided_at, terminal_id, sequence, depot_id);
