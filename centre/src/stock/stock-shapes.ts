// What staff see of stock: codes by place and state, and the supply orders that took them.

import { type TerminalId, terminalId } from '@scratchless/voucher/ids'
import { z } from 'zod'
import { depotField } from '../staff-api.ts'

/** `before`: `next` of the page before; `depot`: may be left out where the centre has one. */
export const OrdersQuery = z.strictObject({
  depot: depotField.optional(),
  before: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}T[\d:.]{8,12}Z~T\d{5,7}~\d{1,10}$/)
    .transform((text, context) => {
      const [at, terminal, sequence] = text.split('~') as [string, string, string]
      const decidedAt = new Date(at)
      if (!Number.isNaN(decidedAt.getTime()))
        return { decidedAt, terminal: terminalId(terminal), sequence: Number(sequence) }
      context.addIssue({ code: 'custom', message: 'no place in the list' })
      return z.NEVER
    })
    .optional(),
})

/** Counts of codes, by where they are. */
export interface StockView {
  readonly depot: string
  readonly operator: string
  readonly product: string
  readonly inStock: number
  /** Here, and supplied to nobody until people say so. */
  readonly onHold: number
  /** In a supply delivery whose money is still pending. */
  readonly despatched: number
  readonly delivered: number
  readonly sold: number
}

/** The same with those apart that people must look at: each code in one of the columns but `notActivated`. */
export interface StockByStateView extends StockView {
  /** Of those in stock: in packs that the network takes in part, the ones that it does not take yet. */
  readonly notActivated: number
  /** The vault would not close them, and people have not let them go. */
  readonly withheld: number
  /** Here or at terminals. */
  readonly inDoubt: number
  readonly damaged: number
  readonly stolen: number
  readonly returned: number
  readonly expired: number
  readonly void: number
}

export interface SupplyOrderView {
  readonly terminal: TerminalId
  readonly sequence: number
  readonly decidedAt: string
  readonly state: 'decided' | 'despatched' | 'delivered' | 'withheld'
  readonly codes: number
  readonly debited: string
}
