-- Packs carry maps of their codes instead of a cursor, so that any code may be held back, given, or given again later.
-- The first bit is the code of `first_serial`. Each code of a pack is free, given to a terminal, or aside.
ALTER TABLE pack
  -- Given to a terminal by an order that was not withheld.
  ADD COLUMN given bit(1000) NOT NULL DEFAULT 0::bit(1000),
  -- Here, and supplied to nobody until people say so.
  ADD COLUMN aside bit(1000) NOT NULL DEFAULT 0::bit(1000),
  -- The whole pack is held.
  ADD COLUMN held_at timestamptz;
UPDATE pack SET given = (-1)::bit(1000) << (1000 - taken) WHERE taken > 0;
-- What the vault would not close is still here.
UPDATE pack SET given = given & ~withheld.codes, aside = withheld.codes
  FROM (SELECT run.depot_id, run.operator, run.pack_first_serial,
               bit_or(((-1)::bit(1000) << (1000 - run.count)) >> (run.first_serial - run.pack_first_serial)::int)
                 AS codes
          FROM supply_run AS run
          JOIN supply_order AS "order"
            ON "order".depot_id = run.depot_id AND "order".terminal_id = run.terminal_id
           AND "order".sequence = run.sequence
         WHERE "order".state = 'withheld'
         GROUP BY run.depot_id, run.operator, run.pack_first_serial) AS withheld
 WHERE pack.depot_id = withheld.depot_id AND pack.operator = withheld.operator
   AND pack.first_serial = withheld.pack_first_serial;
ALTER TABLE pack
  DROP COLUMN taken,
  ADD COLUMN free int NOT NULL GENERATED ALWAYS AS (count - bit_count(given | aside)::int) STORED,
  ADD CONSTRAINT pack_marks_within CHECK ((given | aside) << count = 0::bit(1000)),
  ADD CONSTRAINT pack_marks_apart CHECK (given & aside = 0::bit(1000));
CREATE INDEX pack_to_take ON pack (depot_id, product_id, expires_on, first_serial)
 WHERE free > 0 AND held_at IS NULL AND activated_on IS NOT NULL;

-- The codes of a withheld order may be supplied again once people have let them go: the maps say that no code is given
-- twice, and a serial's runs are found by it still.
ALTER TABLE supply_run
  DROP CONSTRAINT supply_run_pkey,
  ADD PRIMARY KEY (depot_id, operator, first_serial, terminal_id, sequence),
  -- Of a run that was withheld: codes of it were let go.
  ADD COLUMN released_at timestamptz;

-- The order of deciding is no longer the order of the codes in a pack.
ALTER TABLE supply_order DROP COLUMN decided_no;
