import type { Sql } from '../database/database.ts'

export type PaperSeries = 'invoice' | 'credit-note' | 'receipt' | 'bank-slip'

/** What a paper says, before it has a number. */
export interface Paper {
  readonly depot: string
  readonly series: PaperSeries
  /** Of the office's clock. */
  readonly year: number
  readonly subject: string
  readonly about: string
  readonly currency: string
  readonly amountMinor: bigint
  readonly issuedAt: Date
  readonly issuedBy: string
}

export interface PaperRow {
  depot_id: string
  series: PaperSeries
  year: number
  number: number
  subject: string
  about: string
  currency: string
  amount_minor: bigint
  issued_at: Date
  issued_by: string
}

/** The next number of a series, whose row is held until the transaction ends. */
export async function takePaperNumber(
  sql: Sql,
  { depot, series, year }: Pick<Paper, 'depot' | 'series' | 'year'>,
): Promise<number> {
  const { rows } = await sql.query<{ last: number }>(
    `INSERT INTO paper_series (depot_id, series, year, last) VALUES ($1, $2, $3, 1)
     ON CONFLICT (depot_id, series, year) DO UPDATE SET last = paper_series.last + 1 RETURNING last`,
    [depot, series, year],
  )
  return rows[0]!.last
}

export async function insertPaper(sql: Sql, paper: Paper, number: number): Promise<void> {
  await sql.query(
    `INSERT INTO paper (depot_id, series, year, number, subject, about, currency, amount_minor, issued_at, issued_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      ...[paper.depot, paper.series, paper.year, number, paper.subject, paper.about],
      ...[paper.currency, paper.amountMinor, paper.issuedAt, paper.issuedBy],
    ],
  )
}

export async function findPaperAbout(
  sql: Sql,
  { depot, series, about }: Pick<Paper, 'depot' | 'series' | 'about'>,
): Promise<PaperRow | undefined> {
  const { rows } = await sql.query<PaperRow>(
    `SELECT depot_id, series, year, number, subject, about, currency, amount_minor, issued_at, issued_by
       FROM paper WHERE depot_id = $1 AND series = $2 AND about = $3`,
    [depot, series, about],
  )
  return rows[0]
}

/** Of one series and year, the newest first, from below a number on. */
export async function readPapers(
  sql: Sql,
  { depot, series, year }: Pick<Paper, 'depot' | 'series' | 'year'>,
  below: number,
  limit: number,
): Promise<PaperRow[]> {
  const { rows } = await sql.query<PaperRow>(
    `SELECT depot_id, series, year, number, subject, about, currency, amount_minor, issued_at, issued_by
       FROM paper WHERE depot_id = $1 AND series = $2 AND year = $3 AND number < $4
      ORDER BY number DESC LIMIT $5`,
    [depot, series, year, below, limit],
  )
  return rows
}
