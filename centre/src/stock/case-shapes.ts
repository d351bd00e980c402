// What staff send and see of cases, and of what happened to a code.

import type { OperatorId } from '@scratchless/voucher/ids'
import type { SerialNumber } from '@scratchless/voucher/serial'
import { runsRise } from '@scratchless/wire/restock/code-run'
import { serialField } from '@scratchless/wire/restock/restock-fields'
import { z } from 'zod'
import { operatorField, reasonField } from '../staff-api.ts'

export const caseIdField = z.string().regex(/^[1-9]\d{0,15}$/)

/** A range of serials, and why its codes are put aside. */
export const CaseBody = z
  .strictObject({
    operator: operatorField,
    firstSerial: serialField,
    count: z.int().min(1).max(1_000_000),
    cause: reasonField,
  })
  .refine((range) => runsRise([range]), { message: 'past the last serial', path: ['count'] })

export const CaseEndBody = z.strictObject({ cause: reasonField })

/** Codes that people put aside; `ended…` null while they are. */
export interface CaseView {
  readonly id: string
  readonly operator: OperatorId
  readonly firstSerial: SerialNumber
  readonly count: number
  readonly state: 'on_hold' | 'in_doubt' | 'damaged' | 'stolen' | 'expired' | 'returned' | 'void'
  readonly cause: string
  readonly openedBy: string
  readonly openedAt: string
  readonly endedBy: string | null
  readonly endedAt: string | null
  readonly endedCause: string | null
}

/** Of the case's codes: put aside now, aside before, with terminals already, and not here: these are free should they come. */
export interface HeldView extends CaseView {
  readonly held: number
  readonly heldAlready: number
  readonly given: number
  readonly unknown: number
}

export interface ReleasedView extends CaseView {
  readonly released: number
}

export const CodeParams = z.object({ operator: operatorField, serial: serialField })

/** Everything that happened to one serial, and never its code. What is not known is not there. */
export interface CodeHistoryView {
  readonly operator: OperatorId
  readonly serial: SerialNumber
  readonly product: string
  readonly lot: string
  readonly expiresOn: string
  readonly activatedOn: string | null
  readonly state: CaseView['state'] | 'in_stock' | 'despatched' | 'delivered' | 'sold'
  /** Oldest first; `who`: a member of staff, an operator or a terminal. */
  readonly events: readonly {
    readonly at: string
    readonly what:
      | ('arrived' | 'activated' | 'given' | 'withheld' | 'released' | 'delivered' | 'sold')
      | ('in-doubt' | 'settled-sold' | 'settled-damaged' | 'duplicate' | 'case-opened' | 'case-ended')
    readonly who: string
    readonly details: Readonly<Record<string, string | number>>
  }[]
}
