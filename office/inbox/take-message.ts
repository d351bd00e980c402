// Same id, same answer: a message is taken once, its answer is stored before it is sent, and a repeat gets the
// stored bytes. Sameness is the hash of the verified payload; the same id with another payload is an alarm.

import type { Sql } from '../database/database.ts'
import { findIncoming, type IncomingKey, insertIncoming, storeAnswerBytes } from './inbox.sql.ts'

/**
 * `new`: do it, and call `storeAnswer` in the same transaction. `in-progress`: taken in an earlier transaction and
 * not answered yet. `altered`: refuse and alarm.
 */
type Taken = 'new' | 'in-progress' | 'altered' | { readonly answer: Buffer }

/**
 * Takes a message in the transaction that will answer it (read committed): of two that arrive at once, the second
 * waits here for the first one's commit and then gets its answer.
 */
export async function takeMessage(
  sql: Sql,
  message: IncomingKey & { payloadHash: Uint8Array; takenAt: Date },
): Promise<Taken> {
  if (await insertIncoming(sql, message)) return 'new'
  const known = await findIncoming(sql, message)
  if (known === undefined) throw new Error('a message vanished between insert and read')
  if (!known.payload_hash.equals(message.payloadHash)) return 'altered'
  return known.answer === null ? 'in-progress' : { answer: known.answer }
}

/** Stores the answer's bytes. Throws where there is one already: an answer is never made twice. */
export async function storeAnswer(
  sql: Sql,
  key: IncomingKey,
  answer: Uint8Array,
  answeredAt: Date,
): Promise<void> {
  if (!(await storeAnswerBytes(sql, key, answer, answeredAt)))
    throw new Error(`${key.kind} ${key.id} has an answer already`)
}
