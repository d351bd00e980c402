import type { Sql } from '@scratchless/office/database/database'
import type { DepotId, TerminalId } from '@scratchless/voucher/ids'

export interface OrderPlace {
  readonly decidedAt: Date
  readonly terminal: TerminalId
  readonly sequence: number
}

interface OrderRow {
  terminal_id: TerminalId
  sequence: bigint
  decided_at: Date
  state: 'decided' | 'despatched' | 'delivered' | 'withheld'
  codes: number
  debited_minor: bigint
}

/** By `supply_order_newest`, from its end or from a place on. */
export const NEWEST_ORDERS = `
  SELECT terminal_id, sequence, decided_at, state, codes, debited_minor FROM supply_order
   WHERE depot_id = $1
     AND (decided_at, terminal_id, sequence) < (coalesce($3::timestamptz, 'infinity'), coalesce($4, ''), coalesce($5, 0))
   ORDER BY decided_at DESC, terminal_id DESC, sequence DESC LIMIT $2`

/** The newest orders first, those before a place. */
export async function readNewestOrders(
  sql: Sql,
  depot: DepotId,
  limit: number,
  before: OrderPlace | null,
): Promise<OrderRow[]> {
  const { rows } = await sql.query<OrderRow>(NEWEST_ORDERS, [
    ...[depot, limit],
    ...[before?.decidedAt ?? null, before?.terminal ?? null, before?.sequence ?? null],
  ])
  return rows
}
