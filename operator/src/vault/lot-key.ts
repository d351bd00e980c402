// The content key of one of our own lots.

import type { KeyObject } from 'node:crypto'
import type { Sql } from '@scratchless/office/database/database'
import type { LotBinding } from '@scratchless/office/vault/closing'
import { readLotRecord } from '@scratchless/office/vault/lot-record'
import type { LotId, OperatorId } from '@scratchless/voucher/ids'
import { findSealedLot, type SealedLotRow } from './sealed-stock.sql.ts'
import type { VaultNeeds } from './vault-needs.ts'

export interface OpenLot {
  readonly row: SealedLotRow
  readonly binding: LotBinding<'operator'>
  readonly contentKey: KeyObject
}

export function bindingOf(operator: OperatorId, row: Pick<SealedLotRow, 'id' | 'product'>) {
  return { holderKind: 'operator', holder: operator, operator, product: row.product, lot: row.id } as const
}

/** Null where there is no such lot. Throws where its record was not made by this vault, or does not open. */
export async function openLot(
  needs: Pick<VaultNeeds, 'party' | 'keys'>,
  sql: Sql,
  lot: LotId,
): Promise<OpenLot | null> {
  const row = await findSealedLot(sql, lot)
  if (row === undefined) return null
  const binding = bindingOf(needs.party, row)
  const contentKey = readLotRecord(
    { recordId: row.id, binding, codeDigits: row.code_digits, wrappedKey: row.wrapped_key, mac: row.mac },
    { holder: needs.keys.stock, macKey: needs.keys.lotMac },
  )
  if (typeof contentKey === 'string') throw new Error(`the record of lot ${lot} is refused: ${contentKey}`)
  return { row, binding, contentKey }
}
