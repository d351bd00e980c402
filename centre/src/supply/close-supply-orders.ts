// Step 10 of the way of a code, its second half: the vault closes the codes of decided orders in one call, the answers
// are stored in another transaction than the one that decided, and only then offered to the line. After a crash in
// between, what stands decided in the database is closed with just the runs that were taken for it: the same flow,
// entered from there.

import { settlePending } from '@scratchless/ledger/post-transfers'
import { inTransaction, type Sql } from '@scratchless/office/database/database'
import type { DepotId, TerminalId } from '@scratchless/voucher/ids'
import { DELIVERY_HASH_BYTES } from '@scratchless/wire/supply/supply-receipt'
import { raiseAlarm } from '../alarms.sql.ts'
import { readDepots } from '../depots/depots.sql.ts'
import type { CentreNeeds } from '../needs.ts'
import type { ClosedDelivery, SupplyClosingRefusal } from '../vault/verbs.ts'
import { lowerAboardByOrder } from './aboard.sql.ts'
import { signRefusal, terminalOf, transferId } from './answer-in-sequence.ts'
import { readUnansweredOrders, type UnansweredOrder } from './open-orders.sql.ts'
import { runsByLot } from './runs-by-lot.ts'
import { standingsFor } from './standing.ts'
import { markDespatched, markWithheld, putAside, readRuns, type TakenRun } from './supply.sql.ts'
import { readMessages, type SequenceKey, storeAnswers } from './supply-message.sql.ts'
import { lockTerminals, readTerminals, type SupplyTerminal } from './supply-terminal.sql.ts'
import { withheldReason } from './withheld-reason.ts'

/** An accepted order on its way to the vault. */
export interface OrderToClose extends SequenceKey {
  readonly frame: Uint8Array
  readonly debitedMinor: bigint
  readonly availableMinor: bigint
  readonly runs: readonly TakenRun[]
}

/** Orders that are resumed in one group. */
const RESUME_AT_ONCE = 64
/** Whoever decided an order has it closed long before, if he lives. */
const LEFT_OPEN_MS = 10_000

/** What the vault made of decided orders. */
export interface ClosedOrders {
  readonly despatched: ReadonlyMap<OrderToClose, ClosedDelivery>
  readonly refused: ReadonlyMap<OrderToClose, SupplyClosingRefusal>
}

/** Has the codes of decided orders closed. Nothing is stored yet, nor offered to the line. */
export async function closeOrders(
  needs: CentreNeeds,
  depot: DepotId,
  orders: readonly OrderToClose[],
  terminals: ReadonlyMap<TerminalId, SupplyTerminal>,
): Promise<ClosedOrders> {
  if (orders.length === 0) return { despatched: new Map(), refused: new Map() }
  const standings = await standingsFor(
    needs,
    needs.pool,
    orders.map(({ terminal }) => terminalOf(terminals, terminal)),
  )
  const closed = await needs.vault.closeSupplyDeliveries({
    depot,
    orders: orders.map(({ terminal, sequence, frame, debitedMinor, availableMinor: left, runs }, index) => ({
      ...{ terminal, sequence, frame },
      decided: { standing: standings[index]!, debitedMinor, availableMinor: left, lots: runsByLot(runs) },
    })),
  })
  const despatched: [OrderToClose, ClosedDelivery][] = []
  const refused: [OrderToClose, SupplyClosingRefusal][] = []
  for (const [index, order] of orders.entries()) {
    const result = closed[index]!
    if ('refusal' in result) refused.push([order, result.refusal])
    else despatched.push([order, result])
  }
  return { despatched: new Map(despatched), refused: new Map(refused) }
}

/** Stores deliveries as their orders' answers; of which orders. Where another process was first, its answer stays. */
export async function storeClosed(
  sql: Sql,
  depot: DepotId,
  { despatched }: ClosedOrders,
): Promise<ReadonlySet<OrderToClose>> {
  if (despatched.size === 0) return new Set()
  const rows = [...despatched].map(([{ terminal, sequence }, { frame, payloadHash }]) => ({
    terminal,
    sequence,
    answer: frame,
    deliveryHash: payloadHash.subarray(0, DELIVERY_HASH_BYTES),
  }))
  const first = new Set((await storeAnswers(sql, depot, rows)).map(nameOf))
  // What another process answered has its state already.
  await markDespatched(sql, depot, rows)
  return new Set([...despatched.keys()].filter((order) => first.has(nameOf(order))))
}

