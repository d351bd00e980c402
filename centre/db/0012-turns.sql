-- What a turn of supply needs of a terminal stands in its row, which each turn reads and writes anyway: so that nothing is
-- looked for among its orders, and an order's row changes its state without an index that knows of it.
ALTER TABLE terminal
  -- Its orders before this one are settled; null: all are.
  ADD COLUMN open_order bigint,
  -- Its orders before this one were decided more than a day ago.
  ADD COLUMN day_order bigint NOT NULL DEFAULT 0,
  -- Public value of the codes that it was given and has not reported as sold.
  ADD COLUMN aboard_minor bigint NOT NULL DEFAULT 0 CHECK (aboard_minor >= 0);
UPDATE terminal SET
  open_order = (SELECT min(sequence) FROM supply_order AS "order"
                 WHERE "order".depot_id = terminal.depot_id AND "order".terminal_id = terminal.id
                   AND state IN ('decided', 'despatched')),
  aboard_minor = coalesce((
    SELECT sum(line.public_price_minor * (run.count - coalesce(sold.codes, 0)))
      FROM supply_run AS run
      JOIN supply_order AS "order"
        ON "order".depot_id = run.depot_id AND "order".terminal_id = run.terminal_id
       AND "order".sequence = run.sequence AND "order".state <> 'withheld'
      JOIN supply_order_line AS line
        ON line.depot_id = run.depot_id AND line.terminal_id = run.terminal_id
       AND line.sequence = run.sequence AND line.product_id = run.product_id
      LEFT JOIN LATERAL (
        SELECT count(*) AS codes FROM sale
         WHERE sale.depot_id = run.depot_id AND sale.operator = run.operator
           AND sale.serial >= run.first_serial AND sale.serial < run.first_serial + run.count
           AND sale.terminal_id = run.terminal_id) AS sold ON true
     WHERE run.depot_id = terminal.depot_id AND run.terminal_id = terminal.id), 0);

DROP INDEX supply_order_pending;
DROP INDEX supply_order_recent;
DROP INDEX supply_message_unanswered;
-- Room beside each row for its next state: a row that is moved within its page changes no index.
ALTER TABLE supply_order SET (fillfactor = 50);
ALTER TABLE terminal SET (fillfactor = 50);
