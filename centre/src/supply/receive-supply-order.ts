// Step 10 of the way of a code: supply orders that arrived together are decided in one transaction (prices, ceilings,
// stock, money), then the vault closes their codes in one call, then the answers are stored in another transaction,
// and only then offered to the line. After a crash in between, the orders decided are closed again with the same runs.

import { availableMinor } from '@scratchless/ledger/account'
import { lockAccounts } from '@scratchless/ledger/ledger.sql'
import { pendTransfers, settlePending } from '@scratchless/ledger/post-transfers'
import { transferBetween } from '@scratchless/ledger/transfer'
import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import { inTransaction, type SqlClient } from '@scratchless/office/database/database'
import type { RetailerId } from '@scratchless/voucher/ids'
import type { ProductId } from '@scratchless/voucher/product'
import { serialFromNumber } from '@scratchless/voucher/serial'
import type { SupplyOrder } from '@scratchless/wire/supply/supply-order'
import { DELIVERY_HASH_BYTES } from '@scratchless/wire/supply/supply-receipt'
import type { SupplyRefusalReason } from '@scratchless/wire/supply/supply-refusal'
import { raiseAlarm } from '../alarms.sql.ts'
import { readProducts, readRates } from '../catalogue/catalogue.sql.ts'
import { priceFor } from '../catalogue/price.ts'
import type { CentreNeeds } from '../needs.ts'
import { retailerAccount, SALES_ACCOUNT } from '../retailers/accounts.ts'
import { DEPOT } from '../settings.ts'
import type { DecidedSupply, SupplyClosingRefusal } from '../vault/verbs.ts'
import {
  type Answered,
  answerInSequence,
  answerPlace,
  keyOf,
  type SignedMessage,
  settleEarlierOrders,
  signRefusal,
  transferId,
} from './answer-in-sequence.ts'
import { type Place, placeOf } from './sequence.ts'
import { createShelf } from './shelf.ts'
import { epochOf, standingsFor } from './standing.ts'
import {
  countGivenCodes,
  insertMessages,
  insertOrderLines,
  insertOrders,
  insertRuns,
  lockPacksToTake,
  markDespatched,
  markWithheld,
  moveTaken,
  type PackRow,
  readMessages,
  readOpenOrders,
  readRuns,
  type SequenceKey,
  storeAnswers,
  type TakenRun,
} from './supply.sql.ts'
import { type Accepted, decideSupplyOrder, type SupplyView } from './supply-decision.ts'
import { lockTerminals, readTerminals, type SupplyTerminal } from './supply-terminal.sql.ts'

export interface SupplyOrderMessage extends SignedMessage {
  readonly order: SupplyOrder
}

/** What the transaction made of one order. */
type Decided =
  | { readonly place: Exclude<Place, 'next'> }
  | { readonly why: SupplyRefusalReason; readonly terminal: SupplyTerminal }
  | { readonly open: OrderToClose }

