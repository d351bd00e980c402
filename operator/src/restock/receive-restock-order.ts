// Step 3 of the way of a code: the operator answers a restock order. The vault verifies and opens it; we decide and
// promise codes; the vault signs the answer; and the answer is stored before its first byte is sent.

import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import { bookingAt } from '@scratchless/office/calendar/booking'
import { inTransaction, type Pool, type SqlClient } from '@scratchless/office/database/database'
import { storeAnswer, takeMessage } from '@scratchless/office/inbox/take-message'
import type { Log } from '@scratchless/program/log'
import type { PrivateLine } from '@scratchless/program/private-line'
import type { Clock } from '@scratchless/voucher/clock'
import type { CentreId, MessageId, OperatorId } from '@scratchless/voucher/ids'
import type { Money } from '@scratchless/voucher/money'
import { newMessageId, type Random } from '@scratchless/voucher/random'
import type { RestockOrder } from '@scratchless/wire/restock/restock-order'
import type { OrderRefusal } from '@scratchless/wire/restock/restock-order-response'
import { pendParts } from '../finance/partner-account.ts'
import { adoptSealedStock } from '../stock/adopt-sealed-stock.ts'
import { freeCodes, type PlannedPart, planParts } from '../stock/allocation.ts'
import { lockProducts } from '../stock/product.sql.ts'
import { findFreePacks, markGiven } from '../stock/stock.sql.ts'
import type { VaultVerbs } from '../vault/verbs.ts'
import { decideLine, type LineDecision, verdictOf } from './order-decision.ts'
import { receiveRestockNotice } from './receive-restock-notice.ts'
import { insertDeliveries, insertOrder, insertOrderLines } from './restock.sql.ts'
import { sendLotActivations } from './send-lot-activation.ts'

export interface RestockOrderNeeds {
  readonly party: OperatorId
  readonly pool: Pool
  readonly vault: PrivateLine<VaultVerbs>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly discounts: ReadonlyMap<CentreId, number>
  /** By whose days the books count. */
  readonly timeZone: string
}

const KIND = 'restock-order'

/** The bytes of the signed answer, or null where the message is none of the partner's that opens. */
export async function receiveRestockOrder(
  needs: RestockOrderNeeds,
  partner: CentreId,
  bytes: Uint8Array,
): Promise<Uint8Array | null> {
  const { pool, vault, log } = needs
  const verified = await vault.takeRestockOrder({ partner, bytes })
  if ('refusal' in verified) {
    // No order, or one that only a higher level reads: then it may be signed all the same.
    if (verified.refusal === 'other-message' || verified.refusal === 'not-understood')
      return receiveRestockNotice(needs, partner, bytes)
    log.warn({ partner, refusal: verified.refusal }, 'a restock message did not open')
    return null
  }
  const { order, payloadHash, altered } = verified
  await adoptSealedStock(needs)
  return inTransaction(pool, async (sql) => {
    const takenAt = new Date(needs.clock.nowMs())
    const key = { sender: partner, kind: KIND, id: order.id }
    const taken = altered ? 'altered' : await takeMessage(sql, { ...key, payloadHash, takenAt })
    if (typeof taken === 'object') return taken.answer
    if (taken === 'altered') {
      log.error({ partner, order: order.id }, 'a restock order came again with another content')
      return answer(needs, order, takenAt, { verdict: 'refused', reason: 'duplicate-content', lines: [] })
    }
    if (taken === 'in-progress') throw new Error('a restock order was taken and not answered')
    const decision = await decide(needs, sql, partner, order, takenAt)
    const bytesOut = await answer(needs, order, takenAt, decision)
    await storeAnswer(sql, key, bytesOut, takenAt)
    await appendAudit(sql, {
      at: takenAt,
      actor: partner,
      action: 'restock-order-answered',
      subject: order.id,
      details: {
        verdict: decision.verdict,
        codes: decision.lines.reduce((sum, line) => sum + line.accepted, 0),
      },
    })
    return bytesOut
  })
}

