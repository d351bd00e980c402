// Codes that are held back from centres, and let go again, by ranges of serials.

import type { Sql } from '@scratchless/office/database/database'
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
