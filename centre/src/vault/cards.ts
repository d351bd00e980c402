// Vendor cards: registered when the centre issues one, with two approvals over its key, because whoever could name
// a card could open a shop's codes.

import { createPublicKey } from 'node:crypto'
import { fingerprintOf } from '@scratchless/keys/fingerprint'
import { inTransaction } from '@scratchless/office/database/database'
import { verifyApprovals } from '@scratchless/office/staff/approval'
import type { CardId } from '@scratchless/voucher/ids'
import { endSafeKey, findCard, insertCard, markCardRevoked, readSafeKeysOfRetailer } from './ring.sql.ts'
import { assertOwnSafeKey, macCard, macSafeKey } from './ring.ts'
import type { VaultNeeds } from './vault-needs.ts'
import type { VaultVerbs } from './verbs.ts'

/** Approved over [card, retailer, vendor, class, fingerprintOf its key]. The same card again is harmless. */
export async function registerCard(
  needs: VaultNeeds,
  request: Parameters<VaultVerbs['registerCard']>[0],
): ReturnType<VaultVerbs['registerCard']> {
  const publicKey = createPublicKey({ key: Buffer.from(request.publicKey), format: 'der', type: 'spki' })
  const { card, retailer, vendor } = request
  const fields = [card, retailer, vendor, request.class, fingerprintOf(publicKey)]
  const approved = verifyApprovals(needs.approvers, 'register-card', fields, request.approvals)
  if (approved !== 'approved') return approved
  const row = {
    id: card,
    retailer_id: retailer,
    vendor_id: vendor,
    class: request.class,
    public_key: Buffer.from(request.publicKey),
  }
  const mac = macCard(needs.keys, row)
  if (await insertCard(needs.pool, { ...row, mac })) return 'registered'
  const known = await findCard(needs.pool, card)
  return known?.mac.equals(mac) ? 'registered' : 'card-known'
}

/** Ends the card, and at once the epochs of its retailer's terminals: nothing more is closed that it could open. */
export async function revokeCard(needs: VaultNeeds, card: CardId): Promise<void> {
  const now = new Date(needs.clock.nowMs())
  await inTransaction(needs.pool, async (sql) => {
    const retailer = await markCardRevoked(sql, card, now)
    if (retailer === undefined) return
    for (const row of await readSafeKeysOfRetailer(sql, retailer)) {
      assertOwnSafeKey(needs.keys, row)
      if (row.ends_at <= now) continue
      const ended = { ...row, ends_at: now }
      await endSafeKey(sql, { ...ended, mac: macSafeKey(needs.keys, ended) })
    }
  })
}
