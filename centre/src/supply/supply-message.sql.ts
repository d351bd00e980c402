import type { Sql } from '@scratchless/office/database/database'
import type { DepotId, TerminalId } from '@scratchless/voucher/ids'

export interface SequenceKey {
  readonly terminal: TerminalId
  readonly sequence: number
}

export interface KnownMessage {
  terminal_id: TerminalId
  sequence: bigint
  kind: string
  payload_hash: Buffer
  request: Buffer
  answer: Buffer | null
}

export async function readMessages(
  sql: Sql,
  depot: DepotId,
  keys: readonly SequenceKey[],
): Promise<KnownMessage[]> {
  const { rows } = await sql.query<KnownMessage>(
    `SELECT message.terminal_id, message.sequence, kind, payload_hash, request, answer
       FROM unnest($2::text[], $3::bigint[]) AS asked (terminal_id, sequence)
       JOIN supply_message AS message
         ON message.depot_id = $1 AND message.terminal_id = asked.terminal_id
        AND message.sequence = asked.sequence`,
    [depot, keys.map(({ terminal }) => terminal), keys.map(({ sequence }) => sequence)],
  )
  return rows
}

interface NewMessage extends SequenceKey {
  readonly kind: string
  readonly payloadHash: Uint8Array
  readonly request: Uint8Array
  /** Null while a supply order's codes are being closed. */
  readonly answer: Uint8Array | null
}

/** Writes messages into their places and moves the terminals' sequences to them. */
export async function insertMessages(
  sql: Sql,
  depot: DepotId,
  messages: readonly NewMessage[],
  takenAt: Date,
): Promise<void> {
  const bytes = (part: Uint8Array | null) => (part === null ? null : Buffer.from(part))
  await sql.query(
    `INSERT INTO supply_message (depot_id, taken_at, terminal_id, sequence, kind, payload_hash, request, answer)
     SELECT $1, $2, * FROM unnest($3::text[], $4::bigint[], $5::text[], $6::bytea[], $7::bytea[], $8::bytea[])`,
    [
      depot,
      takenAt,
      messages.map(({ terminal }) => terminal),
      messages.map(({ sequence }) => sequence),
      messages.map(({ kind }) => kind),
      messages.map(({ payloadHash }) => bytes(payloadHash)),
      messages.map(({ request }) => bytes(request)),
      messages.map(({ answer }) => bytes(answer)),
    ],
  )
  await sql.query(
    `UPDATE terminal SET last_sequence = moved.sequence
       FROM (SELECT terminal_id, max(sequence) AS sequence
               FROM unnest($2::text[], $3::bigint[]) AS taken (terminal_id, sequence) GROUP BY 1) AS moved
      WHERE terminal.depot_id = $1 AND terminal.id = moved.terminal_id
        AND terminal.last_sequence < moved.sequence`,
    [depot, messages.map(({ terminal }) => terminal), messages.map(({ sequence }) => sequence)],
  )
}

/** Stores answers, each where none is yet: of two processes that closed one order the first is heard. Says whose. */
export async function storeAnswers(
  sql: Sql,
  depot: DepotId,
  answers: readonly (SequenceKey & { answer: Uint8Array })[],
): Promise<SequenceKey[]> {
  const { rows } = await sql.query<{ terminal: TerminalId; sequence: bigint }>(
    `UPDATE supply_message AS message SET answer = made.answer
       FROM unnest($2::text[], $3::bigint[], $4::bytea[]) AS made (terminal_id, sequence, answer)
      WHERE message.depot_id = $1 AND message.terminal_id = made.terminal_id
        AND message.sequence = made.sequence AND message.answer IS NULL
      RETURNING message.terminal_id AS terminal, message.sequence`,
    [
      depot,
      answers.map(({ terminal }) => terminal),
      answers.map(({ sequence }) => sequence),
      answers.map(({ answer }) => Buffer.from(answer)),
    ],
  )
  return rows.map(({ terminal, sequence }) => ({ terminal, sequence: Number(sequence) }))
}
