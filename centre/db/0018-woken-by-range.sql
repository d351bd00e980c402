-- Codes of a pack that is awake which the network does not take yet: they are aside until they are activated too.
ALTER TABLE pack
  ADD COLUMN asleep bit(1000) NOT NULL DEFAULT 0::bit(1000),
  ADD CONSTRAINT pack_asleep_aside CHECK (asleep & ~aside = 0::bit(1000));
CREATE INDEX pack_asleep ON pack (operator, lot_id) WHERE asleep <> 0::bit(1000) OR activated_on IS NULL;

-- What people count apart: few rows among many.
CREATE INDEX supply_order_withheld ON supply_order (depot_id, terminal_id, sequence) WHERE state = 'withheld';
CREATE INDEX ticket_event_of_doubt ON ticket_event (depot_id, operator, serial, id)
 WHERE what IN ('in-doubt', 'settled-sold', 'settled-damaged');
