import type { Sql } from '@scratchless/office/database/database'
import type { DepotId, LotId, OperatorId, RetailerId } from '@scratchless/voucher/ids'
import type { ProductId } from '@scratchless/voucher/product'
import type { SupplyOrder } from '@scratchless/wire/supply/supply-order'
import { keysOf, type SequenceKey } from './supply-message.sql.ts'

export interface PackRow {
  operator: OperatorId
  first_serial: bigint
  count: number
  free: number
  /** A digit a code, `1` where it is given or aside. */
  gone: string
  lot_id: LotId
  product_id: ProductId
  expires_on: string
}

/**
 * The next packs of a product with free codes, soonest expiry first, locked. Only what the network accepts already and
 * nobody holds. Those that another group has locked are waited for or passed over.
 */
export async function lockPacksToTake(
  sql: Sql,
  depot: DepotId,
  product: ProductId,
  bounds: { now: Date; notBefore: string; after: Pick<PackRow, 'expires_on' | 'first_serial'> | null },
  limit: number,
  locked: 'wait' | 'skip' = 'wait',
): Promise<PackRow[]> {
  const { rows } = await sql.query<PackRow>(
    `SELECT operator, first_serial, count, free, given | aside AS gone, lot_id, product_id, expires_on FROM pack
      WHERE depot_id = $1 AND product_id = $2 AND free > 0 AND held_at IS NULL AND activated_on <= $3
        AND expires_on >= $4
        AND ($5::date IS NULL OR (expires_on, first_serial) > ($5, $6))
      ORDER BY expires_on, first_serial LIMIT $7 FOR NO KEY UPDATE ${locked === 'skip' ? 'SKIP LOCKED' : ''}`,
    [
      depot,
      product,
      bounds.now,
      bounds.notBefore,
      bounds.after?.expires_on ?? null,
      bounds.after?.first_serial ?? null,
      limit,
    ],
  )
  return rows
}

/** Codes of one pack. */
export interface PackRun {
  readonly operator: OperatorId
  readonly packFirstSerial: bigint
  readonly firstSerial: bigint
  readonly count: number
}

const MARKS = `(
  SELECT operator, pack_first_serial, sum(count) AS count,
         bit_or(((-1)::bit(1000) << (1000 - count)) >> (first_serial - pack_first_serial)::int) AS codes
    FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::int[])
         AS run (operator, pack_first_serial, first_serial, count)
   GROUP BY operator, pack_first_serial)`

function marks(depot: DepotId, runs: readonly PackRun[]): unknown[] {
  return [
    depot,
    runs.map(({ operator }) => operator),
    runs.map(({ packFirstSerial }) => packFirstSerial),
    runs.map(({ firstSerial }) => firstSerial),
    runs.map(({ count }) => count),
  ]
}

function packsOf(runs: readonly PackRun[]): number {
  return new Set(runs.map((run) => `${run.operator} ${run.packFirstSerial}`)).size
}

/** Marks codes as given. Throws where one of them is given already, or aside. */
export async function markGiven(sql: Sql, depot: DepotId, runs: readonly PackRun[]): Promise<void> {
  const { rowCount } = await sql.query(
    `UPDATE pack SET given = pack.given | run.codes FROM ${MARKS} AS run
      WHERE pack.depot_id = $1 AND pack.operator = run.operator AND pack.first_serial = run.pack_first_serial
        AND pack.given & run.codes = 0::bit(1000) AND pack.aside & run.codes = 0::bit(1000)
        AND bit_count(run.codes) = run.count`,
    marks(depot, runs),
  )
  if (rowCount !== packsOf(runs)) throw new Error('a code was taken that is not free')
}

/** What was given and never left is held until people have looked. */
export async function putAside(sql: Sql, depot: DepotId, runs: readonly PackRun[]): Promise<void> {
  const { rowCount } = await sql.query(
    `UPDATE pack SET given = pack.given & ~run.codes, aside = pack.aside | run.codes FROM ${MARKS} AS run
      WHERE pack.depot_id = $1 AND pack.operator = run.operator AND pack.first_serial = run.pack_first_serial
        AND pack.given & run.codes = run.codes`,
    marks(depot, runs),
  )
  if (rowCount !== packsOf(runs)) throw new Error('a code is put aside that was not given')
}

interface OrderRow extends SequenceKey {
  readonly retailer: RetailerId
  readonly because: SupplyOrder['because']
  readonly epoch: number
  readonly codes: number
  readonly debitedMinor: bigint
  readonly availableMinor: bigint
}

export async function insertOrders(
  sql: Sql,
  depot: DepotId,
  orders: readonly OrderRow[],
  decidedAt: Date,
): Promise<void> {
  await sql.query(
    `INSERT INTO supply_order (depot_id, decided_at, state, terminal_id, sequence, retailer_id, epoch, codes,
                               debited_minor, available_minor, because)
     SELECT $1, $2, 'decided', * FROM unnest($3::text[], $4::bigint[], $5::text[], $6::int[], $7::int[],
                                             $8::bigint[], $9::bigint[], $10::text[])`,
    [
      depot,
      decidedAt,
      orders.map(({ terminal }) => terminal),
      orders.map(({ sequence }) => sequence),
      orders.map(({ retailer }) => retailer),
      orders.map(({ epoch }) => epoch),
      orders.map(({ codes }) => codes),
      orders.map(({ debitedMinor }) => debitedMinor),
      orders.map(({ availableMinor }) => availableMinor),
      orders.map(({ because }) => because),
    ],
  )
}

