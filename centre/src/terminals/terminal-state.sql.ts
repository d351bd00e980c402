import type { Sql } from '@scratchless/office/database/database'
import type { CardId, DepotId, TerminalId } from '@scratchless/voucher/ids'

/** The newest report stays. */
export async function storeTerminalState(
  sql: Sql,
  state: {
    terminal: TerminalId
    depot: DepotId
    reportedAt: Date
    softwareVersion: string
    content: string
  },
): Promise<void> {
  await sql.query(
    `INSERT INTO terminal_state (terminal_id, depot_id, reported_at, software_version, content)
     VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (terminal_id) DO UPDATE SET reported_at = excluded.reported_at,
       software_version = excluded.software_version, content = excluded.content`,
    [state.terminal, state.depot, state.reportedAt, state.softwareVersion, state.content],
  )
}

interface TerminalAlarm {
  readonly kind: string
  readonly subject: string
  readonly since: Date
}

/** What began since the last report is open from its moment on; what is not told any more has ended. */
export async function storeTerminalAlarms(
  sql: Sql,
  terminal: TerminalId,
  alarms: readonly TerminalAlarm[],
  at: Date,
): Promise<void> {
  const values = [
    terminal,
    alarms.map(({ kind }) => kind),
    alarms.map(({ subject }) => subject),
    alarms.map(({ since }) => since),
  ]
  await sql.query(
    `UPDATE terminal_alarm SET ended_at = $5
      WHERE terminal_id = $1 AND ended_at IS NULL
        AND (kind, subject, since) NOT IN (
          SELECT * FROM unnest($2::text[], $3::text[], $4::timestamptz[]))`,
    [...values, at],
  )
  await sql.query(
    `INSERT INTO terminal_alarm (terminal_id, kind, subject, since)
     SELECT $1, * FROM unnest($2::text[], $3::text[], $4::timestamptz[]) ON CONFLICT DO NOTHING`,
    values,
  )
}

export interface CardCount {
  readonly card: CardId
  readonly keysGiven: number
  readonly pukCount: number
}

/** Counts that only go up. Returns the cards that told less than before; cards that we do not know are left out. */
export async function storeCardCounts(
  sql: Sql,
  terminal: TerminalId,
  counts: readonly CardCount[],
  at: Date,
): Promise<{ card: CardId; before: bigint }[]> {
  if (counts.length === 0) return []
  const values = [terminal, counts.map(({ card }) => card), counts.map(({ keysGiven }) => keysGiven)]
  const { rows } = await sql.query<{ card: CardId; before: bigint }>(
    `SELECT known.card_id AS card, known.keys_given AS before FROM terminal_card AS known
       JOIN unnest($2::text[], $3::bigint[]) AS told (card, keys) ON told.card = known.card_id
      WHERE known.terminal_id = $1 AND told.keys < known.keys_given`,
    values,
  )
  await sql.query(
    `INSERT INTO terminal_card AS known (terminal_id, card_id, keys_given, puk_count, told_at)
     SELECT $1, card.id, told.keys, told.puks, $5
       FROM unnest($2::text[], $3::bigint[], $4::int[]) AS told (card, keys, puks) JOIN card ON card.id = told.card
     ON CONFLICT (terminal_id, card_id) DO UPDATE
        SET keys_given = greatest(known.keys_given, excluded.keys_given),
            puk_count = greatest(known.puk_count, excluded.puk_count), told_at = excluded.told_at`,
    [...values, counts.map(({ pukCount }) => pukCount), at],
  )
  return rows
}

/** As the terminal's page shows it. */
export interface TerminalStateRow {
  reported_at: Date
  software_version: string
  content: string
}

export async function readTerminalState(
  sql: Sql,
  terminal: TerminalId,
): Promise<TerminalStateRow | undefined> {
  const { rows } = await sql.query<TerminalStateRow>(
    'SELECT reported_at, software_version, content FROM terminal_state WHERE terminal_id = $1',
    [terminal],
  )
  return rows[0]
}

export async function readOpenAlarms(sql: Sql, terminal: TerminalId): Promise<TerminalAlarm[]> {
  const { rows } = await sql.query<TerminalAlarm>(
    `SELECT kind, subject, since FROM terminal_alarm WHERE terminal_id = $1 AND ended_at IS NULL
      ORDER BY since, kind, subject`,
    [terminal],
  )
  return rows
}
