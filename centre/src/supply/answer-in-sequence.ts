// What every signed request has in common: its place in the terminal's sequence, the answer stored before it is
// offered to the line, and the money of earlier orders, which any later message makes final.

import { availableMinor } from '@scratchless/ledger/account'
import { readAccount } from '@scratchless/ledger/ledger.sql'
import { beginBatch, endBatch, type LedgerBatch, settleInBatch } from '@scratchless/ledger/post-transfers'
import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import type { Sql } from '@scratchless/office/database/database'
import { inTransaction, type SqlClient } from '@scratchless/office/database/database'
import type { DepotId, RetailerId, TerminalId } from '@scratchless/voucher/ids'
import type { SupplyRefusalReason } from '@scratchless/wire/supply/supply-refusal'
import { raiseAlarm } from '../alarms.sql.ts'
import type { CentreNeeds } from '../needs.ts'
import { retailerAccount } from '../retailers/accounts.ts'
import { markTerminalLocked } from '../terminals/terminals.sql.ts'
import type { VaultVerbs } from '../vault/verbs.ts'
import { markDelivered, readOpenOrders } from './open-orders.sql.ts'
import { type Place, placeOf } from './sequence.ts'
import type { SignedMessage, VerifiedMessage } from './signed-message.ts'
import { standingFor } from './standing.ts'
import { insertMessages, readMessages, type SequenceKey } from './supply-message.sql.ts'
import { lockTerminals, moveTerminals, type SupplyTerminal } from './supply-terminal.sql.ts'

/** `in-progress`: an order whose codes are being closed; ask again. */
export type Answered = Uint8Array | 'in-progress'

export function keyOf({ sender, sequence }: Pick<VerifiedMessage, 'sender' | 'sequence'>): SequenceKey {
  return { terminal: sender, sequence }
}

/** The pending transfer of an accepted order. */
export function transferId(terminal: TerminalId, sequence: number | bigint): string {
  return `supply:${terminal}:${sequence}`
}

/**
 * Answers a message in its place. `make` is called only where it is the next one, and makes the signed answer;
 * `effect` then runs in the transaction that stores that answer.
 */
export async function answerInSequence(
  needs: CentreNeeds,
  message: SignedMessage,
  make: () => Promise<Uint8Array>,
  effect: (sql: SqlClient, at: Date) => Promise<void> = async () => undefined,
): Promise<Answered> {
  const before = await placeNow(needs, message)
  if (before !== 'next') return answerPlace(needs, message, before)
  // Signed before the locks are taken, so that nobody waits for the vault behind them.
  const answer = await make()
  const { depot, sender, kind, payloadHash, bytes: request } = message
  const place = await inTransaction(needs.pool, async (sql) => {
    const at = new Date(needs.clock.nowMs())
    const terminals = await lockTerminals(sql, depot, [sender])
    const now = (await placesOf(needs, sql, depot, [message], terminals)).get(message)!
    if (now !== 'next') return now
    const openOrder = await settleEarlierOrders(
      sql,
      depot,
      terminalOf(terminals, sender),
      message.sequence,
      at,
    )
    await effect(sql, at)
    await insertMessages(sql, depot, [{ ...keyOf(message), kind, payloadHash, request, answer }], at)
    await moveTerminals(sql, depot, [{ ...keyOf(message), openOrder }])
    return now
  })
  return place === 'next' ? answer : answerPlace(needs, message, place)
}

/** Where each message of a depot stands, by its terminal's row. */
export async function placesOf<Message extends VerifiedMessage>(
  { clock }: Pick<CentreNeeds, 'clock'>,
  sql: Sql,
  depot: DepotId,
  messages: readonly Message[],
  terminals: ReadonlyMap<TerminalId, SupplyTerminal>,
): Promise<Map<Message, Place>> {
  // What is beyond a terminal's last message nobody has seen before.
  const seen = messages.filter(
    ({ sender, sequence }) => sequence <= terminalOf(terminals, sender).last_sequence,
  )
  const rows = seen.length > 0 ? await readMessages(sql, depot, seen.map(keyOf)) : []
  const known = new Map(rows.map((row) => [transferId(row.terminal_id, row.sequence), row]))
  return new Map(
    messages.map((message) => {
      const { sender, sequence } = message
      const row = known.get(transferId(sender, sequence))
      return [message, placeOf(terminalOf(terminals, sender), row, message, clock.nowMs())]
    }),
  )
}

export function terminalOf(
  terminals: ReadonlyMap<TerminalId, SupplyTerminal>,
  id: TerminalId,
): SupplyTerminal {
  const terminal = terminals.get(id)
  if (terminal === undefined) throw new Error(`${id} vanished`)
  return terminal
}

export async function placeNow(needs: CentreNeeds, message: SignedMessage): Promise<Place> {
  const { depot, terminal } = message
  const terminals = new Map([[terminal.id, terminal]])
  return (await placesOf(needs, needs.pool, depot, [message], terminals)).get(message)!
}

/** The answer of a place that is not the next one: the stored bytes, or a refusal that uses up nothing. */
export async function answerPlace(
  needs: CentreNeeds,
  message: SignedMessage,
  place: Exclude<Place, 'next'>,
): Promise<Answered> {
  if (place === 'in-progress') return place
  if ('answer' in place) return place.answer
  if (place.altered) await lockForPeople(needs, message)
  return signRefusal(needs, message, place.refusal)
}

