import type { Sql } from '@scratchless/office/database/database'
import type { DepotId, TerminalId } from '@scratchless/voucher/ids'

/** The next terminals by their id. */
export async function listTerminals(
  sql: Sql,
  depot: DepotId,
  after: TerminalId | null,
  limit: number,
): Promise<TerminalId[]> {
  const { rows } = await sql.query<{ id: TerminalId }>(
    `SELECT id FROM terminal WHERE depot_id = $1 AND ($2::text IS NULL OR id > $2) ORDER BY id LIMIT $3`,
    [depot, after, limit],
  )
  return rows.map(({ id }) => id)
}

/**
 * Lets the bytes of the oldest messages of each terminal go that were taken before a moment, up to `most` of each; the
 * newest that it sent stays, and so does all from an order on that has no answer yet. Reads no more than it lets go, but
 * `most` of each terminal.
 */
export async function clearBytes(
  sql: Sql,
  depot: DepotId,
  terminals: readonly TerminalId[],
  before: Date,
  most: number,
): Promise<{ terminal: TerminalId; sequence: bigint }[]> {
  const { rows } = await sql.query<{ terminal: TerminalId; sequence: bigint }>(
    `WITH oldest AS (
       SELECT terminal.id AS terminal_id, message.sequence,
              bool_and(message.answer IS NOT NULL AND message.taken_at < $3)
                OVER (PARTITION BY terminal.id ORDER BY message.sequence) AS goes
         FROM terminal
         LEFT JOIN bytes_let_go AS gone ON gone.depot_id = $1 AND gone.terminal_id = terminal.id
        CROSS JOIN LATERAL (
          SELECT sequence, answer, taken_at FROM supply_message
           WHERE depot_id = $1 AND terminal_id = terminal.id AND sequence > coalesce(gone.upto_sequence, 0)
             AND sequence < terminal.last_sequence
           ORDER BY sequence LIMIT $4) AS message
        WHERE terminal.id = ANY($2::text[]))
     UPDATE supply_message AS message SET answer_hash = sha256(answer), request = '', answer = ''
       FROM oldest
      WHERE oldest.goes AND message.depot_id = $1 AND message.terminal_id = oldest.terminal_id
        AND message.sequence = oldest.sequence
     RETURNING message.terminal_id AS terminal, message.sequence`,
    [depot, terminals, before, most],
  )
  return rows
}

export async function noteCleared(
  sql: Sql,
  depot: DepotId,
  cleared: readonly { terminal: TerminalId; sequence: bigint }[],
): Promise<void> {
  await sql.query(
    `INSERT INTO bytes_let_go (depot_id, terminal_id, upto_sequence)
     SELECT $1, terminal_id, max(sequence) FROM unnest($2::text[], $3::bigint[]) AS cleared (terminal_id, sequence)
      GROUP BY terminal_id
     ON CONFLICT (depot_id, terminal_id) DO UPDATE SET upto_sequence = excluded.upto_sequence`,
    [depot, cleared.map(({ terminal }) => terminal), cleared.map(({ sequence }) => sequence)],
  )
}