/** An accepted order on its way to the vault. */
interface OrderToClose extends SequenceKey {
  readonly frame: Uint8Array
  readonly debitedMinor: bigint
  readonly availableMinor: bigint
  readonly runs: readonly TakenRun[]
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** A shop sells within days; a customer keeps a ticket for weeks. */
const LEAST_VALIDITY_DAYS = 60
/** Packs of one product that are locked at a time: enough for 32,000 codes. */
const PACKS_AT_ONCE = 32
/** Orders that a start closes again in one group. */
const RESUME_AT_ONCE = 64

/** Runs one work after the other, in the order in which they are handed in. */
export type InTurn = <Result>(work: () => Promise<Result>) => Promise<Result>

/** Answers a group of orders, each in its place of the array. Groups come to the vault `inTurn`. */
export async function receiveSupplyOrders(
  needs: CentreNeeds,
  messages: readonly SupplyOrderMessage[],
  inTurn: InTurn,
): Promise<Answered[]> {
  const at = new Date(needs.clock.nowMs())
  const decided = await inTransaction(needs.pool, (sql) => decideGroup(needs, sql, messages, at))
  const open = decided.flatMap((one) => ('open' in one ? [one.open] : []))
  const closed = await closeOrders(needs, open, inTurn)
  return Promise.all(
    decided.map((one, index) => {
      const message = messages[index]!
      if ('open' in one) return closed.get(one.open)!
      if ('place' in one) return answerKnown(needs, message, one.place, inTurn)
      return refuse(needs, { ...message, terminal: one.terminal }, one.why)
    }),
  )
}

/** A repeat; where the vault was lost on the first time, its codes are closed now. */
async function answerKnown(
  needs: CentreNeeds,
  message: SupplyOrderMessage,
  place: Exclude<Place, 'next'>,
  inTurn: InTurn,
): Promise<Answered> {
  if (place !== 'in-progress') return answerPlace(needs, message, place)
  const [answer] = await closeOpenOrders(needs, keyOf(message), inTurn)
  return answer ?? 'in-progress'
}

async function decideGroup(
  needs: CentreNeeds,
  sql: SqlClient,
  messages: readonly SupplyOrderMessage[],
  at: Date,
): Promise<Decided[]> {
  const nowMs = at.getTime()
  const terminals = await lockTerminals(
    sql,
    DEPOT,
    messages.map(({ terminal }) => terminal.id),
  )
  const known = new Map(
    (await readMessages(sql, DEPOT, messages.map(keyOf))).map((row) => [
      transferId(row.terminal_id, row.sequence),
      row,
    ]),
  )
  const places = messages.map((message) => {
    const terminal = terminals.get(message.terminal.id)!
    return placeOf(terminal, known.get(transferId(terminal.id, message.sequence)), message, nowMs)
  })
  const fresh = messages.filter((_, index) => places[index] === 'next')
  await settleEarlierOrders(sql, fresh.map(keyOf), at)
  const view = await viewOf(needs, sql, fresh, at)

  const accepted: AcceptedOrder[] = []
  const decided = messages.map((message, index): Decided => {
    const place = places[index]!
    if (place !== 'next') return { place }
    const terminal = terminals.get(message.terminal.id)!
    const verdict = decideSupplyOrder(view, terminal, message.order)
    if ('why' in verdict) return { why: verdict.why, terminal }
    accepted.push({ ...verdict.accepted, message, terminal })
    const { runs, debitedMinor, availableMinor: left } = verdict.accepted
    return { open: { ...keyOf(message), frame: message.bytes, debitedMinor, availableMinor: left, runs } }
  })
  if (accepted.length > 0) {
    await moveTaken(sql, DEPOT, view.shelf.moved())
    await writeDown(needs, sql, accepted, at)
  }
  return decided
}

/** What the rule decides by, read once for the group: rows that will change are locked. */
async function viewOf(
  { settings, clock }: CentreNeeds,
  sql: SqlClient,
  messages: readonly SupplyOrderMessage[],
  at: Date,
): Promise<SupplyView> {
  const retailers = [...new Set(messages.map(({ terminal }) => terminal.retailer_id))]
  const products = new Map((await readProducts(sql, settings.currency)).map((one) => [one.id, one]))
  const rates = await readRates(sql, retailers, at)
  const accounts = await lockAccounts(sql, DEPOT, [...retailers.map(retailerAccount), SALES_ACCOUNT])
  const given = await countGivenCodes(
    sql,
    DEPOT,
    messages.map(({ terminal }) => terminal.id),
    { hour: new Date(at.getTime() - HOUR_MS), day: new Date(at.getTime() - DAY_MS) },
  )
  return {
    nowMs: clock.nowMs(),
    products,
    priceOf: (product, retailer) => priceFor(product, retailer, rates, settings.discountBasisPoints),
    shelf: createShelf(await lockStock(sql, messages, at)),
    ceilings: settings.ceilings,
    given: new Map(given.map((row) => [row.terminal_id, { lastHour: row.last_hour, lastDay: row.last_day }])),
    availableMinor: new Map(
      retailers.map((retailer): [RetailerId, bigint] => {
        const account = accounts.get(retailerAccount(retailer))
        return [retailer, account === undefined ? 0n : (availableMinor(account) ?? 0n)]
      }),
    ),
  }
}

/** Packs enough for all that the group asks of each product, or all that there are. */
async function lockStock(
  sql: SqlClient,
  messages: readonly SupplyOrderMessage[],
  at: Date,
): Promise<PackRow[]> {
  const wanted = new Map<ProductId, number>()
  for (const { order } of messages)
    for (const { product, quantity } of order.lines)
      wanted.set(product, (wanted.get(product) ?? 0) + quantity)
  const notBefore = new Date(at.getTime() + LEAST_VALIDITY_DAYS * DAY_MS).toISOString().slice(0, 10)
  const packs: PackRow[] = []
  // In one order everywhere, so that two groups never wait for each other in a ring.
  for (const product of [...wanted.keys()].sort()) {
    let missing = wanted.get(product)!
    let after: PackRow | null = null
    while (missing > 0) {
      const page: PackRow[] = await lockPacksToTake(
        sql,
        DEPOT,
        product,
        { now: at, notBefore, after },
        PACKS_AT_ONCE,
      )
      if (page.length === 0) break
      packs.push(...page)
      missing -= page.reduce((sum, { count, taken }) => sum + count - taken, 0)
      after = page.at(-1)!
    }
  }
  return packs
}

interface AcceptedOrder extends Accepted {
  readonly message: SupplyOrderMessage
  readonly terminal: SupplyTerminal
}

/** Money, codes and messages of the orders accepted; the audit entry of the group is the last statement. */
async function writeDown(
  { settings, clock }: CentreNeeds,
  sql: SqlClient,
  orders: readonly AcceptedOrder[],
  at: Date,
): Promise<void> {
  const transfers = orders
    .filter(({ debitedMinor }) => debitedMinor > 0n)
    .map(({ message, terminal, debitedMinor }) =>
      transferBetween({
        id: transferId(terminal.id, message.sequence),
        kind: 'supply',
        subject: terminal.retailer_id,
        currency: settings.currency,
        debit: retailerAccount(terminal.retailer_id),
        credit: SALES_ACCOUNT,
        amountMinor: debitedMinor,
      }),
    )
  const pended = await pendTransfers(sql, DEPOT, transfers, at)
  // The accounts have been locked since the rule looked at them: the ledger can only agree.
  for (const [id, verdict] of pended) if (verdict !== 'accepted') throw new Error(`${id}: ${verdict}`)

  await insertMessages(
    sql,
    DEPOT,
    orders.map(({ message }) => ({
      ...keyOf(message),
      kind: message.kind,
      payloadHash: message.payloadHash,
      request: message.bytes,
      answer: null,
    })),
    at,
  )
  await insertOrders(
    sql,
    DEPOT,
    orders.map(({ message, terminal, codes, debitedMinor, availableMinor: left }) => ({
      ...keyOf(message),
      retailer: terminal.retailer_id,
      epoch: epochOf(terminal, clock.nowMs()),
      codes,
      debitedMinor,
      availableMinor: left,
    })),
    at,
  )
  await insertOrderLines(
    sql,
    DEPOT,
    orders.flatMap(({ message, lines }) =>
      lines.map(({ price, ...line }) => ({
        ...keyOf(message),
        ...line,
        unitPriceMinor: price.unitPrice.amountMinor,
        discountBasisPoints: price.discountBasisPoints,
        rule: price.rule,
        rounding: price.rounding,
      })),
    ),
  )
  await insertRuns(
    sql,
    DEPOT,
    orders.flatMap(({ message, runs }) => runs.map((run) => ({ ...keyOf(message), ...run }))),
  )
  await appendAudit(sql, {
    at,
    actor: 'supply-desk',
    action: 'supply-orders-decided',
    subject: `${orders.length} orders`,
    details: {
      orders: orders.map(({ message, codes, debitedMinor }) => [
        message.terminal.id,
        message.sequence,
        codes,
        String(debitedMinor),
      ]),
    },
  })
}

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

/** Has the codes of decided orders closed and stores the answers; what each order is answered with. */
async function closeOrders(
  needs: CentreNeeds,
  orders: readonly OrderToClose[],
  inTurn: InTurn,
): Promise<Map<OrderToClose, Uint8Array>> {
  if (orders.length === 0) return new Map()
  const reading = readStandings(needs, orders)
  // Its fault is thrown when the turn comes.
  reading.catch(() => undefined)
  const { terminals, closed } = await inTurn(async () => {
    const { terminals, standings } = await reading
    const closed = await needs.vault.closeSupplyDeliveries(
      orders.map(({ terminal, sequence, frame, debitedMinor, availableMinor: left, runs }, index) => ({
        ...{ terminal, sequence, frame },
        decided: { standing: standings[index]!, debitedMinor, availableMinor: left, lots: lotsOf(runs) },
      })),
    )
    return { terminals, closed }
  })
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
  if (despatched.length > 0)
    await inTransaction(needs.pool, async (sql) => {
      const rows = despatched.map(({ order: { terminal, sequence }, frame, payloadHash }) => ({
        terminal,
        sequence,
        answer: frame,
        deliveryHash: payloadHash.subarray(0, DELIVERY_HASH_BYTES),
      }))
      await storeAnswers(sql, DEPOT, rows)
      await markDespatched(sql, DEPOT, rows)
    })
  return answers
}

/** Runs as the vault's journal wants them: in one order, whoever built them, so that a repeat is the same. */
function lotsOf(runs: readonly TakenRun[]): DecidedSupply['lots'] {
  const sorted = [...runs].sort(
    (a, b) =>
      compare(a.product, b.product) ||
      compare(a.expiresOn, b.expiresOn) ||
      compare(a.lot, b.lot) ||
      Number(a.firstSerial - b.firstSerial),
  )
  const lots = Map.groupBy(sorted, ({ product, lot }) => `${product} ${lot}`)
  return [...lots.values()].map((ofLot) => {
    const { operator, product, lot, expiresOn, unitPriceMinor } = ofLot[0]!
    return {
      operator,
      product,
      lot,
      expiresOn,
      unitPriceMinor,
      runs: ofLot.map((run) => ({
        packFirstSerial: serialFromNumber(Number(run.packFirstSerial)),
        firstSerial: serialFromNumber(Number(run.firstSerial)),
        count: run.count,
      })),
    }
  })
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/**
 * The vault would not close what the desk decided: the two disagree, and people must look. The money is voided, which
 * it may be because no answer was offered to the line; the codes stay on hold.
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
    kind: stored.kind,
    payloadHash: stored.payload_hash,
    bytes: order.frame,
  }
  const answer = await signRefusal(needs, message, reasonFor(needs, order, terminal, refusal))
  await inTransaction(needs.pool, async (sql) => {
    await lockTerminals(sql, DEPOT, [order.terminal])
    const settlement = { outcome: 'voided', reason: `vault: ${refusal}`, settledAt: at } as const
    if (order.debitedMinor > 0n) await settlePending(sql, DEPOT, [id], settlement)
    await markWithheld(sql, DEPOT, order, at)
    await storeAnswers(sql, DEPOT, [{ ...order, answer }])
    await raiseAlarm(sql, { at, kind: 'supply-withheld', subject: id, details: { refusal } })
  })
  return answer
}

function reasonFor(
  { clock, settings }: CentreNeeds,
  { runs }: OrderToClose,
  terminal: SupplyTerminal,
  refusal: SupplyClosingRefusal,
): SupplyRefusalReason {
  const nowMs = clock.nowMs()
  if (refusal === 'order-not-verified') return { reason: 'terminal-revoked' }
  if (refusal === 'no-safe-key') return { reason: 'card-letter-needed', epoch: epochOf(terminal, nowMs) }
  if (refusal === 'ceiling-exceeded') {
    const freeAtS = Math.ceil((nowMs + HOUR_MS) / 1000)
    return { reason: 'ceiling-exceeded', codes: settings.ceilings.codesPerHour, freeAtS }
  }
  return { reason: 'no-stock', products: [...new Set(runs.map(({ product }) => product))] }
}

async function refuse(
  needs: CentreNeeds,
  message: SupplyOrderMessage,
  why: SupplyRefusalReason,
): Promise<Answered> {
  return answerInSequence(needs, message, () => signRefusal(needs, message, why))
}

/** At the start: orders that were decided before the last stop and never answered. Returns how many there were. */
export async function resumeSupplyOrders(needs: CentreNeeds): Promise<number> {
  for (let resumed = 0; ; ) {
    // Before the desk opens nobody else comes to the vault.
    const closed = await closeOpenOrders(needs, null, (work) => work())
    if (closed.length === 0) return resumed
    resumed += closed.length
  }
}

/** Orders that stand decided in the database are closed with just the runs that were taken for them. */
async function closeOpenOrders(
  needs: CentreNeeds,
  only: SequenceKey | null,
  inTurn: InTurn,
): Promise<Uint8Array[]> {
  const rows = await readOpenOrders(needs.pool, DEPOT, RESUME_AT_ONCE, only)
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
  const answers = await closeOrders(needs, orders, inTurn)
  return orders.map((order) => answers.get(order)!)
}
