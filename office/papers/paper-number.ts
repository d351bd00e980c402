import type { PaperRow, PaperSeries } from './paper.sql.ts'

/** Facture, avoir, reçu, bordereau: the letters that papers of the trade bear. */
const LETTERS: Readonly<Record<PaperSeries, string>> = {
  invoice: 'F',
  'credit-note': 'A',
  receipt: 'R',
  'bank-slip': 'B',
}

/** `R2026-000017/main`: series, year, number, and the depot whose series it is. */
export function paperNumber({
  depot_id,
  series,
  year,
  number,
}: Pick<PaperRow, 'depot_id' | 'series' | 'year' | 'number'>): string {
  return `${LETTERS[series]}${year}-${String(number).padStart(6, '0')}/${depot_id}`
}
