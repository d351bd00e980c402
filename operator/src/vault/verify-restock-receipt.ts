import type { CentreId } from '@scratchless/voucher/ids'
import {
  type RestockReceipt,
  verifyRestockReceipt as verifyMessage,
} from '@scratchless/wire/restock/restock-receipt'
import { keepPartnerHead } from './keep-partner-head.ts'
import { type VaultNeeds, verifyingFor } from './vault-needs.ts'
import type { OpeningRefusal } from './verbs.ts'

/** Verifies and opens a receipt of a partner, and keeps the head that it brings. */
export async function verifyRestockReceipt(
  needs: VaultNeeds,
  { partner, bytes }: { partner: CentreId; bytes: Uint8Array },
): Promise<RestockReceipt | { refusal: OpeningRefusal }> {
  const verifying = verifyingFor(needs, partner)
  if (verifying === null) return { refusal: 'unknown-partner' }
  const verified = await verifyMessage(bytes, verifying)
  if ('refusal' in verified) return verified
  await keepPartnerHead(needs, needs.pool, partner, verified.content.auditHead)
  return verified.content
}
