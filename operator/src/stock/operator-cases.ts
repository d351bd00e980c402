// The operator's own codes, as cases are about them.

import type { CaseOffice } from '@scratchless/office/cases/case-office'
import type { Clock } from '@scratchless/voucher/clock'
import type { OperatorId } from '@scratchless/voucher/ids'
import { type AdoptNeeds, adoptSealedStock } from './adopt-sealed-stock.ts'
import { countMarks, holdRange, productsOfRange, releaseRange } from './held-codes.sql.ts'
import { lockProducts } from './product.sql.ts'

export function operatorCases(
  needs: AdoptNeeds & { readonly clock: Clock; readonly party: OperatorId },
): CaseOffice {
  const { pool, clock, party } = needs
  return {
    ...{ pool, clock, all: {} },
    catchUp: () => adoptSealedStock(needs),
    stockOf: () => ({
      scope: {},
      // Whoever promises codes of a product has its row, and plans by what was free when it looked.
      lockRange: async (sql, range) => {
        await lockProducts(sql, party, await productsOfRange(sql, range))
      },
      ...{ holdRange, releaseRange, countMarks },
    }),
  }
}
