// Orders that are not settled yet, found by what each terminal's row says of them.

import type { Sql } from '@scratchless/office/database/database'
import type { DepotId, RetailerId, TerminalId } from '@scratchless/voucher/ids'
import { keysOf, type SequenceKey } from './supply-message.sql.ts'

/** An accepted order whose codes are not closed yet, as the database holds it. */
export interface UnansweredOrder {
  terminal_id: TerminalId
  sequence: bigint
  retailer_id: RetailerId
  debited_minor: bigint
  available_minor: bigint
  request: Buffer
}

const UNANSWERED = `
  SELECT "order".terminal_id, "order".sequence, "order".retailer_id, debited_minor, available_minor, request
    FROM supply_order AS "order"
    JOIN supply_message AS message
      ON message.depot_id = "order".depot_id AND message.terminal_id = "order".terminal_id
     AND message.sequence = "order".sequence`

/** The order of this place, where it is one. */
export async function readUnansweredOrder(
  sql: Sql,
  depot: DepotId,
  { terminal, sequence }: SequenceKey,
): Promise<UnansweredOrder[]> {
  const { rows } = await sql.query<UnansweredOrder>(
    `${UNANSWERED} WHERE "order".depot_id = $1 AND "order".terminal_id = $2 AND "order".sequence = $3
                     AND "order".state = 'decided'`,
    [depot, terminal, sequence],
  )
  return rows
}

/**
 * Orders of a depot from each terminal's first open one on. `OFFSET 0`: terminal by terminal by the key. Joined as they are,
 * the planner reads all orders that ever were, each minute.
 */
const OPEN = `(
  SELECT placed.terminal_id, placed.sequence, placed.state, placed.decided_at
    FROM (SELECT id, open_order FROM terminal WHERE depot_id = $1 AND open_order IS NOT NULL OFFSET 0) AS asked
   CROSS JOIN LATERAL (
     SELECT terminal_id, sequence, state, decided_at FROM supply_order
      WHERE depot_id = $1 AND terminal_id = asked.id AND sequence >= asked.open_order OFFSET 0) AS placed)`

/** Those decided before a moment, the oldest first. */
export async function readUnansweredOrders(
  sql: Sql,
  depot: DepotId,
  limit: number,
  decidedBefore: Date,
): Promise<UnansweredOrder[]> {
  const { rows } = await sql.query<UnansweredOrder>(
    `${UNANSWERED}
     JOIN ${OPEN} AS open ON open.terminal_id = "order".terminal_id AND open.sequence = "order".sequence
      WHERE "order".depot_id = $1 AND "order".state = 'decided' AND open.state = 'decided' AND open.decided_at <= $2
      ORDER BY open.decided_at LIMIT $3`,
    [depot, decidedBefore, limit],
  )
  return rows
}

/** Orders of terminals that are not settled, each terminal's from one place on and before another. */
export async function readOpenOrders(
  sql: Sql,
  depot: DepotId,
  places: readonly { readonly terminal: TerminalId; readonly from: bigint; readonly before: number }[],
): Promise<{ terminal: TerminalId; sequence: bigint; state: 'decided' | 'despatched' }[]> {
  const { rows } = await sql.query<{
    terminal: TerminalId
    sequence: bigint
    state: 'decided' | 'despatched'
  }>(
    `SELECT "order".terminal_id AS terminal, "order".sequence, state
       FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS asked (depot_id, terminal_id, first, before)
       JOIN supply_order AS "order"
         ON "order".depot_id = asked.depot_id AND "order".terminal_id = asked.terminal_id
        AND "order".sequence >= asked.first AND "order".sequence < asked.before
      WHERE state IN ('decided', 'despatched')`,
    [
      places.map(() => depot),
      places.map(({ terminal }) => terminal),
      places.map(({ from }) => from),
      places.map(({ before }) => before),
    ],
  )
  return rows
}

/** Despatched orders become delivered; which of these did. */
export async function markDelivered(
  sql: Sql,
  depot: DepotId,
  orders: readonly SequenceKey[],
  now: Date,
): Promise<SequenceKey[]> {
  const { rows } = await sql.query<{ terminal: TerminalId; sequence: bigint }>(
    `UPDATE supply_order AS "order" SET state = 'delivered', settled_at = $4
       FROM unnest($1::text[], $2::text[], $3::bigint[]) AS heard (depot_id, terminal_id, sequence)
      WHERE "order".depot_id = heard.depot_id AND "order".terminal_id = heard.terminal_id
        AND "order".sequence = heard.sequence AND "order".state = 'despatched'
      RETURNING "order".terminal_id AS terminal, "order".sequence`,
    [...keysOf(depot, orders), now],
  )
  return rows.map(({ terminal, sequence }) => ({ terminal, sequence: Number(sequence) }))
}

/** Despatched orders decided before `decidedBefore` become delivered. */
export async function markOverdueDelivered(
  sql: Sql,
  depot: DepotId,
  decidedBefore: Date,
  now: Date,
): Promise<SequenceKey[]> {
  const { rows } = await sql.query<{ terminal: TerminalId; sequence: bigint }>(
    `UPDATE supply_order AS "order" SET state = 'delivered', settled_at = $3 FROM ${OPEN} AS open
      WHERE "order".depot_id = $1 AND "order".terminal_id = open.terminal_id AND "order".sequence = open.sequence
        AND open.state = 'despatched' AND open.decided_at < $2 AND "order".state = 'despatched'
      RETURNING "order".terminal_id AS terminal, "order".sequence`,
    [depot, decidedBefore, now],
  )
  return rows.map(({ terminal, sequence }) => ({ terminal, sequence: Number(sequence) }))
}

/**
 * Codes given to each terminal within the last hour and day, by the desk's own count, and the first order of that day.
 * Nothing before a terminal's `day_order` is looked at.
 */
export async function countGivenCodes(
  sql: Sql,
  depot: DepotId,
  terminals: readonly { readonly id: TerminalId; readonly day_order: bigint }[],
  since: { hour: Date; day: Date },
): Promise<{ terminal_id: TerminalId; last_hour: number; last_day: number; day_order: bigint }[]> {
  const { rows } = await sql.query<{
    terminal_id: TerminalId
    last_hour: number
    last_day: number
    day_order: bigint
  }>(
    `SELECT "order".terminal_id, min(sequence) AS day_order,
            coalesce(sum(codes) FILTER (WHERE decided_at > $4 AND state <> 'withheld'), 0)::int AS last_hour,
            coalesce(sum(codes) FILTER (WHERE state <> 'withheld'), 0)::int AS last_day
       FROM unnest($1::text[], $2::text[], $3::bigint[]) AS asked (depot_id, terminal_id, day_order)
      CROSS JOIN LATERAL (
        SELECT terminal_id, sequence, codes, state, decided_at FROM supply_order AS one
         WHERE one.depot_id = asked.depot_id AND one.terminal_id = asked.terminal_id
           AND one.sequence >= asked.day_order OFFSET 0) AS "order"
      WHERE decided_at > $5
      GROUP BY "order".terminal_id`,
    [
      terminals.map(() => depot),
      terminals.map(({ id }) => id),
      terminals.map(({ day_order }) => day_order),
      since.hour,
      since.day,
    ],
  )
  return rows
}
