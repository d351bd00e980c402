// centre → terminal: the retailer's account.

import { amount, type ContentOf, checked, orNull, record, seconds } from '../compact/shape.ts'
import { supplyMessage } from './envelope.ts'
import { blockedWhy } from './line-fields.ts'
import { standing } from './standing.ts'

export const balance = checked(
  record({
    standing,
    /** What the retailer may still order for, credit included. */
    availableMinor: amount,
    balanceMinor: amount,
    owedMinor: amount,
    creditLineMinor: amount,
    /** Why no order is taken; null where orders are. */
    blocked: orNull(record({ why: blockedWhy, sinceS: seconds, owedMinor: amount })),
  }),
  'a balance or a debt, not both',
  ({ balanceMinor, owedMinor }) => balanceMinor === 0n || owedMinor === 0n,
)

export type Balance = ContentOf<typeof balance>

export const balanceMessage = supplyMessage('balance', balance)
