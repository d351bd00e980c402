// Each statement counts what breaks a rule, and names one example.

import {
  type AuditedOffice,
  type Breaks,
  countBreaks,
  rowsAsJson,
} from '@scratchless/office/audit/run-checks'

/** Serials that two packs hold. */
export function countOverlappingPacks({ books }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT operator || ' serial ' || next FROM (
       SELECT operator, first_serial + count AS ends,
              lead(first_serial) OVER (PARTITION BY operator ORDER BY first_serial) AS next
         FROM pack) AS pairs
      WHERE next < ends`,
  )
}

/** Orders that were withheld because the vault found their codes gone or not as they were ordered. */
export function countDisputedOrders({ books }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT subject FROM alarm WHERE kind = 'supply-withheld'
        AND details::jsonb ->> 'refusal' IN ('codes-taken', 'runs-differ', 'not-as-ordered')`,
  )
}

/** Packs whose given codes are not those of the runs of orders that were not withheld, each in one of them. */
export function countMistakenPacks({ books }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT pack.operator || ' pack ' || pack.first_serial FROM pack LEFT JOIN (
       SELECT run.depot_id, run.operator, run.pack_first_serial, sum(run.count) AS count,
              bit_or(((-1)::bit(1000) << (1000 - run.count)) >> (run.first_serial - run.pack_first_serial)::int)
                AS codes
         FROM supply_run AS run
         JOIN supply_order AS "order"
           ON "order".depot_id = run.depot_id AND "order".terminal_id = run.terminal_id
          AND "order".sequence = run.sequence
        WHERE "order".state <> 'withheld'
        GROUP BY run.depot_id, run.operator, run.pack_first_serial) AS run
         ON run.depot_id = pack.depot_id AND run.operator = pack.operator
        AND run.pack_first_serial = pack.first_serial
      WHERE coalesce(run.codes, 0::bit(1000)) <> given OR coalesce(run.count, 0) <> bit_count(given)`,
  )
}

/** Runs of withheld orders whose codes are not aside, though nobody has let them go. */
export function countStrayCodes({ books }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT run.operator || ' serial ' || run.first_serial
       FROM supply_run AS run
       JOIN supply_order AS "order"
         ON "order".depot_id = run.depot_id AND "order".terminal_id = run.terminal_id
        AND "order".sequence = run.sequence AND "order".state = 'withheld'
       LEFT JOIN pack
         ON pack.depot_id = run.depot_id AND pack.operator = run.operator
        AND pack.first_serial = run.pack_first_serial
      WHERE run.released_at IS NULL
        AND substring(pack.aside FROM (run.first_serial - run.pack_first_serial)::int + 1 FOR run.count)
              IS DISTINCT FROM substring((-1)::bit(1000) FROM 1 FOR run.count)`,
  )
}

/** Packs that the vault does not hold alike, or of which it closed a code that the desk gave to nobody. */
export async function countDifferingPacks({
  books,
  vaultBefore,
  vaultAfter,
}: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT pack.operator || ' pack ' || pack.first_serial
       FROM pack
       LEFT JOIN json_to_recordset($1) AS sealed (depot_id text, operator text, first_serial bigint, count int,
                                                  lot_id text, product_id text)
         ON sealed.operator = pack.operator AND sealed.first_serial = pack.first_serial
       LEFT JOIN json_to_recordset($2) AS marked (operator text, first_serial bigint, closed bit(1000))
         ON marked.operator = pack.operator AND marked.first_serial = pack.first_serial
      WHERE (sealed.depot_id, sealed.count, sealed.lot_id, sealed.product_id)
              IS DISTINCT FROM (pack.depot_id, pack.count, pack.lot_id, pack.product_id)
         OR marked.closed & ~pack.given <> 0::bit(1000)`,
    [
      await rowsAsJson(
        vaultAfter,
        `SELECT pack.depot_id, pack.operator, first_serial, count, lot_id, product_id
           FROM vault_pack AS pack JOIN vault_lot_record AS record ON record.id = record_id`,
      ),
      await rowsAsJson(vaultBefore, 'SELECT operator, first_serial, closed FROM vault_pack'),
    ],
  )
}

/** Packs of the vault that the api never wrote down, where no part is on its way from one to the other. */
export async function countUnwrittenPacks({ books, vaultBefore }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT sealed.operator || ' pack ' || sealed.first_serial
       FROM json_to_recordset($1) AS sealed (operator text, first_serial bigint) LEFT JOIN pack
         ON pack.operator = sealed.operator AND pack.first_serial = sealed.first_serial
      WHERE pack.first_serial IS NULL
        AND NOT EXISTS (SELECT FROM json_to_recordset($2) AS taken (id uuid)
                          LEFT JOIN restock_delivery ON restock_delivery.id = taken.id
                         WHERE restock_delivery.id IS NULL)`,
    [
      await rowsAsJson(vaultBefore, 'SELECT operator, first_serial FROM vault_pack'),
      await rowsAsJson(vaultBefore, 'SELECT id FROM vault_restock_delivery'),
    ],
  )
}

