import type { Sql } from '@scratchless/office/database/database'
import type { CentreId, LotId, MessageId } from '@scratchless/voucher/ids'
import { type SerialRange, serialFromNumber } from '@scratchless/voucher/serial'

interface UntoldActivation {
  readonly activation: MessageId
  readonly partner: CentreId
  readonly lot: LotId
  readonly activatedOn: string
  /** None: the whole lot. */
  readonly runs: SerialRange[]
}

/** Activations of these lots that a centre was not told, though it got codes of the lot without their date. */
export async function findUntoldActivations(sql: Sql, lots: readonly LotId[]): Promise<UntoldActivation[]> {
  const { rows } = await sql.query<{
    id: MessageId
    partner: CentreId
    lot: LotId
    activated_on: Date
    serials: string[]
    counts: number[]
  }>(
    `SELECT activation.id, partner.partner, activation.lot, activation.activated_on, run.serials, run.counts
       FROM lot_activation activation
       JOIN LATERAL (
         SELECT DISTINCT restock_order.partner
           FROM restock_delivery delivery JOIN restock_order ON restock_order.id = delivery.order_id
          WHERE delivery.lot = activation.lot AND delivery.activated_on IS NULL AND delivery.state <> 'refused'
       ) partner ON true
      CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(first_serial::text ORDER BY first_serial), '{}') AS serials,
               coalesce(array_agg(count ORDER BY first_serial), '{}') AS counts
          FROM lot_activation_run WHERE activation_id = activation.id) run
      WHERE activation.lot = ANY($1)
        AND NOT EXISTS (SELECT FROM lot_activation_told told
                         WHERE told.activation_id = activation.id AND told.partner = partner.partner)
      ORDER BY activation.made_at, activation.id, partner.partner`,
    [lots],
  )
  return rows.map((row) => ({
    activation: row.id,
    partner: row.partner,
    lot: row.lot,
    activatedOn: row.activated_on.toISOString(),
    runs: row.serials.map((serial, index) => ({
      firstSerial: serialFromNumber(Number(serial)),
      count: row.counts[index]!,
    })),
  }))
}

export async function insertTold(
  sql: Sql,
  told: { activation: MessageId; partner: CentreId; id: MessageId; toldAt: Date },
): Promise<void> {
  await sql.query(
    `INSERT INTO lot_activation_told (activation_id, partner, message_id, told_at) VALUES ($1, $2, $3, $4)`,
    [told.activation, told.partner, told.id, told.toldAt],
  )
}

/** False where no such message waits for its answer. */
export async function settleTold(
  sql: Sql,
  id: MessageId,
  said: { state: 'taken' | 'refused'; reason: string | null },
  settledAt: Date,
): Promise<boolean> {
  const { rowCount } = await sql.query(
    `UPDATE lot_activation_told SET state = $2, reason = $3, settled_at = $4
      WHERE message_id = $1 AND state = 'waiting'`,
    [id, said.state, said.reason, settledAt],
  )
  return rowCount === 1
}
