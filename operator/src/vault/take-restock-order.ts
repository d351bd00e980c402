import { inTransaction } from '@scratchless/office/database/database'
import type { CentreId } from '@scratchless/voucher/ids'
import { verifyRestockOrder } from '@scratchless/wire/restock/restock-order'
import { keepPartnerHead } from './keep-partner-head.ts'
import { findVerifiedOrder, insertVerifiedLines, insertVerifiedOrder } from './restock-journal.sql.ts'
import { type VaultNeeds, verifyingFor } from './vault-needs.ts'
import type { OpeningRefusal, TakenOrder } from './verbs.ts'

/**
 * Verifies and opens an order, and notes what its signature asks for. The vault believes this note later, not the
 * api: a captured api can have no more closed than a partner really ordered.
 */
export async function takeRestockOrder(
  needs: VaultNeeds,
  { partner, bytes }: { partner: CentreId; bytes: Uint8Array },
): Promise<TakenOrder | { refusal: OpeningRefusal }> {
  const verifying = verifyingFor(needs, partner)
  if (verifying === null) return { refusal: 'unknown-partner' }
  const verified = await verifyRestockOrder(bytes, verifying)
  if ('refusal' in verified) return verified
  const { content: order, payloadHash } = verified
  const altered = await inTransaction(needs.pool, async (sql) => {
    await keepPartnerHead(needs, sql, partner, order.auditHead)
    const verifiedAt = new Date(needs.clock.nowMs())
    if (await insertVerifiedOrder(sql, { id: order.id, partner, payloadHash, verifiedAt })) {
      await insertVerifiedLines(sql, order.id, order.lines)
      return false
    }
    const known = await findVerifiedOrder(sql, order.id)
    return known === undefined || known.partner !== partner || !known.payload_hash.equals(payloadHash)
  })
  return { order, payloadHash, altered }
}
