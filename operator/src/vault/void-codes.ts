// Codes that go to nobody any more, because two people of the vault's ring agreed to it over their range or lot, the
// act's number and its end. What of them arrives later is void as it arrives (vault-db).

import { type AgreementRefusal, useAgreement } from '@scratchless/office/vault/use-agreement'
import type { VaultNeeds } from './vault-needs.ts'
import type { VaultVerbs } from './verbs.ts'
import { insertVoidStock, voidLot, voidRange } from './void-codes.sql.ts'

export async function voidCodes(
  needs: VaultNeeds,
  { number, endsAtS, stock, cause, approvals }: Parameters<VaultVerbs['voidCodes']>[0],
): Promise<{ codes: number } | { refusal: AgreementRefusal }> {
  const kind = 'lot' in stock ? 'void-lot' : 'void-codes'
  const request = { party: needs.party, number, endsAtS, kind, facts: { ...stock, cause } } as const
  return useAgreement(needs, request, approvals, async (sql) => {
    const codes = 'lot' in stock ? await voidLot(sql, stock) : await voidRange(sql, stock)
    // Its agreement is noted after it, in the same transaction: the reference is looked at when that ends.
    await insertVoidStock(sql, number, stock)
    return codes
  })
}
