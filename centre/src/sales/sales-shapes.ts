// What staff ask and see of what was sold.

import type { RetailerId } from '@scratchless/voucher/ids'
import type { ProductId } from '@scratchless/voucher/product'
import { z } from 'zod'
import { depotField, retailerField } from '../staff-api.ts'

/** The most days that one question is about: a year, and what it lacks to the same day. */
const MOST_DAYS = 366
/** Where shops are told one by one: a month. */
const MOST_DAYS_OF_SHOPS = 31
const DAY_MS = 24 * 3_600_000

/** `depot` may be left out where there is one. */
const fields = { from: z.iso.date(), to: z.iso.date(), depot: depotField.optional() }

function within(
  most: number,
): [(days: { from: string; to: string }) => boolean, { message: string; path: string[] }] {
  return [
    ({ from, to }) => from <= to && Date.parse(to) - Date.parse(from) < most * DAY_MS,
    { message: `${most} days at most, the first before the last`, path: ['to'] },
  ]
}

/** Days of the office's clock, both within: `2026-11-01` to `2026-11-30`. */
export const DaysQuery = z.strictObject(fields).refine(...within(MOST_DAYS))

/** `after`: the last shop of the page before. */
export const ShopsQuery = z
  .strictObject({ ...fields, after: retailerField.optional() })
  .refine(...within(MOST_DAYS_OF_SHOPS))

/** Sales of one product; the amount is of those whose price is known. */
export interface SalesFigure {
  readonly product: ProductId
  readonly sales: number
  readonly amount: string
}

export interface DaySalesView extends SalesFigure {
  readonly day: string
}

export interface HourSalesView extends SalesFigure {
  /** 0 to 23, by the office's clock. */
  readonly hour: number
}

export interface ShopSalesView {
  readonly retailer: RetailerId
  readonly name: string
  readonly products: readonly SalesFigure[]
}
