// One turn of a depot's supply. The vault closes what the turn before decided and acknowledges the receipts that have
// come; then one transaction stores those answers, takes the receipts and decides the orders that have come; only after
// its commit is anything answered. An order that is accepted is answered by the next turn: until then it stands decided
// in the database, and whoever finds it there has it closed with just the runs that were taken for it.

import { beginBatch, endBatch } from '@scratchless/ledger/post-transfers'
import { inTransaction, type SqlClient } from '@scratchless/office/database/database'
import type { DepotId, TerminalId } from '@scratchless/voucher/ids'
import type { SupplyRefusalReason } from '@scratchless/wire/supply/supply-refusal'
import type { CentreNeeds } from '../needs.ts'
import { retailerAccount, SALES_ACCOUNT } from '../retailers/accounts.ts'
import {
  type Answered,
  answerPlace,
  keyOf,
  placeNow,
  placesOf,
  refuseInSequence,
  settleInTurn,
  terminalOf,
} from './answer-in-sequence.ts'
import {
  answerClosed,
  type ClosedOrders,
  closeOrders,
  closeUnanswered,
  type OrderToClose,
  storeClosed,
} from './close-supply-orders.ts'
import {
  type AcceptedOrder,
  decideSupplyOrders,
  orderToClose,
  type SupplyOrderMessage,
  writeDown,
} from './decide-supply-orders.ts'
import { readUnansweredOrder } from './open-orders.sql.ts'
import {
  type JudgedReceipts,
  judgeReceipts,
  refuseReceipt,
  type SupplyReceiptMessage,
} from './receive-supply-receipt.ts'
import type { Place } from './sequence.ts'
import type { SignedMessage, VerifiedMessage } from './signed-message.ts'
import { insertMessages } from './supply-message.sql.ts'
import { lockTerminals, moveTerminals, type SupplyTerminal } from './supply-terminal.sql.ts'

/** An order that was accepted, waiting for the turn that has it closed. */
export interface DecidedOrder {
  readonly message: SupplyOrderMessage
  /** As it was when its order was decided, a turn ago. */
  readonly terminal: SupplyTerminal
  readonly order: OrderToClose
}

export type TurnMessage = SupplyOrderMessage | SupplyReceiptMessage

export interface Turn {
  /** What each message that is done with is answered: those of this turn, and orders that the turn before decided. */
  readonly answers: ReadonlyMap<TurnMessage, Answered | Promise<Answered>>
  readonly decided: readonly DecidedOrder[]
}

/** At most one message of a terminal. */
export async function takeTurn(
  needs: CentreNeeds,
  depot: DepotId,
  messages: readonly TurnMessage[],
  before: readonly DecidedOrder[],
): Promise<Turn> {
  const [closed, receipts] = await Promise.all([
    closeOrders(
      needs,
      depot,
      before.map(({ order }) => order),
      new Map(before.map(({ terminal }) => [terminal.id, terminal])),
    ),
    judgeReceipts(
      needs,
      depot,
      messages.filter((message) => 'receipt' in message),
    ),
  ])
  const orders = messages.filter((message) => 'order' in message)
  const work = { depot, closed, receipts, orders }
  const isIdle = closed.despatched.size + receipts.acknowledged.size + orders.length === 0
  const taken = isIdle ? NOTHING : await inTransaction(needs.pool, (sql) => writeTurn(needs, sql, work))
  return {
    answers: answersOf(needs, work, taken, before),
    decided: taken.accepted.map((one) => ({
      ...{ message: one.message, terminal: one.terminal },
      order: orderToClose(one),
    })),
  }
}

interface Work {
  readonly depot: DepotId
  readonly closed: ClosedOrders
  readonly receipts: JudgedReceipts
  readonly orders: readonly SupplyOrderMessage[]
}

interface Taken {
  /** Orders whose answers are the ones that were stored. */
  readonly stored: ReadonlySet<OrderToClose>
  readonly places: ReadonlyMap<VerifiedMessage, Place>
  readonly terminals: ReadonlyMap<TerminalId, SupplyTerminal>
  readonly accepted: readonly AcceptedOrder[]
  readonly refused: ReadonlyMap<SupplyOrderMessage, SupplyRefusalReason>
}

const NOTHING: Taken = {
  ...{ stored: new Set(), places: new Map(), terminals: new Map() },
  ...{ accepted: [], refused: new Map() },
}

