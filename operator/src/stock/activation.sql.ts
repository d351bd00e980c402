import type { Sql } from '@scratchless/office/database/database'
import type { LotId, MessageId } from '@scratchless/voucher/ids'
import type { ProductId } from '@scratchless/voucher/product'
import type { SerialRange } from '@scratchless/voucher/serial'

export async function findLot(
  sql: Sql,
  lot: LotId,
): Promise<{ product: ProductId; activatedAt: Date | null } | undefined> {
  const { rows } = await sql.query<{ product: ProductId; activatedAt: Date | null }>(
    'SELECT product, activated_at AS "activatedAt" FROM lot WHERE id = $1',
    [lot],
  )
  return rows[0]
}

/** Whether every serial of the runs, which share none, is one of the lot's. */
export async function runsAreOfLot(sql: Sql, lot: LotId, runs: readonly SerialRange[]): Promise<boolean> {
  const { rows } = await sql.query<{ all: boolean }>(
    `SELECT coalesce((SELECT range_agg(int8range(first_serial, first_serial + count)) FROM pack WHERE lot = $1)
              @> range_agg(int8range(first, first + count)), false) AS all
       FROM unnest($2::bigint[], $3::int[]) AS run (first, count)`,
    [lot, runs.map(({ firstSerial }) => firstSerial), runs.map(({ count }) => count)],
  )
  return rows[0]!.all
}

export async function insertActivation(
  sql: Sql,
  activation: {
    id: MessageId
    lot: LotId
    activatedOn: Date
    whole: boolean
    madeAt: Date
    madeBy: string
  },
): Promise<void> {
  await sql.query(
    `INSERT INTO lot_activation (id, lot, activated_on, whole, made_at, made_by) VALUES ($1, $2, $3, $4, $5, $6)`,
    [
      activation.id,
      activation.lot,
      activation.activatedOn,
      activation.whole,
      activation.madeAt,
      activation.madeBy,
    ],
  )
}

export async function insertActivationRuns(
  sql: Sql,
  activation: MessageId,
  runs: readonly SerialRange[],
): Promise<void> {
  await sql.query(
    `INSERT INTO lot_activation_run (activation_id, first_serial, count)
     SELECT $1, * FROM unnest($2::bigint[], $3::int[])`,
    [activation, runs.map(({ firstSerial }) => firstSerial), runs.map(({ count }) => count)],
  )
}
