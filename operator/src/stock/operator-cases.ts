// The operator's own codes, as cases and requests are about them.

import type { CaseOffice } from '@scratchless/office/cases/case-office'
import { type AskVault, caseCarriers } from '@scratchless/office/cases/case-requests'
import type { RequestNeeds } from '@scratchless/office/requests/request-needs'
import type { ApproverRing } from '@scratchless/office/staff/approval'
import type { Log } from '@scratchless/program/log'
import type { PrivateLine } from '@scratchless/program/private-line'
import type { Clock } from '@scratchless/voucher/clock'
import { lotId, type OperatorId } from '@scratchless/voucher/ids'
import { serialNumber } from '@scratchless/voucher/serial'
import type { VaultVerbs } from '../vault/verbs.ts'
import { type AdoptNeeds, adoptSealedStock } from './adopt-sealed-stock.ts'
import { readCodeHistory } from './code-history.sql.ts'
import { countMarks, holdRange, isBeingClosed, productsOfRange, releaseRange } from './held-codes.sql.ts'
import { countLot, holdLot, isLotBeingClosed, readLotsPast, releaseLot } from './held-lots.sql.ts'
import { lockProducts } from './product.sql.ts'

type CaseNeeds = AdoptNeeds & { readonly clock: Clock; readonly party: OperatorId }

export function operatorCases(needs: CaseNeeds): CaseOffice {
  const { pool, clock, party } = needs
  return {
    ...{ pool, clock, books: 'of-its-own' },
    lotsPast: (day) => readLotsPast(pool, day),
    catchUp: () => adoptSealedStock(needs),
    tell: async () => ({}),
    stockOf: () => ({
      scope: {},
      // Whoever promises codes of a product has its row, and plans by what was free when it looked.
      lockRange: async (sql, range) => {
        await lockProducts(sql, party, await productsOfRange(sql, range))
      },
      ...{ holdRange, releaseRange, countMarks, isUnderWay: isBeingClosed },
      stateOf: async (sql, serial) => (await readCodeHistory(sql, serial))[0]?.state,
      lots: {
        lock: async (sql, lot) => {
          const known = await countLot(sql, lot)
          if (known !== undefined) await lockProducts(sql, party, [known.product])
        },
        count: async (sql, lot) => {
          const known = await countLot(sql, lot)
          return known && { codes: known.codes, given: known.given }
        },
        ...{ hold: holdLot, release: releaseLot, isUnderWay: isLotBeingClosed },
        changed: async () => undefined,
      },
      opened: async () => undefined,
      ended: async () => undefined,
    }),
  }
}

/** All that two people at the operator may agree to. */
export function operatorRequests(
  needs: CaseNeeds & {
    readonly log: Log
    readonly vault: PrivateLine<VaultVerbs>
    readonly approvers: ApproverRing
  },
): RequestNeeds {
  const { party, pool, clock, log, approvers } = needs
  return {
    ...{ party, pool, clock, log, approvers },
    carriers: caseCarriers(operatorCases(needs), voidInVault(needs)),
  }
}

function voidInVault({ vault }: { readonly vault: PrivateLine<VaultVerbs> }): AskVault {
  return ({ number, endsAtS, facts, agreements }) => {
    const stock =
      facts.lot === undefined
        ? { firstSerial: serialNumber(String(facts.firstSerial)), count: Number(facts.count) }
        : { lot: lotId(String(facts.lot)) }
    return vault.voidCodes({ number, endsAtS, stock, cause: String(facts.cause), approvals: agreements })
  }
}
