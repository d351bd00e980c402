// Step 10 of the way of a code, its second half: the vault closes the codes of decided orders in one call, the answers
// are stored in another transaction, and only then offered to the line. After a crash in between, what stands decided
// in the database is closed with just the runs that were taken for it: the same flow, entered from there.

import { settlePending } from '@scratchless/ledger/post-transfers'
import { inTransaction } from '@scratchless/office/database/database'
import { DELIVERY_HASH_BYTES } from '@scratchless/wire/supply/supply-receipt'
import { raiseAlarm } from '../alarms.sql.ts'
import type { CentreNeeds } from '../needs.ts'
import { DEPOT } from '../settings.ts'
import type { SupplyClosingRefusal } from '../vault/verbs.ts'
import { signRefusal, transferId } from './answer-in-sequence.ts'
import { runsByLot } from './runs-by-lot.ts'
import { standingsFor } from './standing.ts'
import {
  markDespatched,
  markWithheld,
  putAside,
  readRuns,
  readUnansweredOrders,
  type TakenRun,
} from './supply.sql.ts'
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

async function readStandings(needs: CentreNeeds, orders: readonly OrderToClose[]) {
  const terminals = await readTerminals(
    needs.pool,
    DEPOT,
    orders.map(({ terminal }) => terminal),
  )
  const standings = await standingsFor(
    needs,
    needs.pool,
    orders.map(({ terminal }) => terminals.get(terminal)!),
  )
  return { terminals, standings }
}

/**
 * Has the codes of decided orders closed and stores the answers; what each order is answered with. Where another process
 * was first with one of them, its answer is the order's.
 */
export async function closeSupplyOrders(
  needs: CentreNeeds,
  orders: readonly OrderToClose[],
): Promise<Map<OrderToClose, Uint8Array>> {
  if (orders.length === 0) return new Map()
  const { terminals, standings } = await readStandings(needs, orders)
  const closed = await needs.vault.closeSupplyDeliveries(
    orders.map(({ terminal, sequence, frame, debitedMinor, availableMinor: left, runs }, index) => ({
      ...{ terminal, sequence, frame },
      decided: { standing: standings[index]!, debitedMinor, availableMinor: left, lots: runsByLot(runs) },
    })),
  )
  const answers = new Map<OrderToClose, Uint8Array>()
  const despatched: { order: OrderToClose; frame: Uint8Array; payloadHash: Uint8Array }[] = []
  for (const [index, order] of orders.entries()) {
    const result = closed[index]!
    if ('refusal' in result)
      answers.set(order, await withhold(needs, order, terminals.get(order.terminal)!, result.refusal))
    else {
      despatched.push({ order, ...result })
      answers.set(order, result.frame)
    }
  }
  if (despatched.length === 0) return answers
  const rows = despatched.map(({ order: { terminal, sequence }, frame, payloadHash }) => ({
    terminal,
    sequence,
    answer: frame,
    deliveryHash: payloadHash.subarray(0, DELIVERY_HASH_BYTES),
  }))
  const stored = await inTransaction(needs.pool, async (sql) => {
    const first = new Set((await storeAnswers(sql, DEPOT, rows)).map(nameOf))
    // What another process answered has its state already.
    await markDespatched(sql, DEPOT, rows)
    return first
  })
  for (const { order } of despatched)
    if (!stored.has(nameOf(order))) answers.set(order, await storedAnswer(needs, order))
  return answers
}

function nameOf({ terminal, sequence }: SequenceKey): string {
  return transferId(terminal, sequence)
}

/** What another process stored first. */
async function storedAnswer(needs: CentreNeeds, order: SequenceKey): Promise<Uint8Array> {
  const [known] = await readMessages(needs.pool, DEPOT, [order])
  if (known?.answer == null) throw new Error(`${nameOf(order)} has no answer`)
  return known.answer
}

/**
 * The vault would not close what the desk decided: the two disagree, and people must look. The money is voided, which
 * it may be because no answer was offered to the line; the codes are put aside.
 */
async function withhold(
  needs: CentreNeeds,
  order: OrderToClose,
  terminal: SupplyTerminal,
  refusal: SupplyClosingRefusal,
): Promise<Uint8Array> {
  const at = new Date(needs.clock.nowMs())
  const id = transferId(order.terminal, order.sequence)
  needs.log.error({ order: id, refusal }, 'the vault does not close what the desk decided')
  const [stored] = await readMessages(needs.pool, DEPOT, [order])
  if (stored === undefined) throw new Error(`${id} vanished`)
  const message = {
    ...order,
    terminal,
    certificate: { number: terminal.certificate_number, endsAt: terminal.certified_until },
    kind: stored.kind,
    payloadHash: stored.payload_hash,
    bytes: order.frame,
  }
  const answer = await signRefusal(needs, message, withheldReason(needs, order.runs, terminal, refusal))
  const first = await inTransaction(needs.pool, async (sql) => {
    await lockTerminals(sql, DEPOT, [order.terminal])
    if ((await storeAnswers(sql, DEPOT, [{ ...order, answer }])).length === 0) return false
    const settlement = { outcome: 'voided', reason: `vault: ${refusal}`, settledAt: at } as const
    if (order.debitedMinor > 0n) await settlePending(sql, DEPOT, [id], settlement)
    await markWithheld(sql, DEPOT, order, at)
    await putAside(sql, DEPOT, order.runs)
    await raiseAlarm(sql, { at, kind: 'supply-withheld', subject: id, details: { refusal } })
    return true
  })
  return first ? answer : storedAnswer(needs, order)
}

/**
 * Orders that were decided and never answered, whoever decided them: he is gone if they are older than a moment. Returns
 * how many there were.
 */
export async function resumeSupplyOrders(needs: CentreNeeds): Promise<number> {
  const decidedBefore = new Date(needs.clock.nowMs() - LEFT_OPEN_MS)
  for (let resumed = 0; ; ) {
    const closed = await closeUnanswered(needs, { decidedBefore })
    if (closed.length === 0) return resumed
    resumed += closed.length
  }
}

/** Orders that stand decided in the database are closed with just the runs that were taken for them. */
export async function closeUnanswered(
  needs: CentreNeeds,
  which: Parameters<typeof readUnansweredOrders>[3],
): Promise<Uint8Array[]> {
  const rows = await readUnansweredOrders(needs.pool, DEPOT, RESUME_AT_ONCE, which)
  const keys = rows.map(({ terminal_id, sequence }) => ({
    terminal: terminal_id,
    sequence: Number(sequence),
  }))
  const runs = await readRuns(needs.pool, DEPOT, keys)
  const orders = rows.map((row, index) => ({
    ...keys[index]!,
    frame: row.request,
    debitedMinor: row.debited_minor,
    availableMinor: row.available_minor,
    runs: runs.filter((run) => run.terminal === row.terminal_id && run.sequence === Number(row.sequence)),
  }))
  const answers = await closeSupplyOrders(needs, orders)
  return orders.map((order) => answers.get(order)!)
}