/** Products of which the vault was told otherwise than the books have it, or which they do not have. */
export async function countDifferingProducts({ books, vaultBefore }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT told.id
       FROM json_to_recordset($1) AS told (id text, operator text, code_digits int, check_digit text)
       LEFT JOIN product ON product.id = told.id
      WHERE (told.operator, told.code_digits, told.check_digit)
              IS DISTINCT FROM (product.operator, product.code_digits, product.check_digit)`,
    [await rowsAsJson(vaultBefore, 'SELECT id, operator, code_digits, check_digit FROM product')],
  )
}

/** Orders that were sent and that the vault's journal does not hold alike, and the other way round. */
export async function countUnjournalledOrders({
  books,
  vaultBefore,
  vaultAfter,
}: AuditedOffice): Promise<Breaks> {
  const journal = 'SELECT terminal_id, sequence, codes FROM vault_supply'
  return countBreaks(
    books,
    `WITH after AS (SELECT * FROM json_to_recordset($1) AS row (terminal_id text, sequence bigint, codes int)),
          before AS (SELECT * FROM json_to_recordset($2) AS row (terminal_id text, sequence bigint))
     SELECT terminal_id || ' ' || sequence
       FROM supply_order AS "order" LEFT JOIN after USING (terminal_id, sequence)
      WHERE ("order".state IN ('despatched', 'delivered') AND after.codes IS DISTINCT FROM "order".codes)
         OR ("order".state = 'withheld' AND after.codes IS NOT NULL)
      UNION ALL
     SELECT terminal_id || ' ' || sequence
       FROM before LEFT JOIN supply_order AS "order" USING (terminal_id, sequence)
      WHERE "order".depot_id IS NULL`,
    [await rowsAsJson(vaultAfter, journal), await rowsAsJson(vaultBefore, journal)],
  )
}

/** Packs whose closed codes are not those of the vault's journal, each in one of its orders. */
export function countMisclosedPacks({ vaultBefore }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    vaultBefore,
    `SELECT pack.operator || ' pack ' || pack.first_serial FROM vault_pack AS pack LEFT JOIN (
       SELECT pack.operator, pack.first_serial, sum(run.count) AS count,
              bit_or(((-1)::bit(1000) << (1000 - run.count)) >> (run.first - pack.first_serial)::int) AS codes
         FROM (SELECT lot ->> 0 AS operator, (run ->> 0)::bigint AS first, (run ->> 1)::int AS count
                 FROM vault_supply, json_array_elements(runs::json) AS lot, json_array_elements(lot -> 4) AS run)
              AS run
         JOIN vault_pack AS pack
           ON pack.operator = run.operator AND pack.first_serial =
              (SELECT max(first_serial) FROM vault_pack AS one
                WHERE one.operator = run.operator AND one.first_serial <= run.first)
        GROUP BY pack.operator, pack.first_serial) AS closed USING (operator, first_serial)
      WHERE coalesce(closed.codes, 0::bit(1000)) <> pack.closed
         OR coalesce(closed.count, 0) <> bit_count(pack.closed)`,
  )
}

/** Parts taken whose codes are not those of their packs. */
export function countMiscountedDeliveries({ books }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT 'delivery ' || delivery.id
       FROM restock_delivery AS delivery
       LEFT JOIN (SELECT delivery_id, sum(count) AS codes FROM pack GROUP BY delivery_id) AS packed
         ON packed.delivery_id = delivery.id
      WHERE delivery.codes <> coalesce(packed.codes, 0)`,
  )
}

/**
 * Lines whose received codes are not the sum of the parts taken, or are more than was accepted. While the api has yet
 * to write down an answer that the vault has opened, parts may be here already: then what was ordered is the bound.
 */
