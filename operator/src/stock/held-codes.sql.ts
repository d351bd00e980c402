// Codes that are held back from centres, and let go again, by ranges of serials.

import type { Sql } from '@scratchless/office/database/database'
import type { LotId } from '@scratchless/voucher/ids'
import type { ProductId } from '@scratchless/voucher/product'
import type { SerialRange } from '@scratchless/voucher/serial'

/** The packs that a range touches, locked, each with a map of which of its codes lie in it. */
const TOUCHED = `
  touched AS (
    SELECT id, given, aside,
           ((-1)::bit(1000) << (1000 - (upto - start)::int)) >> (start - first_serial)::int AS codes
      FROM pack, LATERAL (SELECT greatest(first_serial, $1::bigint) AS start,
                                 least(first_serial + count, $1::bigint + $2::int) AS upto) AS cut
     WHERE first_serial > $1::bigint - 1000 AND first_serial < $1::bigint + $2::int
       AND first_serial + count > $1::bigint
     ORDER BY first_serial FOR NO KEY UPDATE OF pack)`

/** Puts the free codes of a range aside; how many there were. What is given already stays given. */
export async function holdRange(sql: Sql, { firstSerial, count }: SerialRange): Promise<number> {
  const { rows } = await sql.query<{ codes: number }>(
    `WITH ${TOUCHED},
     held AS (
       UPDATE pack SET aside = pack.aside | (touched.codes & ~touched.given) FROM touched
        WHERE pack.id = touched.id
       RETURNING bit_count(touched.codes & ~touched.given & ~touched.aside) AS codes)
     SELECT coalesce(sum(codes), 0)::int AS codes FROM held`,
    [firstSerial, count],
  )
  return rows[0]!.codes
}

/** Lets the codes of a range go that are aside; how many there were. */
export async function releaseRange(sql: Sql, { firstSerial, count }: SerialRange): Promise<number> {
  const { rows } = await sql.query<{ codes: number }>(
    `WITH ${TOUCHED},
     released AS (
       UPDATE pack SET aside = pack.aside & ~touched.codes FROM touched WHERE pack.id = touched.id
       RETURNING bit_count(touched.codes & touched.aside) AS codes)
     SELECT coalesce(sum(codes), 0)::int AS codes FROM released`,
    [firstSerial, count],
  )
  return rows[0]!.codes
}

/** How many codes of a range the packs have, and how many of these are given and aside. */
export async function countMarks(
  sql: Sql,
  { firstSerial, count }: SerialRange,
): Promise<{ known: number; given: number; aside: number }> {
  const { rows } = await sql.query<{ known: number; given: number; aside: number }>(
    `WITH ${TOUCHED}
     SELECT coalesce(sum(bit_count(codes)), 0)::int AS known,
            coalesce(sum(bit_count(codes & given)), 0)::int AS given,
            coalesce(sum(bit_count(codes & aside)), 0)::int AS aside FROM touched`,
    [firstSerial, count],
  )
  return rows[0]!
}

/** The products whose codes a range has. */
export async function productsOfRange(sql: Sql, { firstSerial, count }: SerialRange): Promise<ProductId[]> {
  const { rows } = await sql.query<{ product: ProductId }>(
    `SELECT DISTINCT product FROM pack JOIN lot ON lot.id = pack.lot
      WHERE first_serial > $1::bigint - 1000 AND first_serial < $1::bigint + $2::int
        AND first_serial + count > $1::bigint`,
    [firstSerial, count],
  )
  return rows.map(({ product }) => product)
}

/** Whether codes of a range are in a part that is planned and not despatched: the vault is closing them, or will. */
export async function isBeingClosed(sql: Sql, { firstSerial, count }: SerialRange): Promise<boolean> {
  const { rows } = await sql.query<{ so: boolean }>(
    `SELECT EXISTS (
       SELECT FROM pack JOIN restock_run AS run ON run.pack = pack.id
         JOIN restock_delivery AS delivery ON delivery.id = run.delivery_id AND delivery.state = 'planned'
        WHERE pack.first_serial > $1::bigint - 1000 AND pack.first_serial < $1::bigint + $2::int
          AND run.first_serial < $1::bigint + $2::int AND run.first_serial + run.count > $1::bigint) AS so`,
    [firstSerial, count],
  )
  return rows[0]!.so
}

/** What comes in with a lot inside the range of an open case comes in aside. Under the lock of the cases. */
export async function holdArrivals(sql: Sql, lots: readonly LotId[]): Promise<void> {
  await sql.query(
    `UPDATE pack SET aside = pack.aside | held.codes
       FROM (SELECT pack.id,
                    bit_or(((-1)::bit(1000) << (1000 - (upto - start)::int)) >> (start - pack.first_serial)::int) AS codes
               FROM pack
               JOIN code_case ON code_case.ended_at IS NULL AND code_case.first_serial < pack.first_serial + pack.count
                AND code_case.first_serial > pack.first_serial - 1000000
                AND code_case.first_serial + code_case.count > pack.first_serial,
                    LATERAL (SELECT greatest(pack.first_serial, code_case.first_serial) AS start,
                                    least(pack.first_serial + pack.count, code_case.first_serial + code_case.count)
                                      AS upto) AS cut
              WHERE pack.lot = ANY($1::text[]) GROUP BY pack.id) AS held
      WHERE pack.id = held.id`,
    [lots],
  )
}
