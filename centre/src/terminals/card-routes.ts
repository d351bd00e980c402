// Vendor cards as staff enter them.

import { createPublicKey, type KeyObject } from 'node:crypto'
import { fingerprintOf } from '@scratchless/keys/fingerprint'
import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import { inTransaction, type Sql } from '@scratchless/office/database/database'
import { type StaffGuard, staffOf } from '@scratchless/office/staff/staff-routes'
import { HttpRefusal, parseInput } from '@scratchless/program/http/http-server'
import type { CardId } from '@scratchless/voucher/ids'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { CentreNeeds } from '../needs.ts'
import { raiseShopSettings } from '../retailers/raise-shop-settings.ts'
import { retailerOr404 } from '../retailers/retailer-routes.ts'
import { readVendors } from '../retailers/shop-settings.sql.ts'
import { ApprovalBody, CardBody, type CardView, cardField, ReasonBody } from '../staff-api.ts'
import { collectApproval } from './approvals.ts'
import {
  type CardRow,
  endLetterEpochs,
  findCard,
  insertCard,
  markCardRegistered,
  markCardRevoked,
  wantNewLetters,
} from './terminals.sql.ts'

const IdParams = z.object({ id: cardField })
/** What the card letter's recipients can hold. */
const CARD_RSA_BITS = [2048, 3072, 4096]

export function addCardRoutes(app: FastifyInstance, needs: CentreNeeds, guard: StaffGuard): void {
  const { pool, clock, vault } = needs

  app.post('/api/cards', guard.mayDo('enter-card'), async (request, reply) => {
    const body = parseInput(CardBody, request.body)
    const publicKey = cardKeyOr400(body.publicKey)
    const at = new Date(clock.nowMs())
    const row = {
      id: body.card,
      retailer_id: body.retailer,
      vendor_id: body.vendor,
      class: body.class,
      public_key: publicKey.export({ type: 'spki', format: 'der' }),
      key_fingerprint: fingerprintOf(publicKey),
    }
    const view = await inTransaction(pool, async (sql) => {
      await retailerOr404(sql, body.retailer)
      const vendors = await readVendors(sql, body.retailer)
      if (!vendors.some(({ id }) => id === body.vendor)) throw new HttpRefusal(409, 'unknown-vendor')
      if (!(await insertCard(sql, { ...row, addedAt: at }))) throw new HttpRefusal(409, 'card-known')
      const added = viewOf(await cardOr404(sql, body.card))
      const actor = staffOf(request).signInName
      const details = { retailer: body.retailer, vendor: body.vendor, keyFingerprint: row.key_fingerprint }
      await appendAudit(sql, { at, actor, action: 'card-added', subject: body.card, details })
      return added
    })
    return reply.status(201).send(view)
  })

  app.get('/api/cards/:id', guard.mayDo('see-terminals'), async (request) => {
    const { id } = parseInput(IdParams, request.params)
    return viewOf(await cardOr404(pool, id))
  })

  app.post('/api/cards/:id/approvals', guard.mayDo('approve-card'), async (request) => {
    const { id } = parseInput(IdParams, request.params)
    const body = parseInput(ApprovalBody, request.body)
    const row = await cardOr404(pool, id)
    const { retailer_id: retailer, vendor_id: vendor } = row
    const fields = [id, retailer, vendor, row.class, row.key_fingerprint]
    const approvals = await collectApproval(needs, { purpose: 'register-card', subject: id, fields }, body)
    if (approvals !== null) {
      const registered = await vault.registerCard({
        card: id,
        retailer,
        vendor,
        class: row.class,
        publicKey: row.public_key,
        approvals,
      })
      if (registered !== 'registered') throw new HttpRefusal(409, registered)
      const at = new Date(clock.nowMs())
      await inTransaction(pool, async (sql) => {
        await markCardRegistered(sql, id, at)
        await wantNewLetters(sql, retailer)
        await raiseShopSettings(needs, sql, retailer)
        const details = { approvers: approvals.map(({ approver }) => approver) }
        const actor = staffOf(request).signInName
        await appendAudit(sql, { at, actor, action: 'card-registered', subject: id, details })
      })
    }
    return viewOf(await cardOr404(pool, id))
  })

  app.post('/api/cards/:id/revocation', guard.mayDo('revoke-card'), async (request) => {
    const { id } = parseInput(IdParams, request.params)
    const { reason } = parseInput(ReasonBody, request.body)
    const { retailer_id: retailer } = await cardOr404(pool, id)
    const at = new Date(clock.nowMs())
    await inTransaction(pool, async (sql) => {
      await markCardRevoked(sql, id, at)
      await endLetterEpochs(sql, retailer, at)
      await wantNewLetters(sql, retailer)
      await raiseShopSettings(needs, sql, retailer)
      const actor = staffOf(request).signInName
      await appendAudit(sql, { at, actor, action: 'card-revoked', subject: id, details: { reason } })
    })
    await vault.revokeCard(id)
    return viewOf(await cardOr404(pool, id))
  })
}

function cardKeyOr400(pem: string): KeyObject {
  let key: KeyObject
  try {
    key = createPublicKey(pem)
  } catch {
    throw new HttpRefusal(400, 'invalid', [{ field: 'publicKey', rule: 'not_a_public_key' }])
  }
  if (
    key.asymmetricKeyType !== 'rsa' ||
    !CARD_RSA_BITS.includes(key.asymmetricKeyDetails?.modulusLength ?? 0)
  )
    throw new HttpRefusal(400, 'invalid', [{ field: 'publicKey', rule: 'not_an_rsa_key' }])
  return key
}

async function cardOr404(sql: Sql, id: CardId): Promise<CardRow> {
  const row = await findCard(sql, id)
  if (row === undefined) throw new HttpRefusal(404, 'unknown-card')
  return row
}

function viewOf(row: CardRow): CardView {
  return {
    id: row.id,
    retailer: row.retailer_id,
    vendor: row.vendor_id,
    class: row.class,
    state: row.revoked_at !== null ? 'revoked' : row.registered_at !== null ? 'registered' : 'waiting',
    keyFingerprint: row.key_fingerprint,
    approvers: row.approvers ?? [],
  }
}