/** Locks always in one order: terminals, messages, accounts, packs, the audit chain. */
async function writeTurn(
  needs: CentreNeeds,
  sql: SqlClient,
  { depot, closed, receipts, orders }: Work,
): Promise<Taken> {
  const at = new Date(needs.clock.nowMs())
  const messages: readonly TurnMessage[] = [...receipts.acknowledged.keys(), ...orders]
  const senders = messages.map(({ sender }) => sender)
  const terminals = senders.length > 0 ? await lockTerminals(sql, depot, senders) : NONE
  const places = await placesOf(needs, sql, depot, messages, terminals)
  const stored = await storeClosed(sql, depot, closed)
  const next = messages.filter((message) => places.get(message) === 'next')
  if (next.length === 0) return { stored, places, terminals, accepted: [], refused: new Map() }

  const retailers = new Set(next.map(({ sender }) => terminalOf(terminals, sender).retailer_id))
  const batch = await beginBatch(sql, depot, [...[...retailers].map(retailerAccount), SALES_ACCOUNT])
  const open = await settleInTurn(
    batch,
    depot,
    next.map((message) => ({
      terminal: terminalOf(terminals, message.sender),
      sequence: message.sequence,
      reason: 'receipt' in message ? 'receipt' : 'later message',
    })),
    at,
  )
  const asked = next.filter((message) => 'order' in message)
  const { accepted, refused } = await decideSupplyOrders(needs, batch, asked, terminals, at)
  await endBatch(batch)
  const heard = next.filter((message) => 'receipt' in message)
  const rows = [
    ...heard.map((message) => rowOf(message, receipts.acknowledged.get(message)!)),
    ...accepted.map(({ message }) => rowOf(message, null)),
  ]
  if (rows.length === 0) return { stored, places, terminals, accepted, refused }
  await insertMessages(sql, depot, rows, at)
  await moveTerminals(sql, depot, [
    ...heard.map((message) => ({ ...keyOf(message), openOrder: open.get(message.sender) ?? null })),
    ...accepted.map(({ message, dayOrder, lines }) => ({
      ...keyOf(message),
      openOrder: open.get(message.sender) ?? BigInt(message.sequence),
      dayOrder: dayOrder ?? BigInt(message.sequence),
      aboardMinor: publicValue(lines),
    })),
  ])
  if (accepted.length > 0) await writeDown(sql, depot, accepted, at)
  return { stored, places, terminals, accepted, refused }
}

/** At public prices. */
function publicValue(lines: AcceptedOrder['lines']): bigint {
  return lines.reduce(
    (sum, { price, supplied }) => sum + price.publicPrice.amountMinor * BigInt(supplied),
    0n,
  )
}

const NONE: ReadonlyMap<TerminalId, SupplyTerminal> = new Map()

function rowOf(message: VerifiedMessage, answer: Uint8Array | null) {
  const { kind, payloadHash, bytes: request } = message
  return { ...keyOf(message), kind, payloadHash, request, answer }
}

/** What is not simply answered by what was stored has a flow of its own, which no turn waits for. */
function answersOf(
  needs: CentreNeeds,
  { depot, closed, receipts, orders }: Work,
  { stored, places, terminals, refused }: Taken,
  before: readonly DecidedOrder[],
): Turn['answers'] {
  const answers = new Map<TurnMessage, Answered | Promise<Answered>>()
  for (const { message, order, terminal } of before)
    answers.set(message, answerClosed(needs, depot, closed, order, stored, terminal))
  for (const [message, answer] of receipts.acknowledged) {
    const place = places.get(message)!
    const signed = { ...message, terminal: terminalOf(terminals, message.sender) }
    answers.set(message, place === 'next' ? answer : answerPlace(needs, signed, place))
  }
  for (const message of receipts.others) answers.set(message, answerNow(needs, message, receipts.terminals))
  for (const message of receipts.strange)
    answers.set(message, refuseReceipt(needs, message, terminalOf(receipts.terminals, message.sender)))
  for (const message of orders) {
    const place = places.get(message)!
    const signed = { ...message, terminal: terminalOf(terminals, message.sender) }
    const why = refused.get(message)
    if (place !== 'next') answers.set(message, answerKnown(needs, signed, place))
    else if (why !== undefined) answers.set(message, refuseInSequence(needs, signed, why))
  }
  return answers
}

async function answerNow(
  needs: CentreNeeds,
  message: VerifiedMessage,
  terminals: ReadonlyMap<TerminalId, SupplyTerminal>,
): Promise<Answered> {
  const signed = { ...message, terminal: terminalOf(terminals, message.sender) }
  const place = await placeNow(needs, signed)
  return place === 'next' ? 'in-progress' : answerPlace(needs, signed, place)
}

/** A repeat; where nobody has closed its codes yet, they are closed now. */
async function answerKnown(
  needs: CentreNeeds,
  message: SignedMessage,
  place: Exclude<Place, 'next'>,
): Promise<Answered> {
  if (place !== 'in-progress') return answerPlace(needs, message, place)
  const { pool } = needs
  const unanswered = await readUnansweredOrder(pool, message.depot, keyOf(message))
  const [answer] = await closeUnanswered(needs, message.depot, unanswered)
  if (answer !== undefined) return answer
  // Answered a moment ago, by whoever decided it.
  const now = await placeNow(needs, message)
  return now === 'next' ? 'in-progress' : answerPlace(needs, message, now)
}
