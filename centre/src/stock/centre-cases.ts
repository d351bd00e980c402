// The centre's codes, one operator's at a time, as cases and requests are about them.

import type { CaseOffice } from '@scratchless/office/cases/case-office'
import { type AskVault, caseCarriers } from '@scratchless/office/cases/case-requests'
import type { RequestNeeds } from '@scratchless/office/requests/request-needs'
import { lotId, operatorId } from '@scratchless/voucher/ids'
import { serialNumber } from '@scratchless/voucher/serial'
import type { CentreNeeds } from '../needs.ts'
import { lockLot } from '../restock/activation.sql.ts'
import { readCodeHistory } from './code-history.sql.ts'
import { countMarks, holdRange, isBeingClosed, releaseRange } from './held-codes.sql.ts'
import { countLot, holdLot, isLotBeingClosed, readLotsPast, releaseLot } from './held-lots.sql.ts'

export function centreCases({ pool, clock }: Pick<CentreNeeds, 'pool' | 'clock'>): CaseOffice {
  return {
    ...{ pool, clock, books: 'of-operators' },
    lotsPast: (day) => readLotsPast(pool, day),
    catchUp: async () => undefined,
    tell: async () => ({}),
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
          changed: async () => undefined,
        },
        opened: async () => undefined,
        ended: async () => undefined,
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