interface OrderLineRow extends SequenceKey {
  readonly product: ProductId
  readonly quantity: number
  readonly supplied: number
  readonly unitPriceMinor: bigint
  readonly priceId: number
  readonly publicPriceMinor: bigint
  /** Null: the centre's default discount. */
  readonly rateId: bigint | null
  readonly discountBasisPoints: number
  readonly rounding: string
}

export async function insertOrderLines(
  sql: Sql,
  depot: DepotId,
  lines: readonly OrderLineRow[],
): Promise<void> {
  await sql.query(
    `INSERT INTO supply_order_line (depot_id, terminal_id, sequence, product_id, quantity, supplied,
                                    unit_price_minor, price_id, public_price_minor, rate_id, discount_basis_points,
                                    rounding)
     SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::text[], $5::int[], $6::int[], $7::bigint[], $8::int[],
                              $9::bigint[], $10::bigint[], $11::int[], $12::text[])`,
    [
      depot,
      lines.map(({ terminal }) => terminal),
      lines.map(({ sequence }) => sequence),
      lines.map(({ product }) => product),
      lines.map(({ quantity }) => quantity),
      lines.map(({ supplied }) => supplied),
      lines.map(({ unitPriceMinor }) => unitPriceMinor),
      lines.map(({ priceId }) => priceId),
      lines.map(({ publicPriceMinor }) => publicPriceMinor),
      lines.map(({ rateId }) => rateId),
      lines.map(({ discountBasisPoints }) => discountBasisPoints),
      lines.map(({ rounding }) => rounding),
    ],
  )
}

/** Consecutive codes of one pack, taken for one order. */
export interface TakenRun extends PackRun {
  readonly product: ProductId
  readonly lot: LotId
  readonly expiresOn: string
  readonly unitPriceMinor: bigint
}

export async function insertRuns(
  sql: Sql,
  depot: DepotId,
  runs: readonly (SequenceKey & TakenRun)[],
): Promise<void> {
  await sql.query(
    `INSERT INTO supply_run (depot_id, terminal_id, sequence, operator, product_id, lot_id, expires_on,
                             pack_first_serial, first_serial, count, unit_price_minor)
     SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::date[],
                              $8::bigint[], $9::bigint[], $10::int[], $11::bigint[])`,
    [
      depot,
      runs.map(({ terminal }) => terminal),
      runs.map(({ sequence }) => sequence),
      runs.map(({ operator }) => operator),
      runs.map(({ product }) => product),
      runs.map(({ lot }) => lot),
      runs.map(({ expiresOn }) => expiresOn),
      runs.map(({ packFirstSerial }) => packFirstSerial),
      runs.map(({ firstSerial }) => firstSerial),
      runs.map(({ count }) => count),
      runs.map(({ unitPriceMinor }) => unitPriceMinor),
    ],
  )
}

export async function readRuns(
  sql: Sql,
  depot: DepotId,
  orders: readonly SequenceKey[],
): Promise<(SequenceKey & TakenRun)[]> {
  const { rows } = await sql.query<SequenceKey & TakenRun & { sequence: bigint }>(
    `SELECT run.terminal_id AS terminal, run.sequence, operator, product_id AS product, lot_id AS lot,
            expires_on AS "expiresOn", pack_first_serial AS "packFirstSerial", first_serial AS "firstSerial",
            count, unit_price_minor AS "unitPriceMinor"
       FROM unnest($1::text[], $2::text[], $3::bigint[]) AS asked (depot_id, terminal_id, sequence)
       JOIN supply_run AS run
         ON run.depot_id = asked.depot_id AND run.terminal_id = asked.terminal_id AND run.sequence = asked.sequence`,
    keysOf(depot, orders),
  )
  return rows.map((row) => ({ ...row, sequence: Number(row.sequence) }))
}

export async function markDespatched(
  sql: Sql,
  depot: DepotId,
  orders: readonly (SequenceKey & { deliveryHash: Uint8Array })[],
): Promise<void> {
  await sql.query(
    `UPDATE supply_order AS "order" SET state = 'despatched', delivery_hash = made.delivery_hash
       FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bytea[])
            AS made (depot_id, terminal_id, sequence, delivery_hash)
      WHERE "order".depot_id = made.depot_id AND "order".terminal_id = made.terminal_id
        AND "order".sequence = made.sequence AND "order".state = 'decided'`,
    [...keysOf(depot, orders), orders.map(({ deliveryHash }) => Buffer.from(deliveryHash))],
  )
}

export async function markWithheld(sql: Sql, depot: DepotId, order: SequenceKey, now: Date): Promise<void> {
  await sql.query(
    `UPDATE supply_order SET state = 'withheld', settled_at = $4, withheld_at = $4
      WHERE depot_id = $1 AND terminal_id = $2 AND sequence = $3 AND state = 'decided'`,
    [depot, order.terminal, order.sequence, now],
  )
}