/**
 * One sequence with two contents that one key signed: two journals run under one terminal. It is locked until people
 * have looked.
 */
async function lockForPeople(
  { pool, clock }: CentreNeeds,
  { terminal, sequence }: SignedMessage,
): Promise<void> {
  const at = new Date(clock.nowMs())
  const subject = transferId(terminal.id, sequence)
  await inTransaction(pool, async (sql) => {
    await markTerminalLocked(sql, terminal.id, at, 'content-altered')
    await raiseAlarm(sql, { at, kind: 'supply-message-altered', subject })
    await appendAudit(sql, { at, actor: terminal.id, action: 'terminal-locked', subject })
  })
}

/** With the first of these the terminal sells no more: none of them lengthens a lease. */
const ENDS_SELLING: readonly string[] = [
  'terminal-revoked',
  'terminal-locked',
  'content-altered',
] satisfies SupplyRefusalReason['reason'][]

/** Has the vault sign what a message is answered, under the certificate that its terminal holds of ours. */
export function signAnswer(
  { vault }: Pick<CentreNeeds, 'vault'>,
  { terminal, certificate, sequence, payloadHash }: SignedMessage,
  answer: Parameters<VaultVerbs['signAnswer']>[0]['answer'],
): Promise<Uint8Array> {
  return vault.signAnswer({
    ...{ terminal: terminal.id, certificate: certificate.number, sequence, answering: payloadHash },
    answer,
  })
}

export async function signRefusal(
  needs: CentreNeeds,
  message: SignedMessage,
  why: SupplyRefusalReason,
): Promise<Uint8Array> {
  const { terminal } = message
  const known = await standingFor(needs, needs.pool, terminal)
  const standing = ENDS_SELLING.includes(why.reason) ? { ...known, leaseUntilS: known.timeS } : known
  const available = await readAvailableMinor(needs.pool, message.depot, terminal.retailer_id)
  return signAnswer(needs, message, {
    kind: 'supply-refusal',
    content: { standing, availableMinor: available, why },
  })
}

/** Answers a message in its place with a "no". */
export async function refuseInSequence(
  needs: CentreNeeds,
  message: SignedMessage,
  why: SupplyRefusalReason,
  effect?: (sql: SqlClient, at: Date) => Promise<void>,
): Promise<Answered> {
  return answerInSequence(needs, message, () => signRefusal(needs, message, why), effect)
}

/** Answers a message that needs no more than that it was taken. */
export async function acknowledge(
  needs: CentreNeeds,
  message: SignedMessage,
  effect: (sql: SqlClient, at: Date) => Promise<void>,
): Promise<Answered> {
  return answerInSequence(
    needs,
    message,
    async () => {
      const standing = await standingFor(needs, needs.pool, message.terminal)
      return signAnswer(needs, message, { kind: 'acknowledgement', content: { standing } })
    },
    effect,
  )
}

async function readAvailableMinor(sql: Sql, depot: DepotId, retailer: RetailerId): Promise<bigint> {
  const account = await readAccount(sql, depot, retailerAccount(retailer))
  return account === null ? 0n : (availableMinor(account) ?? 0n)
}

/**
 * A terminal that speaks again has what it was sent before: the money of its orders before this sequence is posted. Which
 * of its orders is open still, where one has no answer yet.
 */
export async function settleEarlierOrders(
  sql: Sql,
  depot: DepotId,
  terminal: SupplyTerminal,
  sequence: number,
  at: Date,
): Promise<bigint | null> {
  const batch = await beginBatch(sql, depot, [])
  const spoke = [{ terminal, sequence, reason: 'later message' }]
  const open = await settleInTurn(batch, depot, spoke, at)
  await endBatch(batch)
  return open.get(terminal.id) ?? null
}

/** The same for terminals of one depot, within what else their turn books: of each, the first order still open. */
export async function settleInTurn(
  batch: LedgerBatch,
  depot: DepotId,
  spoke: readonly { readonly terminal: SupplyTerminal; readonly sequence: number; readonly reason: string }[],
  at: Date,
): Promise<Map<TerminalId, bigint>> {
  const { sql } = batch
  const asked = spoke.flatMap(({ terminal: { id, open_order: from }, sequence: before }) =>
    from === null || from >= before ? [] : [{ terminal: id, from, before }],
  )
  const first = new Map<TerminalId, bigint>()
  const open = asked.length > 0 ? await readOpenOrders(sql, depot, asked) : []
  const despatched = open.filter(({ state }) => state === 'despatched')
  for (const { terminal, sequence, state } of open)
    if (state === 'decided' && sequence < (first.get(terminal) ?? sequence + 1n))
      first.set(terminal, sequence)
  if (despatched.length === 0) return first
  const keys = despatched.map(({ terminal, sequence }) => ({ terminal, sequence: Number(sequence) }))
  const reasons = new Map(spoke.map(({ terminal, reason }) => [terminal.id, reason]))
  const byReason = Map.groupBy(
    await markDelivered(sql, depot, keys, at),
    ({ terminal }) => reasons.get(terminal)!,
  )
  for (const [reason, orders] of byReason) {
    const ids = orders.map(({ terminal, sequence }) => transferId(terminal, sequence))
    await settleInBatch(batch, ids, { outcome: 'posted', reason, settledAt: at })
  }
  return first
}
