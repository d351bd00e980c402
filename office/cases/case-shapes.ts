// What staff send and see of cases: ranges of serials that people put aside, with a cause.

import type { OperatorId } from '@scratchless/voucher/ids'
import { isSerial, type SerialNumber, serialToNumber } from '@scratchless/voucher/serial'
import { z } from 'zod'
import { ASIDE_STATES, type AsideState } from './code-states.ts'

/** Twelve digits: where serials end. */
const SERIALS = 1_000_000_000_000
export const MAX_CASE_CODES = 1_000_000

export const caseIdField = z.string().regex(/^[1-9]\d{0,15}$/)
/** A person's reason, as the audit chain keeps it. */
export const causeField = z.string().trim().min(1).max(200)
export const serialField = z.custom<SerialNumber>((value) => typeof value === 'string' && isSerial(value))

/** A range of serials, and into which state and why its codes are put aside. */
export const caseFields = {
  firstSerial: serialField,
  count: z.int().min(1).max(MAX_CASE_CODES),
  state: z.enum(ASIDE_STATES).default('on_hold'),
  cause: causeField,
}

/** False past the last serial. */
export function endsInTime(range: { readonly firstSerial: SerialNumber; readonly count: number }): boolean {
  return serialToNumber(range.firstSerial) + range.count <= SERIALS
}

export const PAST_THE_END = { message: 'past the last serial', path: ['count'] }

export const CaseBody = z.strictObject(caseFields).refine(endsInTime, PAST_THE_END)

/** Which serial went out in the place of which, and why. */
export const exchangeFields = { replaced: serialField, replacing: serialField, cause: causeField }
export const ExchangeBody = z.strictObject(exchangeFields)

export const CaseEndBody = z.strictObject({ cause: causeField })

/** Codes that people put aside; `ended…` null while they are. */
export interface CaseView {
  readonly id: string
  /** Whose codes; at an operator, whose own they all are, absent. */
  readonly operator?: OperatorId
  readonly firstSerial: SerialNumber
  readonly count: number
  readonly state: AsideState
  readonly cause: string
  readonly openedBy: string
  readonly openedAt: string
  readonly endedBy: string | null
  readonly endedAt: string | null
  readonly endedCause: string | null
}

/** Of the case's codes: put aside now, aside before, given away already, and not here: these come in aside. */
export interface HeldView extends CaseView {
  readonly held: number
  readonly heldAlready: number
  readonly given: number
  readonly unknown: number
}

export interface ReleasedView extends CaseView {
  readonly released: number
}
