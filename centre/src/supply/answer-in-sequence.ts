// What every signed request has in common: its place in the terminal's sequence, the answer stored before it is
// offered to the line, and the money of earlier orders, which any later message makes final.

import { availableMinor } from '@scratchless/ledger/account'
import { readAccount } from '@scratchless/ledger/ledger.sql'
import { settlePending } from '@scratchless/ledger/post-transfers'
import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import type { Sql } from '@scratchless/office/database/database'
import { inTransaction, type SqlClient } from '@scratchless/office/database/database'
import type { RetailerId, TerminalId } from '@scratchless/voucher/ids'
import type { SupplyRefusalReason } from '@scratchless/wire/supply/supply-refusal'
import { raiseAlarm } from '../alarms.sql.ts'
import type { CentreNeeds } from '../needs.ts'
import { retailerAccount } from '../retailers/accounts.ts'
import { DEPOT } from '../settings.ts'
import { markTerminalLocked } from '../terminals/terminals.sql.ts'
import type { VaultVerbs } from '../vault/verbs.ts'
import { type Place, placeOf } from './sequence.ts'
import type { SignedMessage } from './signed-message.ts'
import { standingFor, standingsFor } from './standing.ts'
import { markDelivered } from './supply.sql.ts'
import { insertMessages, readMessages, type SequenceKey } from './supply-message.sql.ts'
import { lockTerminals, type SupplyTerminal } from './supply-terminal.sql.ts'

/** `in-progress`: an order whose codes are being closed; ask again. */
export type Answered = Uint8Array | 'in-progress'

export function keyOf({ terminal, sequence }: SignedMessage): SequenceKey {
  return { terminal: terminal.id, sequence }
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
  const [answer] = await answerGroupInSequence(needs, [message], async () => [await make()], effect)
  return answer!
}

/**
 * The same for messages that came together, at most one of a terminal: `make` is given those that are next ones, and
 * `effect` runs where one of them still is.
 */
export async function answerGroupInSequence<Message extends SignedMessage>(
  needs: CentreNeeds,
  messages: readonly Message[],
  make: (next: readonly Message[]) => Promise<readonly Uint8Array[]>,
  effect: (sql: SqlClient, at: Date) => Promise<void> = async () => undefined,
  settlementReason = 'later message',
): Promise<Answered[]> {
  const before = await placesNow(needs, needs.pool, messages)
  const next = messages.filter((message) => before.get(message) === 'next')
  // Signed before the locks are taken, so that nobody waits for the vault behind them.
  const made = next.length === 0 ? [] : await make(next)
  const answers = new Map(next.map((message, index) => [message, made[index]!]))
  const places = next.length === 0 ? before : await inTransaction(needs.pool, take)
  return Promise.all(
    messages.map((message) => {
      const place = places.get(message) ?? before.get(message)!
      return place === 'next' ? answers.get(message)! : answerPlace(needs, message, place)
    }),
  )

  async function take(sql: SqlClient): Promise<ReadonlyMap<Message, Place>> {
    const at = new Date(needs.clock.nowMs())
    const ids = next.map(({ terminal }) => terminal.id)
    const now = await placesNow(needs, sql, next, await lockTerminals(sql, DEPOT, ids))
    const taken = next.filter((message) => now.get(message) === 'next')
    if (taken.length === 0) return now
    await settleEarlierOrders(sql, taken.map(keyOf), at, settlementReason)
    await effect(sql, at)
    const rows = taken.map((message) => {
      const { kind, payloadHash, bytes: request } = message
      return { ...keyOf(message), kind, payloadHash, request, answer: answers.get(message)! }
    })
    await insertMessages(sql, DEPOT, rows, at)
    return now
  }
}

/** Where each message stands, by the terminals' rows as they are given, else as the message brought them. */
async function placesNow<Message extends SignedMessage>(
  { clock }: CentreNeeds,
  sql: Sql,
  messages: readonly Message[],
  terminals?: ReadonlyMap<TerminalId, SupplyTerminal>,
): Promise<Map<Message, Place>> {
  const rows = await readMessages(sql, DEPOT, messages.map(keyOf))
  const known = new Map(rows.map((row) => [transferId(row.terminal_id, row.sequence), row]))
  return new Map(
    messages.map((message) => {
      const { id } = message.terminal
      const terminal = terminals === undefined ? message.terminal : terminals.get(id)
      if (terminal === undefined) throw new Error(`${id} vanished`)
      return [message, placeOf(terminal, known.get(transferId(id, message.sequence)), message, clock.nowMs())]
    }),
  )
}

export async function placeNow(needs: CentreNeeds, message: SignedMessage): Promise<Place> {
  return (await placesNow(needs, needs.pool, [message])).get(message)!
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
  const available = await readAvailableMinor(needs.pool, terminal.retailer_id)
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
    async () => (await signAcknowledgements(needs, [message]))[0]!,
    effect,
  )
}

/** In the messages' order. */
export async function signAcknowledgements(
  needs: CentreNeeds,
  messages: readonly SignedMessage[],
): Promise<Uint8Array[]> {
  const standings = await standingsFor(
    needs,
    needs.pool,
    messages.map(({ terminal }) => terminal),
  )
  return Promise.all(
    messages.map((message, index) =>
      signAnswer(needs, message, { kind: 'acknowledgement', content: { standing: standings[index]! } }),
    ),
  )
}

async function readAvailableMinor(sql: Sql, retailer: RetailerId): Promise<bigint> {
  const account = await readAccount(sql, DEPOT, retailerAccount(retailer))
  return account === null ? 0n : (availableMinor(account) ?? 0n)
}

/** A terminal that speaks again has what it was sent before: the money of its earlier orders is posted. */
export async function settleEarlierOrders(
  sql: Sql,
  messages: readonly SequenceKey[],
  at: Date,
  reason = 'later message',
): Promise<void> {
  if (messages.length === 0) return
  const orders = await markDelivered(sql, DEPOT, messages, at)
  if (orders.length === 0) return
  const ids = orders.map(({ terminal_id, sequence }) => transferId(terminal_id, sequence))
  await settlePending(sql, DEPOT, ids, { outcome: 'posted', reason, settledAt: at })
}
