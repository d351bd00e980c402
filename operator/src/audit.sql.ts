// Each statement counts what breaks a rule, and names one example.

import { readMiscountedAccounts, readMixedTransfers } from '@scratchless/ledger/ledger.sql'
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
    `SELECT 'serial ' || next FROM (
       SELECT first_serial + count AS ends, lead(first_serial) OVER (ORDER BY first_serial) AS next FROM pack) AS pairs
      WHERE next < ends`,
  )
}

/** Packs whose given codes are not those of their runs, each in one of them. */
export function countMisallocatedPacks({ books }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT 'pack ' || pack.id FROM pack LEFT JOIN (
       SELECT pack.id, sum(run.count) AS count,
              bit_or(((-1)::bit(1000) << (1000 - run.count)) >> (run.first_serial - pack.first_serial)::int) AS codes
         FROM restock_run AS run JOIN pack ON pack.id = run.pack GROUP BY pack.id) AS run ON run.id = pack.id
      WHERE coalesce(run.codes, 0::bit(1000)) <> given OR coalesce(run.count, 0) <> bit_count(given)`,
  )
}

/** Lots whose codes are not the sum of their packs, or of what was sealed. */
export async function countUnbalancedLots({ books, vaultAfter }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT 'lot ' || lot.id FROM lot
       LEFT JOIN json_to_recordset($1) AS sealed_lot (id text, product text, codes int) ON sealed_lot.id = lot.id
       LEFT JOIN (SELECT lot, sum(count) AS codes, sum(bit_count(given)) AS given FROM pack GROUP BY lot) AS packs
              ON packs.lot = lot.id
       LEFT JOIN (SELECT lot, sum(codes) AS codes FROM restock_delivery GROUP BY lot) AS sent ON sent.lot = lot.id
      WHERE (lot.codes, lot.product) IS DISTINCT FROM (sealed_lot.codes, sealed_lot.product)
         OR lot.codes IS DISTINCT FROM packs.codes OR coalesce(sent.codes, 0) <> coalesce(packs.given, 0)`,
    [await rowsAsJson(vaultAfter, 'SELECT id, product, codes FROM sealed_lot')],
  )
}

/** Packs of which the vault holds another account than the api. */
export async function countDifferingPacks({
  books,
  vaultBefore,
  vaultAfter,
}: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT 'pack ' || pack.id FROM pack
       LEFT JOIN json_to_recordset($1) AS sealed (id bigint, lot text, first_serial bigint, count int)
              ON sealed.id = pack.id
       LEFT JOIN json_to_recordset($2) AS marked (id bigint, closed bit(1000)) ON marked.id = pack.id
      WHERE (sealed.lot, sealed.first_serial, sealed.count) IS DISTINCT FROM (pack.lot, pack.first_serial, pack.count)
         OR marked.closed & ~pack.given <> 0::bit(1000)`,
    [
      await rowsAsJson(vaultAfter, 'SELECT id, lot, first_serial, count FROM sealed_pack'),
      await rowsAsJson(vaultBefore, 'SELECT id, closed FROM sealed_pack'),
    ],
  )
}

/** The codes of each pack that lie in an open case, and in one that two people made void for good. */
const CASED = `(
  SELECT pack.id, bit_or(mask) AS codes,
         coalesce(bit_or(mask) FILTER (WHERE request.state = 'done'), 0::bit(1000)) AS void
    FROM pack
    JOIN code_case ON code_case.ended_at IS NULL AND code_case.first_serial < pack.first_serial + pack.count
     AND code_case.first_serial + code_case.count > pack.first_serial
    LEFT JOIN request ON request.number = code_case.request AND code_case.state = 'void',
         LATERAL (SELECT greatest(pack.first_serial, code_case.first_serial) AS start,
                         least(pack.first_serial + pack.count, code_case.first_serial + code_case.count) AS upto) AS cut,
         LATERAL (SELECT ((-1)::bit(1000) << (1000 - (upto - start)::int)) >> (start - pack.first_serial)::int AS mask) AS m
   GROUP BY pack.id)`

/** What each lot is now that is not simply in stock; `done`: two people agreed to it and the vault has done it. */
const LOT_NOW = `(
  SELECT lot, state, done FROM (
    SELECT DISTINCT ON (lot) lot, lot_state.state, coalesce(request.state = 'done', false) AS done
      FROM lot_state LEFT JOIN request ON number = lot_state.request ORDER BY lot, no DESC) AS newest
   WHERE state <> 'in_stock')`

/** Packs that are held and whose lot is not, or the other way round. */
export function countMisheldPacks({ books }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT 'pack ' || pack.id FROM pack LEFT JOIN ${LOT_NOW} AS lot_now ON lot_now.lot = pack.lot
      WHERE (pack.held_at IS NULL) <> (lot_now.lot IS NULL)`,
  )
}