export function countMisreceivedLines({ books }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT 'order ' || line.order_id || ' line ' || line.line_no
       FROM restock_order_line AS line JOIN restock_order AS "order" ON "order".id = line.order_id
       LEFT JOIN (SELECT order_id, line_no, sum(codes) AS codes FROM restock_delivery
                   GROUP BY order_id, line_no) AS taken
         ON taken.order_id = line.order_id AND taken.line_no = line.line_no
      WHERE line.received <> coalesce(taken.codes, 0)
         OR line.received > CASE "order".state WHEN 'waiting' THEN line.quantity ELSE line.accepted END`,
  )
}

/**
 * Sales of codes that their terminal was not given, and runs whose sold codes are not those of their sales, each in one.
 * Runs that were not withheld lie apart, so the one that a sale is of is the last that begins at its serial or before.
 */
export function countMissoldRuns({ books }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `WITH run AS (
       SELECT run.* FROM supply_run AS run
         JOIN supply_order AS "order"
           ON "order".depot_id = run.depot_id AND "order".terminal_id = run.terminal_id
          AND "order".sequence = run.sequence AND "order".state <> 'withheld'),
     line AS (
       SELECT depot_id, operator, first_serial AS serial, 0 AS step, first_serial AS run, terminal_id, product_id FROM run
       UNION ALL SELECT depot_id, operator, serial, 1, NULL, terminal_id, product_id FROM sale),
     sold AS (
       SELECT depot_id, operator, serial, step, terminal_id, product_id,
              max(run) OVER (PARTITION BY depot_id, operator ORDER BY serial, step ROWS UNBOUNDED PRECEDING) AS run
         FROM line),
     placed AS (
       SELECT sold.depot_id, sold.operator, sold.serial, sold.run, run.count, run.first_serial IS NOT NULL AS is_given
         FROM sold LEFT JOIN run
           ON run.depot_id = sold.depot_id AND run.operator = sold.operator AND run.first_serial = sold.run
          AND run.first_serial + run.count > sold.serial AND run.terminal_id = sold.terminal_id
          AND run.product_id = sold.product_id
        WHERE step = 1),
     marked AS (
       SELECT depot_id, operator, run, count(*) AS sales,
              bit_or(set_bit(repeat('0', count)::bit varying, (serial - run)::int, 1)) AS codes
         FROM placed WHERE is_given GROUP BY depot_id, operator, run)
     SELECT operator || ' serial ' || serial FROM placed WHERE NOT is_given
      UNION ALL
     SELECT run.operator || ' run ' || run.first_serial
       FROM run LEFT JOIN marked
         ON marked.depot_id = run.depot_id AND marked.operator = run.operator AND marked.run = run.first_serial
      WHERE coalesce(run.sold, repeat('0', run.count)::bit varying)
              <> coalesce(marked.codes, repeat('0', run.count)::bit varying)
         OR bit_count(coalesce(run.sold, ''::bit varying)) <> coalesce(marked.sales, 0)`,
  )
}

/** Hours of which what was added up, and what is noted for it, is not the fold of their sales. */
export function countMisaddedHours({ books }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT coalesce(sold.day, added.day) || ' ' || coalesce(sold.hour, added.hour) || ' h '
              || coalesce(sold.product_id, added.product_id)
       FROM (SELECT depot_id, sold_on AS day, sold_hour AS hour, product_id, count(*) AS sales,
                    coalesce(sum(amount_minor), 0) AS amount
               FROM sale GROUP BY depot_id, sold_on, sold_hour, product_id) AS sold
       FULL JOIN (
         SELECT depot_id, day, hour, product_id, sum(sales) AS sales, sum(amount_minor) AS amount
           FROM (SELECT depot_id, day, hour, product_id, sales, amount_minor FROM sales_of_hour
                  UNION ALL
                 SELECT depot_id, day, hour, product_id, sales, amount_minor FROM sales_of_hour_change) AS noted
          GROUP BY depot_id, day, hour, product_id) AS added USING (depot_id, day, hour, product_id)
      WHERE (sold.sales, sold.amount) IS DISTINCT FROM (added.sales, added.amount)`,
  )
}

