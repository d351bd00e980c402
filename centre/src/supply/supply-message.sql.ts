import type { Sql } from '@scratchless/office/database/database'
import type { DepotId, TerminalId } from '@scratchless/voucher/ids'

/** A place in a terminal's sequence. */
export interface SequenceKey {
  readonly terminal: TerminalId
  readonly sequence: number
}

/**
 * Keys as arrays, the depot's name in one of its own: while a table is empty, a depot that stands alone in a condition
 * looks to the planner as if it named one row, and every row would be read.
 */
export function keysOf(depot: DepotId, keys: readonly SequenceKey[]): [DepotId[], TerminalId[], number[]] {
  return [keys.map(() => depot), keys.map(({ terminal }) => terminal), keys.map(({ sequence }) => sequence)]
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
       FROM unnest($1::text[], $2::text[], $3::bigint[]) AS asked (depot_id, terminal_id, sequence)
       JOIN supply_message AS message
         ON message.depot_id = asked.depot_id AND message.terminal_id = asked.terminal_id
        AND message.sequence = asked.sequence`,
    keysOf(depot, keys),
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

/** Writes messages into their places. Their terminals move with them (`moveTerminals`). */
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
}

/** Stores answers, each where none is yet: of two processes that closed one order the first is heard. Says whose. */
export async function storeAnswers(
  sql: Sql,
  depot: DepotId,
  answers: readonly (SequenceKey & { answer: Uint8Array })[],
): Promise<SequenceKey[]> {
  const { rows } = await sql.query<{ terminal: TerminalId; sequence: bigint }>(
    `UPDATE supply_message AS message SET answer = made.answer
       FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bytea[]) AS made (depot_id, terminal_id, sequence, answer)
      WHERE message.depot_id = made.depot_id AND message.terminal_id = made.terminal_id
        AND message.sequence = made.sequence AND message.answer IS NULL
      RETURNING message.terminal_id AS terminal, message.sequence`,
    [...keysOf(depot, answers), answers.map(({ answer }) => Buffer.from(answer))],
  )
  return rows.map(({ terminal, sequence }) => ({ terminal, sequence: Number(sequence) }))
}
