// What breaks a rule about codes and lots that are set apart: each statement counts it, and names one example.

import {
  type AuditedOffice,
  type Breaks,
  countBreaks,
  rowsAsJson,
} from '@scratchless/office/audit/run-checks'

/** The codes of each pack that lie in an open case, and in one that two people made void for good. */
const CASED = `(
  SELECT pack.depot_id, pack.operator, pack.first_serial, bit_or(mask) AS codes,
         coalesce(bit_or(mask) FILTER (WHERE request.state = 'done'), 0::bit(1000)) AS void
    FROM pack
    JOIN code_case ON code_case.operator = pack.operator
     AND code_case.ended_at IS NULL AND code_case.first_serial < pack.first_serial + pack.count
     AND code_case.first_serial + code_case.count > pack.first_serial
    LEFT JOIN request ON request.number = code_case.request AND code_case.state = 'void',
         LATERAL (SELECT greatest(pack.first_serial, code_case.first_serial) AS start,
                         least(pack.first_serial + pack.count, code_case.first_serial + code_case.count) AS upto) AS cut,
         LATERAL (SELECT ((-1)::bit(1000) << (1000 - (upto - start)::int)) >> (start - pack.first_serial)::int AS mask) AS m
   GROUP BY pack.depot_id, pack.operator, pack.first_serial)`

/** What each lot is now that is not simply in stock; `done`: two people agreed to it and the vault has done it. */
const LOT_NOW = `(
  SELECT operator, lot, state, done FROM (
    SELECT DISTINCT ON (operator, lot) operator, lot, lot_state.state,
           coalesce(request.state = 'done', false) AS done
      FROM lot_state LEFT JOIN request ON number = lot_state.request
     ORDER BY operator, lot, no DESC) AS newest
   WHERE state <> 'in_stock')`

/** Packs that are held and whose lot is not, or the other way round. */
export function countMisheldPacks({ books }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT pack.operator || ' pack ' || pack.first_serial
       FROM pack
       LEFT JOIN ${LOT_NOW} AS lot_now ON lot_now.operator = pack.operator AND lot_now.lot = pack.lot_id
      WHERE (pack.held_at IS NULL) <> (lot_now.lot IS NULL)`,
  )
}

/** Packs with a code that lies in an open case and is free all the same. */
export function countFreeCodesInCases({ books }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT pack.operator || ' pack ' || pack.first_serial
       FROM pack JOIN ${CASED} AS cased USING (depot_id, operator, first_serial)
      WHERE cased.codes & ~(given | aside) <> 0::bit(1000)`,
  )
}

/** Packs with a code that two people made void and the vault did not, or the other way round. */
export async function countMisvoidedPacks({
  books,
  vaultBefore,
  vaultAfter,
}: AuditedOffice): Promise<Breaks> {
  const marks = 'SELECT operator, first_serial, void FROM vault_pack WHERE void <> 0::bit(1000)'
  return countBreaks(
    books,
    `SELECT pack.operator || ' pack ' || pack.first_serial
       FROM pack
       LEFT JOIN ${CASED} AS cased ON cased.depot_id = pack.depot_id AND cased.operator = pack.operator
                                 AND cased.first_serial = pack.first_serial
       LEFT JOIN ${LOT_NOW} AS lot_now ON lot_now.operator = pack.operator AND lot_now.lot = pack.lot_id AND lot_now.state = 'void'
       LEFT JOIN json_to_recordset($1) AS before (operator text, first_serial bigint, void bit(1000))
              ON before.operator = pack.operator AND before.first_serial = pack.first_serial
       LEFT JOIN json_to_recordset($2) AS after (operator text, first_serial bigint, void bit(1000))
              ON after.operator = pack.operator AND after.first_serial = pack.first_serial
      WHERE (before.void & ~pack.aside <> 0::bit(1000) AND (lot_now.lot IS NULL OR before.void & given <> 0::bit(1000)))
         OR (lot_now.done AND bit_count(coalesce(after.void, 0::bit(1000)) | given) < count)
         OR cased.void & pack.aside & ~coalesce(after.void, 0::bit(1000)) <> 0::bit(1000)`,
    [await rowsAsJson(vaultBefore, marks), await rowsAsJson(vaultAfter, marks)],
  )
}