/** What a closed order is answered. Where another process was first with it, its answer is the order's. */
export async function answerClosed(
  needs: CentreNeeds,
  depot: DepotId,
  { despatched, refused }: ClosedOrders,
  order: OrderToClose,
  stored: ReadonlySet<OrderToClose>,
  terminal: SupplyTerminal,
): Promise<Uint8Array> {
  const refusal = refused.get(order)
  if (refusal !== undefined) return withhold(needs, depot, order, terminal, refusal)
  return stored.has(order) ? despatched.get(order)!.frame : storedAnswer(needs, depot, order)
}

function nameOf({ terminal, sequence }: SequenceKey): string {
  return transferId(terminal, sequence)
}

/** What another process stored first. */
async function storedAnswer(needs: CentreNeeds, depot: DepotId, order: SequenceKey): Promise<Uint8Array> {
  const [known] = await readMessages(needs.pool, depot, [order])
  if (known?.answer == null) throw new Error(`${nameOf(order)} has no answer`)
  return known.answer
}

/**
 * The vault would not close what the desk decided: the two disagree, and people must look. The money is voided, which
 * it may be because no answer was offered to the line; the codes are put aside.
 */
async function withhold(
  needs: CentreNeeds,
  depot: DepotId,
  order: OrderToClose,
  terminal: SupplyTerminal,
  refusal: SupplyClosingRefusal,
): Promise<Uint8Array> {
  const at = new Date(needs.clock.nowMs())
  const id = transferId(order.terminal, order.sequence)
  needs.log.error({ order: id, refusal }, 'the vault does not close what the desk decided')
  const [stored] = await readMessages(needs.pool, depot, [order])
  if (stored === undefined) throw new Error(`${id} vanished`)
  const message = {
    ...{ sender: terminal.id, depot, terminal, sequence: order.sequence },
    certificate: { number: terminal.certificate_number, endsAt: terminal.certified_until },
    kind: stored.kind,
    payloadHash: stored.payload_hash,
    bytes: order.frame,
  }
  const answer = await signRefusal(needs, message, withheldReason(needs, order.runs, terminal, refusal))
  const first = await inTransaction(needs.pool, async (sql) => {
    await lockTerminals(sql, depot, [order.terminal])
    if ((await storeAnswers(sql, depot, [{ ...order, answer }])).length === 0) return false
    const settlement = { outcome: 'voided', reason: `vault: ${refusal}`, settledAt: at } as const
    if (order.debitedMinor > 0n) await settlePending(sql, depot, [id], settlement)
    await markWithheld(sql, depot, order, at)
    await lowerAboardByOrder(sql, depot, order)
    await putAside(sql, depot, order.runs)
    await raiseAlarm(sql, { at, kind: 'supply-withheld', subject: id, details: { refusal } })
    return true
  })
  return first ? answer : storedAnswer(needs, depot, order)
}

/**
 * Orders that were decided and never answered, whoever decided them: he is gone if they are older than a moment. Returns
 * how many there were.
 */
export async function resumeSupplyOrders(needs: CentreNeeds): Promise<number> {
  const decidedBefore = new Date(needs.clock.nowMs() - LEFT_OPEN_MS)
  let resumed = 0
  for (const { id: depot } of await readDepots(needs.pool))
    for (;;) {
      const rows = await readUnansweredOrders(needs.pool, depot, RESUME_AT_ONCE, decidedBefore)
      if (rows.length === 0) break
      resumed += (await closeUnanswered(needs, depot, rows)).length
    }
  return resumed
}

/** Orders that stand decided in the database are closed with just the runs that were taken for them. */
export async function closeUnanswered(
  needs: CentreNeeds,
  depot: DepotId,
  rows: readonly UnansweredOrder[],
): Promise<Uint8Array[]> {
  if (rows.length === 0) return []
  const keys = rows.map(({ terminal_id, sequence }) => ({
    terminal: terminal_id,
    sequence: Number(sequence),
  }))
  const runs = await readRuns(needs.pool, depot, keys)
  const orders = rows.map((row, index) => ({
    ...keys[index]!,
    frame: row.request,
    debitedMinor: row.debited_minor,
    availableMinor: row.available_minor,
    runs: runs.filter((run) => run.terminal === row.terminal_id && run.sequence === Number(row.sequence)),
  }))
  const ids = keys.map(({ terminal }) => terminal)
  const terminals = await readTerminals(needs.pool, depot, ids)
  const closed = await closeOrders(needs, depot, orders, terminals)
  const stored = await inTransaction(needs.pool, (sql) => storeClosed(sql, depot, closed))
  return Promise.all(
    orders.map((order) =>
      answerClosed(needs, depot, closed, order, stored, terminalOf(terminals, order.terminal)),
    ),
  )
}
