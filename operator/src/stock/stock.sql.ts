import type { Sql } from '@scratchless/office/database/database'
import type { LotId } from '@scratchless/voucher/ids'
import type { ProductId } from '@scratchless/voucher/product'
import { serialToNumber } from '@scratchless/voucher/serial'
import type { SealedLotEntry } from '../vault/verbs.ts'
import type { FreePack, PlannedPart } from './allocation.ts'

export async function countLots(sql: Sql): Promise<number> {
  const { rows } = await sql.query<{ lots: bigint }>('SELECT count(*) AS lots FROM lot')
  return Number(rows[0]!.lots)
}

/** Enters lots that the vault closed; returns those that were not there yet. */
export async function insertLots(sql: Sql, lots: readonly SealedLotEntry[]): Promise<LotId[]> {
  const { rows } = await sql.query<{ id: LotId }>(
    `INSERT INTO lot (id, product, expires_on, codes, activated_at, sealed_at)
     SELECT * FROM unnest($1::text[], $2::text[], $3::date[], $4::int[], $5::timestamptz[], $6::timestamptz[])
     ON CONFLICT (id) DO NOTHING RETURNING id`,
    [
      lots.map(({ lot }) => lot),
      lots.map(({ product }) => product),
      lots.map(({ expiresOn }) => expiresOn),
      lots.map(({ codes }) => codes),
      lots.map(({ activatedAt }) => activatedAt),
      lots.map(({ sealedAt }) => sealedAt),
    ],
  )
  return rows.map(({ id }) => id)
}

export async function insertPacks(sql: Sql, lots: readonly SealedLotEntry[]): Promise<void> {
  const packs = lots.flatMap(({ lot, packs: held }) =>
    held.map(([id, firstSerial, count]) => ({ id, lot, firstSerial, count })),
  )
  await sql.query(
    `INSERT INTO pack (id, lot, first_serial, count)
     SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::int[])`,
    [
      packs.map(({ id }) => id),
      packs.map(({ lot }) => lot),
      packs.map(({ firstSerial }) => firstSerial),
      packs.map(({ count }) => count),
    ],
  )
}

interface StockRow {
  product: ProductId
  inStock: bigint
  despatched: bigint
  delivered: bigint
  onHold: bigint
  /** Of those in stock, the ones that the network does not accept yet. */
  notActivated: bigint
}

/** Where a product's codes are: every one in exactly one column but the last. */
export async function readStock(sql: Sql): Promise<StockRow[]> {
  const { rows } = await sql.query<StockRow>(
    `SELECT product.id AS product,
            coalesce(here.in_stock, 0) AS "inStock", coalesce(sent.despatched, 0) AS despatched,
            coalesce(sent.delivered, 0) AS delivered,
            coalesce(here.on_hold, 0) + coalesce(sent.on_hold, 0) AS "onHold",
            coalesce(here.not_activated, 0) AS "notActivated"
       FROM product
       LEFT JOIN (SELECT lot.product, sum(free) FILTER (WHERE held_at IS NULL) AS in_stock,
                         sum(free) FILTER (WHERE held_at IS NULL AND activated_at IS NULL) AS not_activated,
                         sum(bit_count(aside))::bigint + coalesce(sum(free) FILTER (WHERE held_at IS NOT NULL), 0) AS on_hold
                    FROM pack JOIN lot ON lot.id = pack.lot GROUP BY lot.product) here
              ON here.product = product.id
       LEFT JOIN (SELECT lot.product,
                         sum(delivery.codes) FILTER (WHERE state IN ('planned', 'despatched')) AS despatched,
                         sum(codes_taken) AS delivered, sum(delivery.codes - codes_taken) AS on_hold
                    FROM restock_delivery delivery JOIN lot ON lot.id = delivery.lot GROUP BY lot.product) sent
              ON sent.product = product.id
      ORDER BY product.face_value_minor, product.id`,
  )
  return rows
}

interface LotRow {
  lot: LotId
  product: ProductId
  expiresOn: string
  codes: number
  inStock: bigint
  activatedAt: Date | null
}

export async function listLots(sql: Sql): Promise<LotRow[]> {
  const { rows } = await sql.query<LotRow>(
    `SELECT lot.id AS lot, product, expires_on AS "expiresOn", codes, activated_at AS "activatedAt",
            coalesce(sum(free) FILTER (WHERE held_at IS NULL), 0) AS "inStock"
       FROM lot JOIN pack ON pack.lot = lot.id GROUP BY lot.id ORDER BY lot.id`,
  )
  return rows
}

/** Marks a lot once; false where there is no such lot or it is marked. */
export async function markActivated(sql: Sql, lot: LotId, at: Date): Promise<boolean> {
  const { rowCount } = await sql.query(
    'UPDATE lot SET activated_at = $2 WHERE id = $1 AND activated_at IS NULL',
    [lot, at],
  )
  return rowCount === 1
}

/**
 * A product's packs with free codes, those that expire first first, until there are enough; each with its lot's
 * facts. Under the product's lock (lockProducts).
 */
export async function findFreePacks(
  sql: Sql,
  product: ProductId,
  quantity: number,
  expiresAfter: string,
): Promise<FreePack[]> {
  const { rows } = await sql.query<FreePack>(
    `SELECT id, lot, "activatedAt", "firstSerial"::float8, count, free, gone FROM (
       SELECT pack.id, pack.lot, lot.activated_at AS "activatedAt", first_serial AS "firstSerial", count, free,
              given | aside AS gone, lot.expires_on, sum(free) OVER soonest - free AS before
         FROM pack JOIN lot ON lot.id = pack.lot
        WHERE lot.product = $1 AND lot.expires_on > $3 AND free > 0 AND held_at IS NULL
       WINDOW soonest AS (ORDER BY lot.expires_on, pack.lot, pack.first_serial)) AS free
      WHERE before < $2
      ORDER BY expires_on, lot, "firstSerial"`,
    [product, quantity, expiresAfter],
  )
  return rows
}

/** Marks codes as given. Throws where one of them is given already, or aside. */
export async function markGiven(sql: Sql, runs: PlannedPart['runs']): Promise<void> {
  const { rowCount } = await sql.query(
    `UPDATE pack SET given = pack.given | run.codes
       FROM (SELECT pack.id, sum(run.count) AS count,
                    bit_or(((-1)::bit(1000) << (1000 - run.count)) >> (run.first_serial - pack.first_serial)::int)
                      AS codes
               FROM unnest($1::bigint[], $2::bigint[], $3::int[]) AS run (pack, first_serial, count)
               JOIN pack ON pack.id = run.pack
              GROUP BY pack.id) AS run
      WHERE pack.id = run.id AND pack.given & run.codes = 0::bit(1000)
        AND pack.aside & run.codes = 0::bit(1000) AND bit_count(run.codes) = run.count`,
    [
      runs.map(({ pack }) => pack),
      runs.map(({ firstSerial }) => serialToNumber(firstSerial)),
      runs.map(({ count }) => count),
    ],
  )
  if (rowCount !== new Set(runs.map(({ pack }) => pack)).size)
    throw new Error('a code was promised that is not free')
}