interface Decision {
  readonly verdict: 'accepted' | 'partly' | 'refused'
  readonly reason: OrderRefusal | null
  readonly lines: readonly LineDecision[]
}

/** Decides, and promises what it accepts: from here on these codes are nobody else's. */
async function decide(
  needs: RestockOrderNeeds,
  sql: SqlClient,
  partner: CentreId,
  order: RestockOrder,
  now: Date,
): Promise<Decision> {
  const { id, depot, expiresAt } = order
  const received = { id, partner, depot, receivedAt: now, expiresAt }
  if (new Date(order.expiresAt) <= now) {
    await insertOrder(sql, { ...received, verdict: 'refused', reason: 'order-expired' })
    return { verdict: 'refused', reason: 'order-expired', lines: [] }
  }
  const discount = needs.discounts.get(partner) ?? 0
  const products = await lockProducts(
    sql,
    needs.party,
    order.lines.map(({ product }) => product),
  )
  const today = now.toISOString().slice(0, 10)
  const lines: LineDecision[] = []
  const planned: { lineNo: number; unitPrice: Money; parts: (PlannedPart & { id: MessageId })[] }[] = []
  await sql.query('SAVEPOINT before_promises')
  for (const line of order.lines) {
    const packs = await findFreePacks(sql, line.product, line.quantity, today)
    const decided = decideLine(line, products.get(line.product), freeCodes(packs), discount)
    lines.push(decided)
    if (decided.accepted === 0 || decided.unitPrice === null) continue
    const parts = planParts(packs, decided.accepted).map((part) => ({
      ...part,
      id: newMessageId(needs.random),
    }))
    await markGiven(
      sql,
      parts.flatMap(({ runs }) => runs),
    )
    planned.push({ lineNo: line.lineNo, unitPrice: decided.unitPrice, parts })
  }
  const priced = planned.flatMap(({ unitPrice, parts }) =>
    parts.map(({ id, codes }) => ({ id, codes, unitPrice })),
  )
  if (!(await pendParts(sql, partner, priced, bookingAt(now, needs.timeZone)))) {
    await sql.query('ROLLBACK TO SAVEPOINT before_promises')
    await insertOrder(sql, { ...received, verdict: 'refused', reason: 'headroom-exceeded' })
    return { verdict: 'refused', reason: 'headroom-exceeded', lines: [] }
  }
  const { verdict, reason } = verdictOf(lines)
  await insertOrder(sql, { ...received, verdict, reason })
  await insertOrderLines(sql, order.id, lines)
  for (const { lineNo, parts } of planned)
    await insertDeliveries(sql, { orderId: order.id, lineNo, issuedAt: now }, parts)
  // Ranges of a lot that sleeps as a whole may be activated: a centre that gets codes of it now is told.
  await sendLotActivations(
    needs,
    sql,
    planned.flatMap(({ parts }) => parts.map(({ lot }) => lot)),
  )
  return { verdict, reason, lines }
}

async function answer(
  needs: RestockOrderNeeds,
  order: RestockOrder,
  issuedAt: Date,
  { verdict, reason, lines }: Decision,
): Promise<Uint8Array> {
  const bytes = await needs.vault.signRestockOrderResponse({
    id: newMessageId(needs.random),
    issuedAt: issuedAt.toISOString(),
    orderId: order.id,
    verdict,
    ...(reason === null ? {} : { reason }),
    lines: lines.map((line) => ({
      lineNo: line.lineNo,
      product: line.product,
      quantityAccepted: line.accepted,
      backOrder: 0,
      ...(line.unitPrice === null ? {} : { unitPrice: line.unitPrice }),
      ...(line.reason === null ? {} : { reason: line.reason }),
    })),
  })
  if ('refusal' in bytes) throw new Error(`the vault signs no answer: ${bytes.refusal}`)
  return bytes
}
