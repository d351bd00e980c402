// Step 2 of the way of a code: the centre orders. The order's id and its signed bytes are saved in the outbox before
// they are sent; the outbox repeats just these bytes until the operator's answer has been verified.

import type { PinnedClient } from '@scratchless/keys/pinned-client'
import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import { inTransaction, type SqlClient } from '@scratchless/office/database/database'
import { type OutgoingMessage, saveMessage } from '@scratchless/office/outbox/outbox.sql'
import { nowIso } from '@scratchless/voucher/clock'
import { type DepotId, type MessageId, type OperatorId, operatorId } from '@scratchless/voucher/ids'
import type { ProductId } from '@scratchless/voucher/product'
import { newMessageId } from '@scratchless/voucher/random'
import { RESTOCK_CONTENT_TYPE } from '@scratchless/wire/restock/restock-http'
import { raiseAlarm } from '../alarms.sql.ts'
import { readAllProducts } from '../catalogue/catalogue.sql.ts'
import { type DepotRefusal, whichDepot } from '../depots/which-depot.ts'
import type { CentreNeeds } from '../needs.ts'
import { alarmOfHead } from './contradicting-head.ts'
import { insertRestockOrder, updateOrderLines, updateOrderVerdict } from './restock.sql.ts'

/** In order of precedence. */
type RestockOrderRefusal = DepotRefusal | 'unknown-operator' | 'unknown-product'

interface RestockWish {
  /** May be left out where the centre has one. */
  readonly depot?: DepotId | undefined
  readonly operator: OperatorId
  readonly lines: readonly { readonly product: ProductId; readonly quantity: number }[]
}

const KIND = 'restock-order'
/** An order that found nobody for a day is better looked at by a person than filled by surprise. */
const EXPIRES_AFTER_MS = 24 * 3_600_000

export async function sendRestockOrder(
  needs: CentreNeeds,
  wish: RestockWish,
  orderedBy: string,
): Promise<{ readonly id: MessageId } | RestockOrderRefusal> {
  const { pool, clock, random, settings, vault } = needs
  const which = await whichDepot(pool, wish.depot)
  if (typeof which === 'string') return which
  if (!settings.partners.some(({ party }) => party === wish.operator)) return 'unknown-operator'
  const known = new Map((await readAllProducts(pool, settings.currency)).map((one) => [one.id, one]))
  const products = wish.lines.map(({ product }) => known.get(product))
  if (products.some((product) => product?.operator !== wish.operator)) return 'unknown-product'

  const order = {
    id: newMessageId(random),
    issuedAt: nowIso(clock),
    sender: settings.party,
    receiver: wish.operator,
    expiresAt: new Date(clock.nowMs() + EXPIRES_AFTER_MS).toISOString(),
    depot: which.depot,
    lines: wish.lines.map((line, index) => ({ lineNo: index + 1, ...line })),
  }
  // What codes look like, the vault must know before they come. It takes no second word on a product.
  const told = await vault.knowProducts(
    products.map((product) => {
      const { id, operator, codeDigits, checkDigit } = product!
      return { id, operator, codeDigits, checkDigit }
    }),
  )
  if (told !== 'known') throw new Error(`the vault knows otherwise of a product: ${told.refusal}`)
  const bytes = await vault.signRestockOrder(order)
  const savedAt = new Date(clock.nowMs())
  await inTransaction(pool, async (sql) => {
    await insertRestockOrder(sql, order, orderedBy)
    await saveMessage(sql, { id: order.id, partner: wish.operator, kind: KIND, bytes, savedAt })
    await appendAudit(sql, {
      at: savedAt,
      actor: orderedBy,
      action: 'restock-ordered',
      subject: order.id,
      details: { operator: wish.operator, depot: which.depot, lines: wish.lines },
    })
  })
  return { id: order.id }
}

/** The outbox's `send`: posts the bytes to the operator. Throws where no answer comes, so that it is tried again. */
export async function postRestockMessage(
  needs: Pick<CentreNeeds, 'settings'>,
  clients: ReadonlyMap<string, PinnedClient>,
  message: OutgoingMessage,
): Promise<Uint8Array> {
  const partner = needs.settings.partners.find(({ party }) => party === message.partner)
  const client = clients.get(message.partner)
  if (partner === undefined || client === undefined) throw new Error(`${message.partner} is no partner`)
  const answer = await client.post({
    url: partner.url,
    body: message.bytes,
    contentType: RESTOCK_CONTENT_TYPE,
  })
  if (answer.status !== 200) throw new Error(`${message.partner} answered with status ${answer.status}`)
  return answer.body
}

/** The outbox's `onAnswer`: what the operator said, in the transaction that marks the order answered. */
export async function takeRestockOrderResponse(
  needs: CentreNeeds,
  sql: SqlClient,
  message: OutgoingMessage,
  answer: Uint8Array,
): Promise<void> {
  const operator = operatorId(message.partner)
  const verified = await needs.vault.verifyRestockOrderResponse({
    operator,
    orderId: message.id,
    bytes: answer,
  })
  if ('contradictingHead' in verified) await alarmOfHead(needs, operator, verified.contradictingHead)
  if ('refusal' in verified) {
    if (verified.refusal === 'other-message' && (await takeNotUnderstood(needs, sql, message, answer))) return
    throw new Error(`the answer of ${message.partner} does not verify: ${verified.refusal}`)
  }
  const { content } = verified
  await updateOrderVerdict(sql, message.id, content.verdict, content.reason ?? null)
  await updateOrderLines(
    sql,
    message.id,
    content.lines.map((line) => ({
      lineNo: line.lineNo,
      accepted: line.quantityAccepted + line.backOrder,
      unitPriceMinor: line.unitPrice?.amountMinor ?? null,
      reason: line.reason ?? null,
    })),
  )
  await appendAudit(sql, {
    at: new Date(needs.clock.nowMs()),
    actor: message.partner,
    action: 'restock-order-answered',
    subject: message.id,
    details: { verdict: content.verdict },
  })
}

/** True where the operator signed that it does not understand this order: nothing will come of it, and people mend it. */
async function takeNotUnderstood(
  needs: CentreNeeds,
  sql: SqlClient,
  message: OutgoingMessage,
  bytes: Uint8Array,
): Promise<boolean> {
  const operator = operatorId(message.partner)
  const opened = await needs.vault.openNotUnderstood({ operator, bytes })
  if ('refusal' in opened) return false
  await alarmOfHead(needs, operator, opened.contradictingHead)
  if (opened.messageId !== message.id) return false
  const at = new Date(needs.clock.nowMs())
  const details = { operator, highestLevel: opened.highestLevel }
  const action = 'restock-order-not-understood'
  await updateOrderVerdict(sql, message.id, 'refused', 'not-understood')
  await raiseAlarm(sql, { at, kind: action, subject: message.id, details })
  await appendAudit(sql, { at, actor: operator, action, subject: message.id, details })
  return true
}
