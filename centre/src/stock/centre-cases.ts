// The centre's codes, one operator's at a time, as cases are about them.

import type { CaseOffice } from '@scratchless/office/cases/case-office'
import type { CentreNeeds } from '../needs.ts'
import { DEPOT } from '../settings.ts'
import { countMarks, holdRange, releaseRange } from './held-codes.sql.ts'

export function centreCases({ pool, clock }: Pick<CentreNeeds, 'pool' | 'clock'>): CaseOffice {
  return {
    ...{ pool, clock, all: { depot_id: DEPOT } },
    catchUp: async () => undefined,
    stockOf(operator) {
      if (operator === undefined) throw new Error('a case at the centre names its operator')
      return {
        scope: { depot_id: DEPOT, operator },
        // The packs' own rows put supply orders in line.
        lockRange: async () => undefined,
        holdRange: (sql, range) => holdRange(sql, DEPOT, operator, range),
        releaseRange: (sql, range, at) => releaseRange(sql, DEPOT, operator, range, at),
        countMarks: (sql, range) => countMarks(sql, DEPOT, operator, range),
      }
    },
  }
}
