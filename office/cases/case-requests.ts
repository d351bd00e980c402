// Cases that end value: asked for by one, and done once others have agreed.

import { HttpRefusal } from '@scratchless/program/http/http-server'
import { lotId, operatorId } from '@scratchless/voucher/ids'
import { serialNumber } from '@scratchless/voucher/serial'
import type { GivenAgreement, RequestFacts } from '../requests/agreement.ts'
import type { RequestCarrier, RequestNeeds } from '../requests/request-needs.ts'
import type { Act } from '../roles/roles.ts'
import type { CaseOffice } from './case-office.ts'
import { findCaseOfRequest } from './code-case.sql.ts'
import type { AsideState } from './code-states.ts'
import { endCase } from './end-case.ts'
import { findLotOfRequest, readLotState, readStateBefore } from './lot-state.sql.ts'
import { type CaseToOpen, openCase } from './open-case.ts'
import { type LotChange, setLotState, takeBackLotState } from './set-lot-state.ts'

/** What a vault is asked to make void; it makes the hash anew from these, and verifies the agreements itself. */
export interface AgreedVoid {
  readonly number: number
  readonly endsAtS: number
  readonly facts: RequestFacts
  readonly agreements: readonly GivenAgreement[]
}

export type AskVault = (
  agreed: AgreedVoid,
) => Promise<{ readonly codes: number } | { readonly refusal: string }>

/** Which act it is to put codes into this state. */
export function actOfState(state: AsideState): Act {
  if (state === 'on_hold') return 'hold-codes'
  if (state === 'stolen') return 'mark-stolen'
  return state === 'void' ? 'void-codes' : 'mark-codes'
}

/** The act says the state, but for those that have one in common. */
export function factsOfCase({ operator, firstSerial, count, state, cause }: CaseToOpen): RequestFacts {
  const said = actOfState(state) === 'mark-codes' ? { state } : {}
  return { ...(operator && { operator }), firstSerial, count, ...said, cause }
}

function caseOfFacts(facts: RequestFacts, state: AsideState): CaseToOpen {
  return {
    ...(facts.operator !== undefined && { operator: operatorId(String(facts.operator)) }),
    ...{ firstSerial: serialNumber(String(facts.firstSerial)), count: Number(facts.count) },
    ...{ state, cause: String(facts.cause) },
  }
}

function lotOfFacts(facts: RequestFacts, state: LotChange['state']): LotChange {
  return {
    ...(facts.operator !== undefined && { operator: operatorId(String(facts.operator)) }),
    ...{ lot: lotId(String(facts.lot)), state, cause: String(facts.cause) },
  }
}

export function caseCarriers(office: CaseOffice, voidInVault: AskVault): RequestNeeds['carriers'] {
  /** The case of a request: as it was opened before a crash, or opened now. */
  async function caseOf(
    { number, late, facts, askedBy }: Parameters<RequestCarrier>[0],
    state: AsideState,
  ): Promise<string> {
    const begun = await findCaseOfRequest(office.pool, office.books, BigInt(number))
    if (begun?.endedAt != null) throw new HttpRefusal(409, begun.endedCause ?? 'ended-already')
    if (begun !== undefined) return begun.id
    if (late) throw new HttpRefusal(409, 'expired')
    return (await openCase(office, askedBy, caseOfFacts(facts, state), BigInt(number))).id
  }
  const release: RequestCarrier = async ({ number, late, facts, askedBy }) => {
    if (late) throw new HttpRefusal(409, 'expired')
    const end = { id: String(facts.case), cause: String(facts.cause) }
    const { released } = await endCase(office, askedBy, end, { request: BigInt(number) })
    return { released }
  }
  const bringTo =
    (state: LotChange['state']): RequestCarrier =>
    async ({ number, late, facts, askedBy }) => {
      if (late) throw new HttpRefusal(409, 'expired')
      const { codes } = await setLotState(office, askedBy, lotOfFacts(facts, state), BigInt(number))
      return { codes }
    }
  return {
    'hold-codes': async (request) => ({ case: await caseOf(request, 'on_hold') }),
    'mark-codes': async (request) => ({ case: await caseOf(request, request.facts.state as AsideState) }),
    'mark-stolen': async (request) => ({ case: await caseOf(request, 'stolen') }),
    'release-codes': release,
    'release-stolen': release,
    'hold-lot': bringTo('held'),
    'release-lot': bringTo('in_stock'),
    'recall-lot': bringTo('recalled'),
    'end-recall': bringTo('in_stock'),
    'void-codes': async (request) => {
      const id = await caseOf(request, 'void')
      const { number, endsAtS, facts, agreements } = request
      const voided = await voidInVault({ number, endsAtS, facts, agreements })
      if ('codes' in voided) return { case: id, codes: voided.codes }
      // What the vault does not believe never was: the codes are where they were before.
      await endCase(office, 'system', { id, cause: `vault: ${voided.refusal}` }, { anyState: true })
      throw new HttpRefusal(409, voided.refusal)
    },
    'void-lot': async ({ number, endsAtS, late, facts, agreements, askedBy }) => {
      const request = BigInt(number)
      let begun = await findLotOfRequest(office.pool, office.books, request)
      if (begun === undefined) {
        if (late) throw new HttpRefusal(409, 'expired')
        begun = await setLotState(office, askedBy, lotOfFacts(facts, 'void'), request)
      }
      const { scope } = office.stockOf(begun.operator)
      // It was taken back before a crash.
      if ((await readLotState(office.pool, scope, begun.lot)) !== 'void')
        throw new HttpRefusal(409, 'not-believed')
      const voided = await voidInVault({ number, endsAtS, facts, agreements })
      if ('codes' in voided) return { codes: voided.codes }
      const before = await readStateBefore(office.pool, scope, begun.lot)
      await takeBackLotState(office, begun, before, `vault: ${voided.refusal}`)
      throw new HttpRefusal(409, voided.refusal)
    },
  }
}
