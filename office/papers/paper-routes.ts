// GET /api/depots/:depot/papers/:series/:year?below=NUMBER   {papers: PaperView[], next}: the newest first

import { HttpRefusal, parseInput } from '@scratchless/program/http/http-server'
import { idPattern } from '@scratchless/voucher/ids'
import { type Currency, money, toDecimal } from '@scratchless/voucher/money'
import type { FastifyInstance } from 'fastify'
import type pg from 'pg'
import { z } from 'zod'
import type { StaffGuard } from '../staff/staff-routes.ts'
import { type PaperRow, readPapers } from './paper.sql.ts'
import { paperNumber } from './paper-number.ts'

const Params = z.object({
  depot: z.string().regex(idPattern('DepotId')),
  series: z.enum(['invoice', 'credit-note', 'receipt', 'bank-slip']),
  year: z.coerce.number().int().min(2020).max(2199),
})
const Query = z.object({ below: z.coerce.number().int().min(1).max(2_147_483_647).optional() })
const AT_ONCE = 100
const FROM_THE_NEWEST = 2_147_483_647

export interface PaperView {
  readonly number: string
  readonly subject: string
  /** The transfer that it is about. */
  readonly about: string
  readonly amount: string
  readonly currency: string
  readonly issuedAt: string
  readonly issuedBy: string
}

export function addPaperRoutes(
  app: FastifyInstance,
  { pool }: { readonly pool: pg.Pool },
  guard: StaffGuard,
): void {
  app.get('/api/depots/:depot/papers/:series/:year', guard.mayDo('see-papers'), async (request) => {
    const which = parseInput(Params, request.params)
    const { below } = parseInput(Query, request.query)
    const rows = await readPapers(pool, which, below ?? FROM_THE_NEWEST, AT_ONCE)
    if (rows.length === 0 && below === undefined) throw new HttpRefusal(404, 'no-papers')
    return { papers: rows.map(viewOf), next: rows.length < AT_ONCE ? null : rows.at(-1)!.number }
  })
}

function viewOf(row: PaperRow): PaperView {
  return {
    number: paperNumber(row),
    subject: row.subject,
    about: row.about,
    amount: toDecimal(money(row.amount_minor, row.currency as Currency)),
    currency: row.currency,
    issuedAt: row.issued_at.toISOString(),
    issuedBy: row.issued_by,
  }
}
