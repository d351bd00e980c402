// The centre's codes, one operator's at a time, as cases and requests are about them.

import type { CaseOffice } from '@scratchless/office/cases/case-office'
import { type AskVault, caseCarriers } from '@scratchless/office/cases/case-requests'
import type { LotStateView } from '@scratchless/office/cases/lot-state.sql'
import type { RequestNeeds } from '@scratchless/office/requests/request-needs'
import { lotId, operatorId } from '@scratchless/voucher/ids'
import { serialNumber } from '@scratchless/voucher/serial'
import type { CentreNeeds } from '../needs.ts'
import { lockLot } from '../restock/activation.sql.ts'
import {
  endBarredOfCase,
  endBarredOfLot,
  insertBarredOfCase,
  insertBarredOfLot,
} from '../retailers/barred-range.sql.ts'
import { tellBarred } from '../retailers/tell-barred.ts'
import { readCodeHistory } from './code-history.sql.ts'
import { countMarks, holdRange, isBeingClosed, releaseRange } from './held-codes.sql.ts'
import { countLot, holdLot, isLotBeingClosed, readLotsPast, releaseLot } from './held-lots.sql.ts'

/** Why tills may not sell codes of such a lot; what has expired they do not sell anyway. */
const WHY_OF_LOT: Partial<Record<LotStateView['state'], 'held' | 'recalled'>> = {
  ...{ held: 'held', recalled: 'recalled', void: 'held' },
}

export function centreCases(needs: Pick<CentreNeeds, 'pool' | 'clock' | 'settings'>): CaseOffice {
  const { pool, clock } = needs
  return {
    ...{ pool, clock, books: 'of-operators' },
    lotsPast: (day) => readLotsPast(pool, day),
    catchUp: async () => undefined,
    tell: async () => ({ tills: await tellBarred(needs) }),
    stockOf(operator) {
      if (operator === undefined) throw new Error('a case at the centre names its operator')
      return {
        scope: { operator },
        // The packs' own rows put supply orders in line.
        lockRange: async () => undefined,
        holdRange: (sql, range) => holdRange(sql, operator, range),
        releaseRange: (sql, range, at) => releaseRange(sql, operator, range, at),
        countMarks: (sql, range) => countMarks(sql, operator, range),
        isUnderWay: (sql, range) => isBeingClosed(sql, operator, range),
        stateOf: async (sql, serial) => (await readCodeHistory(sql, operator, serial))[0]?.state,
        lots: {
          lock: (sql, lot) => lockLot(sql, operator, lot),
          count: (sql, lot) => countLot(sql, operator, lot),
          hold: (sql, lot, at) => holdLot(sql, operator, lot, at),
          release: (sql, lot) => releaseLot(sql, operator, lot),
          isUnderWay: (sql, lot) => isLotBeingClosed(sql, operator, lot),
          changed: async (sql, { lot, state }, at) => {
            await endBarredOfLot(sql, operator, lot, at)
            const why = WHY_OF_LOT[state]
            if (why !== undefined) await insertBarredOfLot(sql, { operator, lot, why, since: at })
          },
        },
        opened: async (sql, { id: codeCase, state, firstSerial, count }, at) => {
          const why = state === 'stolen' ? 'stolen' : 'held'
          await insertBarredOfCase(sql, { operator, firstSerial, count, why, codeCase, since: at })
        },
        ended: (sql, { id }, at) => endBarredOfCase(sql, id, at),
      }
    },
  }
}

/** All that two people at the centre may agree to. */
export function centreRequests(needs: CentreNeeds): RequestNeeds {
  const { pool, clock, log, settings } = needs
  return {
    ...{ party: settings.party, pool, clock, log },
    approvers: new Map(settings.approvers.map(({ name, publicKey }) => [name, publicKey])),
    carriers: caseCarriers(centreCases(needs), voidInVault(needs)),
  }
}

function voidInVault({ vault }: CentreNeeds): AskVault {
  return ({ number, endsAtS, facts, agreements }) => {
    const operator = operatorId(String(facts.operator))
    const stock =
      facts.lot === undefined
        ? { operator, firstSerial: serialNumber(String(facts.firstSerial)), count: Number(facts.count) }
        : { operator, lot: lotId(String(facts.lot)) }
    return vault.voidCodes({ number, endsAtS, stock, cause: String(facts.cause), approvals: agreements })
  }
}
