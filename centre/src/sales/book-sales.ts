// A terminal's sales in the books: each of a code that it was given and that nobody sold before, once. They are added up
// as they come, so that who looks at a month reads a few rows.

import { officeTime } from '@scratchless/office/calendar/office-day'
import type { Sql } from '@scratchless/office/database/database'
import type { RetailerId } from '@scratchless/voucher/ids'
import type { Sale } from '@scratchless/wire/supply/sales-report'
import { findRunsOf, findSameSales, insertSales, markSold, type NewSale, type Reporter } from './sale.sql.ts'
import { makeMonth } from './sale-months.sql.ts'
import { addToShop, noteHours } from './sales-sums.sql.ts'
import { sumsOfDays, sumsOfHours } from './sales-sums.ts'

export interface Report extends Reporter {
  readonly retailer: RetailerId
  readonly sequence: number
  readonly at: Date
  readonly timeZone: string
}

export interface BookedSales {
  /** New in the books. */
  readonly booked: readonly Sale[]
  /** Of a code that this terminal was not given, or that stands on another ticket already. */
  readonly strange: readonly Sale[]
}

/** Books what can be booked, as part of the report's transaction. What is told again, ticket by ticket, is neither. */
export async function bookSales(sql: Sql, report: Report, sales: readonly Sale[]): Promise<BookedSales> {
  if (sales.length === 0) return { booked: [], strange: [] }
  const runs = await findRunsOf(sql, report, sales)
  const told = sales.map((sale, index) => ({ sale, run: runs[index] }))
  // The first of two tickets of one code is its sale.
  const codes = new Set<string>()
  const isNew = ({ sale, run }: (typeof told)[number]): boolean => {
    if (run === undefined || run.isSold) return false
    const code = `${run.operator} ${sale.serial}`
    if (codes.has(code)) return false
    codes.add(code)
    return true
  }
  const fresh = told.filter(isNew).map(({ sale, run }) => ({ sale, run: run! }))
  if (fresh.length > 0) await book(sql, report, fresh)
  const booked = fresh.map(({ sale }) => sale)
  const rest = sales.filter((sale) => !booked.includes(sale))
  if (rest.length === 0) return { booked, strange: [] }
  const same = await findSameSales(sql, report, rest)
  return { booked, strange: rest.filter((_, index) => !same.has(index)) }
}

type Run = NonNullable<Awaited<ReturnType<typeof findRunsOf>>[number]>

async function book(
  sql: Sql,
  report: Report,
  fresh: readonly { readonly sale: Sale; readonly run: Run }[],
): Promise<void> {
  await markSold(
    sql,
    report,
    fresh.map(({ run }) => run),
  )
  await makeMonth(sql, report.at)
  const counted = await insertSales(
    sql,
    report,
    fresh.map(({ sale, run: { operator } }): NewSale => {
      return { ...sale, operator, ...officeTime(new Date(sale.soldAtS * 1000), report.timeZone) }
    }),
  )
  await noteHours(sql, report.depot, sumsOfHours(counted))
  await addToShop(sql, report.depot, report.retailer, sumsOfDays(counted))
}
