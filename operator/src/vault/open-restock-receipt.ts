import type { CentreId } from '@scratchless/voucher/ids'
import {
  openRestockReceipt as openMessage,
  type RestockReceipt,
} from '@scratchless/wire/restock/restock-receipt'
import { keepPartnerHead } from './keep-partner-head.ts'
import { openingFor, type VaultNeeds } from './vault-needs.ts'
import type { OpeningRefusal } from './verbs.ts'

/** Verifies and opens a receipt of a partner, and keeps the head that it brings. */
export async function openRestockReceipt(
  needs: VaultNeeds,
  { partner, bytes }: { partner: CentreId; bytes: Uint8Array },
): Promise<RestockReceipt | { refusal: OpeningRefusal }> {
  const opening = openingFor(needs, partner)
  if (opening === null) return { refusal: 'unknown-partner' }
  const opened = await openMessage(bytes, opening)
  if ('refusal' in opened) return opened
  await keepPartnerHead(needs, needs.pool, partner, opened.content.auditHead)
  return opened.content
}
