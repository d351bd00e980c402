// Codes that are held back from supply, and let go again, by ranges of serials, in whichever depots they lie.

import type { Sql } from '@scratchless/office/database/database'
import type { DepotId, MessageId, OperatorId } from '@scratchless/voucher/ids'
import type { SerialRange } from '@scratchless/voucher/serial'

/** The packs that a range touches, locked, each with a map of which of its codes lie in it. */
const TOUCHED = `
  touched AS (
    SELECT depot_id, operator, first_serial, given, aside, asleep,
           ((-1)::bit(1000) << (1000 - (upto - start)::int)) >> (start - first_serial)::int AS codes
      FROM pack, LATERAL (SELECT greatest(first_serial, $2::bigint) AS start,
                                 least(first_serial + count, $2::bigint + $3::int) AS upto) AS cut
     WHERE depot_id = ANY(ARRAY(SELECT id FROM depot)) AND operator = $1 AND first_serial > $2::bigint - 1000
       AND first_serial < $2::bigint + $3::int AND first_serial + count > $2::bigint
     ORDER BY first_serial FOR NO KEY UPDATE OF pack)`

/** Puts the free codes of a range aside; how many there were. What is given already stays given. */
export async function holdRange(
  sql: Sql,
  operator: OperatorId,
  { firstSerial, count }: SerialRange,
): Promise<number> {
  const { rows } = await sql.query<{ codes: number }>(
    `WITH ${TOUCHED},
     held AS (
       UPDATE pack SET aside = pack.aside | (touched.codes & ~touched.given) FROM touched
        WHERE pack.depot_id = touched.depot_id AND pack.operator = touched.operator
          AND pack.first_serial = touched.first_serial
       RETURNING bit_count(touched.codes & ~touched.given & ~touched.aside) AS codes)
     SELECT coalesce(sum(codes), 0)::int AS codes FROM held`,
    [operator, firstSerial, count],
  )
  return rows[0]!.codes
}

/** Lets the codes of a range go that are aside, those of withheld orders too; how many there were. What sleeps stays. */
export async function releaseRange(
  sql: Sql,
  operator: OperatorId,
  { firstSerial, count }: SerialRange,
  now: Date,
): Promise<number> {
  const { rows } = await sql.query<{ codes: number }>(
    `WITH ${TOUCHED},
     released AS (
       UPDATE pack SET aside = pack.aside & ~(touched.codes & ~touched.asleep) FROM touched
        WHERE pack.depot_id = touched.depot_id AND pack.operator = touched.operator
          AND pack.first_serial = touched.first_serial
       RETURNING bit_count(touched.codes & touched.aside & ~touched.asleep) AS codes)
     SELECT coalesce(sum(codes), 0)::int AS codes FROM released`,
    [operator, firstSerial, count],
  )
  await sql.query(
    `UPDATE supply_run AS run SET released_at = $4 FROM supply_order AS "order"
      WHERE run.depot_id = ANY(ARRAY(SELECT id FROM depot)) AND run.operator = $1 AND run.released_at IS NULL
        AND run.first_serial < $2::bigint + $3::int AND run.first_serial > $2::bigint - 1000
        AND run.first_serial + run.count > $2::bigint
        AND "order".depot_id = run.depot_id AND "order".terminal_id = run.terminal_id
        AND "order".sequence = run.sequence AND "order".state = 'withheld'`,
    [operator, firstSerial, count, now],
  )
  return rows[0]!.codes
}

/** How many codes of a range the packs have, and how many of these are given and aside. */
export async function countMarks(
  sql: Sql,
  operator: OperatorId,
  { firstSerial, count }: SerialRange,
): Promise<{ known: number; given: number; aside: number }> {
  const { rows } = await sql.query<{ known: number; given: number; aside: number }>(
    `WITH ${TOUCHED}
     SELECT coalesce(sum(bit_count(codes)), 0)::int AS known,
            coalesce(sum(bit_count(codes & given)), 0)::int AS given,
            coalesce(sum(bit_count(codes & aside)), 0)::int AS aside FROM touched`,
    [operator, firstSerial, count],
  )
  return rows[0]!
}

/** Whether codes of a range are in an order that is decided and not answered: the vault is closing them, or will. */
export async function isBeingClosed(
  sql: Sql,
  operator: OperatorId,
  { firstSerial, count }: SerialRange,
): Promise<boolean> {
  const { rows } = await sql.query<{ so: boolean }>(
    `SELECT EXISTS (
       SELECT FROM supply_run AS run
         JOIN supply_order AS "order" ON "order".depot_id = run.depot_id AND "order".terminal_id = run.terminal_id
          AND "order".sequence = run.sequence AND "order".state = 'decided'
        WHERE run.depot_id = ANY(ARRAY(SELECT id FROM depot)) AND run.operator = $1 AND run.first_serial < $2::bigint + $3::int
          AND run.first_serial > $2::bigint - 1000 AND run.first_serial + run.count > $2::bigint) AS so`,
    [operator, firstSerial, count],
  )
  return rows[0]!.so
}

/** What came with a part inside the range of an open case comes in aside. Under the lock of the operator's cases. */
export async function holdArrivals(
  sql: Sql,
  depot: DepotId,
  operator: OperatorId,
  delivery: MessageId,
): Promise<void> {
  await sql.query(
    `UPDATE pack SET aside = pack.aside | held.codes
       FROM (SELECT pack.first_serial,
                    bit_or(((-1)::bit(1000) << (1000 - (upto - start)::int)) >> (start - pack.first_serial)::int) AS codes
               FROM pack
               JOIN code_case ON code_case.operator = pack.operator
                AND code_case.ended_at IS NULL AND code_case.first_serial < pack.first_serial + pack.count
                AND code_case.first_serial > pack.first_serial - 1000000
                AND code_case.first_serial + code_case.count > pack.first_serial,
                    LATERAL (SELECT greatest(pack.first_serial, code_case.first_serial) AS start,
                                    least(pack.first_serial + pack.count, code_case.first_serial + code_case.count)
                                      AS upto) AS cut
              WHERE pack.depot_id = $1 AND pack.operator = $2 AND pack.delivery_id = $3
              GROUP BY pack.first_serial) AS held
      WHERE pack.depot_id = $1 AND pack.operator = $2 AND pack.first_serial = held.first_serial`,
    [depot, operator, delivery],
  )
}