/** Packs with a code that lies in an open case and is free all the same. */
export function countFreeCodesInCases({ books }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT 'pack ' || pack.id FROM pack JOIN ${CASED} AS cased ON cased.id = pack.id
      WHERE cased.codes & ~(given | aside) <> 0::bit(1000)`,
  )
}

/** Packs with a code that two people made void and the vault did not, or the other way round. */
export async function countMisvoidedPacks({
  books,
  vaultBefore,
  vaultAfter,
}: AuditedOffice): Promise<Breaks> {
  const marks = 'SELECT id, void FROM sealed_pack WHERE void <> 0::bit(1000)'
  return countBreaks(
    books,
    `SELECT 'pack ' || pack.id
       FROM pack
       LEFT JOIN ${CASED} AS cased ON cased.id = pack.id
       LEFT JOIN ${LOT_NOW} AS lot_now ON lot_now.lot = pack.lot AND lot_now.state = 'void'
       LEFT JOIN json_to_recordset($1) AS before (id bigint, void bit(1000)) ON before.id = pack.id
       LEFT JOIN json_to_recordset($2) AS after (id bigint, void bit(1000)) ON after.id = pack.id
      WHERE (before.void & ~pack.aside <> 0::bit(1000) AND (lot_now.lot IS NULL OR before.void & given <> 0::bit(1000)))
         OR (lot_now.done AND bit_count(coalesce(after.void, 0::bit(1000)) | given) < count)
         OR cased.void & pack.aside & ~coalesce(after.void, 0::bit(1000)) <> 0::bit(1000)`,
    [await rowsAsJson(vaultBefore, marks), await rowsAsJson(vaultAfter, marks)],
  )
}

/** Products of which the vault was told otherwise than the books have it, or which they do not have. */
export async function countDifferingProducts({ books, vaultBefore }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT told.id FROM json_to_recordset($1) AS told (id text, code_digits int, check_digit text)
       LEFT JOIN product ON product.id = told.id
      WHERE (told.code_digits, told.check_digit) IS DISTINCT FROM (product.code_digits, product.check_digit)`,
    [await rowsAsJson(vaultBefore, 'SELECT id, code_digits, check_digit FROM product')],
  )
}

/** Deliveries whose codes are not those of their runs, or that left without the vault's journal knowing. */
export async function countUnjournalledDeliveries({ books, vaultAfter }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT 'delivery ' || delivery.id FROM restock_delivery delivery
       LEFT JOIN json_to_recordset($1) AS closed (id uuid, codes int) ON closed.id = delivery.id
       LEFT JOIN (SELECT delivery_id, sum(count) AS codes FROM restock_run GROUP BY delivery_id) AS run
              ON run.delivery_id = delivery.id
      WHERE run.codes IS DISTINCT FROM delivery.codes
         OR (closed.id IS NULL AND state <> 'planned') OR closed.codes <> delivery.codes`,
    [await rowsAsJson(vaultAfter, 'SELECT id, codes FROM closed_delivery')],
  )
}

/** Packs whose closed codes are not those of the deliveries in the vault's journal. */
export async function countMisclosedPacks({ books, vaultBefore }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT 'pack ' || sealed.id FROM json_to_recordset($1) AS sealed (id bigint, closed bit(1000)) LEFT JOIN (
       SELECT pack.id,
              bit_or(((-1)::bit(1000) << (1000 - run.count)) >> (run.first_serial - pack.first_serial)::int) AS codes
         FROM restock_run AS run JOIN pack ON pack.id = run.pack
         JOIN json_to_recordset($2) AS closed (id uuid) ON closed.id = run.delivery_id GROUP BY pack.id) AS closed
         ON closed.id = sealed.id
      WHERE coalesce(closed.codes, 0::bit(1000)) <> sealed.closed`,
    [
      await rowsAsJson(vaultBefore, 'SELECT id, closed FROM sealed_pack'),
      await rowsAsJson(vaultBefore, 'SELECT id FROM closed_delivery'),
    ],
  )
}

