// What staff send and see of cases, and of what happened to a code.

import {
  caseFields,
  endsInTime,
  exchangeFields,
  PAST_THE_END,
  serialField,
} from '@scratchless/office/cases/case-shapes'
import type { CodeState } from '@scratchless/office/cases/code-states'
import { lotFields } from '@scratchless/office/cases/lot-routes'
import type { OperatorId } from '@scratchless/voucher/ids'
import type { SerialNumber } from '@scratchless/voucher/serial'
import { z } from 'zod'
import { operatorField } from '../staff-api.ts'

/** A range of an operator's serials, and why its codes are put aside. */
export const CentreCaseBody = z
  .strictObject({ operator: operatorField, ...caseFields })
  .refine(endsInTime, PAST_THE_END)

export const CentreExchangeBody = z.strictObject({ operator: operatorField, ...exchangeFields })

/** A lot of an operator, and into which state and why it is brought. */
export const CentreLotBody = z.strictObject({ operator: operatorField, ...lotFields })

export const CodeParams = z.object({ operator: operatorField, serial: serialField })

/** Everything that happened to one serial, and never its code. What is not known is not there. */
export interface CodeHistoryView {
  readonly operator: OperatorId
  readonly serial: SerialNumber
  readonly product: string
  readonly lot: string
  readonly expiresOn: string
  readonly activatedOn: string | null
  readonly state: CodeState
  /** Oldest first; `who`: a member of staff, an operator or a terminal. */
  readonly events: readonly {
    readonly at: string
    readonly what:
      | ('arrived' | 'activated' | 'given' | 'withheld' | 'released' | 'delivered' | 'sold')
      | ('in-doubt' | 'settled-sold' | 'settled-damaged' | 'duplicate')
      | (
          | 'case-opened'
          | 'case-ended'
          | 'lot-held'
          | 'lot-recalled'
          | 'lot-released'
          | 'lot-void'
          | 'lot-expired'
        )
    readonly who: string
    readonly details: Readonly<Record<string, string | number>>
  }[]
}
