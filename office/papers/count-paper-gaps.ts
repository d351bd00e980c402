import { type AuditedOffice, type Breaks, countBreaks } from '../audit/run-checks.ts'

/** Series whose numbers are not those from 1 to the last one given. */
export function countPaperGaps({ books }: AuditedOffice): Promise<Breaks> {
  return countBreaks(
    books,
    `SELECT series.depot_id || ' ' || series.series || ' ' || series.year
       FROM paper_series AS series
      WHERE series.last <> (SELECT count(*) FROM paper
                             WHERE paper.depot_id = series.depot_id AND paper.series = series.series
                               AND paper.year = series.year AND paper.number <= series.last)`,
  )
}