/** Shops of which what was added up for a day is not the fold of its sales. */
export function countMisaddedShops({ books }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT coalesce(sold.day, added.day) || ' ' || coalesce(sold.retailer_id, added.retailer_id) || ' '
              || coalesce(sold.product_id, added.product_id)
       FROM (SELECT sale.depot_id, sold_on AS day, terminal.retailer_id, product_id, count(*) AS sales,
                    coalesce(sum(amount_minor), 0) AS amount
               FROM sale LEFT JOIN terminal ON terminal.id = sale.terminal_id
              GROUP BY sale.depot_id, sold_on, terminal.retailer_id, product_id) AS sold
       FULL JOIN sales_of_shop AS added USING (depot_id, day, retailer_id, product_id)
      WHERE (sold.sales, sold.amount) IS DISTINCT FROM (added.sales, added.amount_minor)`,
  )
}

/** Orders whose debit is not the price of their codes, or whose money does not stand as their state says. */
export function countMisdebitedOrders({ books }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT "order".terminal_id || ' ' || "order".sequence
       FROM supply_order AS "order"
       JOIN (SELECT depot_id, terminal_id, sequence, sum(count) AS codes, sum(count * unit_price_minor) AS price
               FROM supply_run GROUP BY depot_id, terminal_id, sequence) AS given
         ON given.depot_id = "order".depot_id AND given.terminal_id = "order".terminal_id
        AND given.sequence = "order".sequence
       LEFT JOIN transfer
         ON transfer.depot_id = "order".depot_id
        AND transfer.id = 'supply:' || "order".terminal_id || ':' || "order".sequence
       LEFT JOIN settlement
         ON settlement.depot_id = transfer.depot_id AND settlement.transfer_id = transfer.id
      WHERE "order".codes <> given.codes OR "order".debited_minor <> given.price
         OR coalesce(transfer.amount_minor, 0) <> "order".debited_minor
         OR (transfer.id IS NOT NULL
             AND settlement.outcome IS DISTINCT FROM CASE "order".state
                   WHEN 'delivered' THEN 'posted' WHEN 'withheld' THEN 'voided' END)`,
  )
}

/** Parts taken whose codes are not owed to their operator at the price of their order, and purchases of no part. */
export function countMisboughtDeliveries({ books }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT coalesce(delivery.id::text, purchase.id)
       FROM (SELECT id, codes * unit_cost_minor AS cost, received_at FROM restock_delivery WHERE verdict = 'taken') AS delivery
       FULL JOIN (SELECT id, substr(id, 10) AS part, amount_minor FROM transfer WHERE kind = 'purchase') AS purchase
         ON purchase.part = delivery.id::text
      WHERE coalesce(purchase.amount_minor, 0) <> coalesce(delivery.cost, 0)
        -- Before the books had purchases, none was booked.
        AND NOT (purchase.id IS NULL
                 AND delivery.received_at < (SELECT applied_at FROM schema_migration WHERE file = '0004-prices.sql'))`,
  )
}

/** Transfers for orders that are not there. */
export function countDebitsWithoutCodes({ books }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT transfer.id FROM transfer
      WHERE kind = 'supply' AND NOT EXISTS (
        SELECT FROM supply_order AS "order"
         WHERE "order".depot_id = transfer.depot_id
           AND 'supply:' || "order".terminal_id || ':' || "order".sequence = transfer.id)`,
  )
}

/** Accounts beyond their limit. */
export function countOverdrawnAccounts({ books }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT id FROM account
      WHERE credit_line_minor IS NOT NULL
        AND debits_posted + debits_pending > credits_posted + credit_line_minor`,
  )
}

/** Messages taken that have no answer, but orders whose codes are being closed. */
export function countUnansweredMessages({ books }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT message.terminal_id || ' ' || message.sequence
       FROM supply_message AS message
       LEFT JOIN supply_order AS "order"
         ON "order".depot_id = message.depot_id AND "order".terminal_id = message.terminal_id
        AND "order".sequence = message.sequence
      WHERE message.answer IS NULL AND "order".state IS DISTINCT FROM 'decided'
      UNION ALL
     SELECT sender || ' ' || kind || ' ' || id FROM message_in WHERE answer IS NULL`,
  )
}

/** Terminals whose messages are not 1, 2, 3 … up to their last sequence. */
export function countBrokenSequences({ books }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT terminal.id FROM terminal LEFT JOIN (
       SELECT terminal_id, count(*) AS messages, min(sequence) AS first, max(sequence) AS last
         FROM supply_message GROUP BY terminal_id) AS taken ON taken.terminal_id = terminal.id
      WHERE coalesce(taken.messages, 0) <> terminal.last_sequence
         OR (taken.messages IS NOT NULL AND (taken.first <> 1 OR taken.last <> terminal.last_sequence))`,
  )
}

/** Row indexes that two packs of a lot record share: one nonce twice. */
export function countSharedNonces({ vaultBefore }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    vaultBefore,
    `SELECT 'record ' || record_id FROM (
       SELECT record_id, first_index + count AS ends,
              lead(first_index) OVER (PARTITION BY record_id ORDER BY first_index) AS next
         FROM vault_pack) AS pairs
      WHERE next < ends`,
  )
}
