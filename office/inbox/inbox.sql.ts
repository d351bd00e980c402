import type { MessageId } from '@scratchless/voucher/ids'
import type { Sql } from '../database/database.ts'

export interface IncomingKey {
  /** The verified sender. */
  readonly sender: string
  readonly kind: string
  readonly id: MessageId
}

/** False where the key is known. Waits for a transaction that is inserting the same key. */
export async function insertIncoming(
  sql: Sql,
  message: IncomingKey & { payloadHash: Uint8Array; takenAt: Date },
): Promise<boolean> {
  const { rowCount } = await sql.query(
    `INSERT INTO message_in (sender, kind, id, payload_hash, taken_at)
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (sender, kind, id) DO NOTHING`,
    [message.sender, message.kind, message.id, message.payloadHash, message.takenAt],
  )
  return rowCount === 1
}

export async function findIncoming(
  sql: Sql,
  key: IncomingKey,
): Promise<{ payload_hash: Buffer; answer: Buffer | null } | undefined> {
  const { rows } = await sql.query<{ payload_hash: Buffer; answer: Buffer | null }>(
    'SELECT payload_hash, answer FROM message_in WHERE sender = $1 AND kind = $2 AND id = $3',
    [key.sender, key.kind, key.id],
  )
  return rows[0]
}

export async function storeAnswerBytes(
  sql: Sql,
  key: IncomingKey,
  answer: Uint8Array,
  answeredAt: Date,
): Promise<boolean> {
  const { rowCount } = await sql.query(
    `UPDATE message_in SET answer = $4, answered_at = $5
      WHERE sender = $1 AND kind = $2 AND id = $3 AND answer IS NULL`,
    [key.sender, key.kind, key.id, answer, answeredAt],
  )
  return rowCount === 1
}