/** Signed order lines of which more was closed than ordered, or than the journal says. */
export function countOverclosedLines({ vaultBefore }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    vaultBefore,
    `SELECT 'order ' || line.order_id || ' line ' || line.line_no FROM verified_order_line line
       LEFT JOIN (SELECT order_id, line_no, sum(codes) AS codes FROM closed_delivery GROUP BY order_id, line_no)
              AS closed USING (order_id, line_no)
      WHERE line.closed > line.ordered OR line.closed <> coalesce(closed.codes, 0)`,
  )
}

/** Order lines whose deliveries are not what was accepted. */
export function countMisdeliveredLines({ books }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT 'order ' || line.order_id || ' line ' || line.line_no FROM restock_order_line line
       LEFT JOIN (SELECT order_id, line_no, sum(codes) AS codes, count(*) AS n, max(parts) AS parts
                    FROM restock_delivery GROUP BY order_id, line_no) AS sent USING (order_id, line_no)
      WHERE coalesce(sent.codes, 0) <> accepted OR sent.n <> sent.parts`,
  )
}

/** Deliveries that are not in the outbox as their state says: acknowledged work that nobody would finish. */
export function countStrandedDeliveries({ books }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT 'delivery ' || delivery.id FROM restock_delivery delivery
       LEFT JOIN message_out message ON message.id = delivery.id
      WHERE CASE delivery.state WHEN 'planned' THEN message.id IS NOT NULL
                                WHEN 'despatched' THEN message.state IS DISTINCT FROM 'waiting'
                                ELSE message.state IS DISTINCT FROM 'answered' END`,
  )
}

/** Messages taken and never answered. */
export function countUnansweredMessages({ books }: AuditedOffice): Promise<Breaks> {
  return countBreaks(books, `SELECT kind || ' ' || id FROM message_in WHERE answer IS NULL`)
}

/** Row indexes, which are nonces, that two packs of one lot record share. */
export function countSharedNonces({ vaultBefore }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    vaultBefore,
    `SELECT 'lot ' || lot FROM (
       SELECT lot, first_index + count AS ends,
              lead(first_index) OVER (PARTITION BY lot ORDER BY first_index) AS next FROM sealed_pack) AS pairs
      WHERE next < ends`,
  )
}

/** Parts whose price in the ledger is not pending while they travel, or not posted for the codes that were taken. */
export function countMisbilledDeliveries({ books }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT 'delivery ' || id FROM (
       SELECT delivery.id, state, codes, codes_taken, unit_price_minor AS price,
              (SELECT amount_minor FROM transfer WHERE transfer.id = 'restock:' || delivery.id) AS promised,
              (SELECT outcome FROM settlement WHERE transfer_id = 'restock:' || delivery.id) AS outcome,
              (SELECT amount_minor FROM transfer WHERE transfer.id = 'restock-taken:' || delivery.id) AS taken
         FROM restock_delivery delivery JOIN restock_order_line line USING (order_id, line_no)) AS billed
      WHERE price > 0 AND (promised IS DISTINCT FROM codes * price
         OR CASE WHEN codes_taken IS NULL THEN outcome IS NOT NULL OR taken IS NOT NULL
                 WHEN codes_taken = codes THEN outcome IS DISTINCT FROM 'posted' OR taken IS NOT NULL
                 ELSE outcome IS DISTINCT FROM 'voided' OR coalesce(taken, 0) <> codes_taken * price END)`,
  )
}

/** Transfers and accounts that do not add up (ledger/ledger.sql.ts). */
export async function countUnsoundBooks({ books }: AuditedOffice): Promise<Breaks> {
  const transfers = await readMixedTransfers(books)
  const accounts = await readMiscountedAccounts(books)
  const broken = [...transfers, ...accounts]
  return { breaks: BigInt(broken.length), example: broken[0]?.id ?? null }
}
