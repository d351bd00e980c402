import type { MessageId } from '@scratchless/voucher/ids'
import type { Sql } from '../database/database.ts'

/** The channel on which a saved message wakes the sender. */
export const OUTBOX_CHANNEL = 'message_out'

/** Any number: whoever holds this lock is the one sender of the database. */
const SENDER_LOCK = 7_204_120

export interface OutgoingMessage {
  readonly id: MessageId
  readonly partner: string
  readonly kind: string
  readonly bytes: Buffer
  /** Tries before this one. */
  readonly attempts: number
}

/** Saves a message in the business transaction; it is sent once that commits. */
export async function saveMessage(
  sql: Sql,
  message: { id: MessageId; partner: string; kind: string; bytes: Uint8Array; savedAt: Date },
): Promise<void> {
  await sql.query(
    `INSERT INTO message_out (id, partner, kind, bytes, next_try_at, saved_at)
     VALUES ($1, $2, $3, $4, $5, $5)`,
    [message.id, message.partner, message.kind, message.bytes, message.savedAt],
  )
  await sql.query('SELECT pg_notify($1, $2)', [OUTBOX_CHANNEL, ''])
}

/** Held by the connection until it closes, so that a killed sender frees it at once. */
export async function tryBecomeSender(sql: Sql): Promise<boolean> {
  const { rows } = await sql.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1) AS mine', [
    SENDER_LOCK,
  ])
  return rows[0]?.mine === true
}

/** Messages due at `now`, oldest first, without those under way and the partners that are busy enough. */
export async function findDueMessages(
  sql: Sql,
  now: Date,
  except: { ids: readonly string[]; partners: readonly string[] },
  limit: number,
): Promise<{ id: MessageId; partner: string }[]> {
  const { rows } = await sql.query<{ id: MessageId; partner: string }>(
    `SELECT id, partner FROM message_out
      WHERE state = 'waiting' AND next_try_at <= $1
        AND id <> ALL($2::uuid[]) AND partner <> ALL($3::text[])
      ORDER BY position LIMIT $4`,
    [now, except.ids, except.partners, limit],
  )
  return rows
}

/** When the next message falls due that was not due at `lookedAt`; null: none will. */
export async function findNextDue(sql: Sql, lookedAt: Date): Promise<Date | null> {
  const { rows } = await sql.query<{ next: Date | null }>(
    `SELECT min(next_try_at) AS next FROM message_out WHERE state = 'waiting' AND next_try_at > $1`,
    [lookedAt],
  )
  return rows[0]?.next ?? null
}

export async function readMessage(sql: Sql, id: MessageId): Promise<OutgoingMessage | null> {
  const { rows } = await sql.query<OutgoingMessage>(
    `SELECT id, partner, kind, bytes, attempts FROM message_out WHERE id = $1 AND state = 'waiting'`,
    [id],
  )
  return rows[0] ?? null
}

/** True where it was still waiting: the answer then counts, once. */
export async function markAnswered(sql: Sql, id: MessageId, answer: Uint8Array, now: Date): Promise<boolean> {
  const { rowCount } = await sql.query(
    `UPDATE message_out SET state = 'answered', answer = $2, settled_at = $3, last_problem = NULL,
            attempts = attempts + 1
      WHERE id = $1 AND state = 'waiting'`,
    [id, answer, now],
  )
  return rowCount === 1
}

export async function markFailed(
  sql: Sql,
  id: MessageId,
  failure: { problem: string; nextTryAt: Date },
): Promise<void> {
  await sql.query(
    `UPDATE message_out SET attempts = attempts + 1, last_problem = $2, next_try_at = $3
      WHERE id = $1 AND state = 'waiting'`,
    [id, failure.problem, failure.nextTryAt],
  )
}
