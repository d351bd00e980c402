// The vault's part in the centre's own orders: it signs what staff ordered, and keeps what the operator accepted,
// because deliveries are measured against both.

import { readHead } from '@scratchless/office/audit-chain/audit-chain.sql'
import { inTransaction } from '@scratchless/office/database/database'
import type { MessageId, OperatorId } from '@scratchless/voucher/ids'
import { type Money, toDecimal } from '@scratchless/voucher/money'
import { type RestockOrder, signRestockOrder as signMessage } from '@scratchless/wire/restock/restock-order'
import { verifyRestockOrderResponse } from '@scratchless/wire/restock/restock-order-response'
import type { RestockSigning, RestockVerifying } from '@scratchless/wire/restock/restock-partner'
import { keepPartnerHead } from './keep-partner-head.ts'
import { insertSignedOrder, updateAcceptedLines } from './restock.sql.ts'
import type { VaultPartner } from './vault-keys.ts'
import type { VaultNeeds } from './vault-needs.ts'
import type { VaultVerbs } from './verbs.ts'

/** Throws for an operator that the ceremony did not enter. */
function partnerOf(needs: VaultNeeds, operator: OperatorId): VaultPartner {
  const partner = needs.partners.get(operator)
  if (partner === undefined) throw new Error(`${operator} is no partner of this centre`)
  return partner
}

/** From whom a message must be, and what opens it. */
export function verifyingFor(needs: VaultNeeds, operator: OperatorId): RestockVerifying {
  const { suite, level, verifyKey } = partnerOf(needs, operator)
  return {
    partner: { id: operator, suite, level, verifyKey },
    self: needs.centre,
    unwrappingKey: needs.keys.restockUnwrap,
  }
}

/** For whom a message of ours is closed. */
export function signingFor(needs: VaultNeeds, operator: OperatorId): RestockSigning {
  const { suite, level, wrapKey } = partnerOf(needs, operator)
  return { suite, level, signingKey: needs.keys.restockSign, receiverKey: wrapKey, random: needs.random }
}

/** How a price stands in the vault's journal: `TND 4.700`. */
export function priceText(money: Money): string {
  return `${money.currency} ${toDecimal(money)}`
}

/** Signs an order and closes it for the operator. The order is remembered before its bytes leave. */
export async function signRestockOrder(
  needs: VaultNeeds,
  wish: Omit<RestockOrder, 'auditHead'>,
): Promise<Buffer> {
  if (wish.sender !== needs.centre) throw new Error('an order of ours has us as its sender')
  const signing = signingFor(needs, wish.receiver)
  // Deliveries will come: what opens them loads while the order travels.
  needs.restockWorker.prepare('open')
  const order = { ...wish, auditHead: await readHead(needs.books) }
  const bytes = await signMessage(order, signing)
  await insertSignedOrder(needs.pool, order)
  return bytes
}

/** Opens the operator's answer and remembers what it accepted; the first answer stays. */
export async function verifyOrderResponse(
  needs: VaultNeeds,
  message: { operator: OperatorId; orderId: MessageId; bytes: Uint8Array },
): ReturnType<VaultVerbs['verifyRestockOrderResponse']> {
  const verified = await verifyRestockOrderResponse(message.bytes, verifyingFor(needs, message.operator))
  if ('refusal' in verified) return { refusal: verified.refusal }
  const { content } = verified
  const contradictingHead = await keepPartnerHead(needs, needs.pool, message.operator, content.auditHead)
  if (content.orderId !== message.orderId) return { refusal: 'another-order', contradictingHead }
  await inTransaction(needs.pool, (sql) =>
    updateAcceptedLines(
      sql,
      { id: content.orderId, operator: message.operator },
      content.lines.map((line) => ({
        lineNo: line.lineNo,
        product: line.product,
        accepted: line.quantityAccepted + line.backOrder,
        unitPrice: line.unitPrice === undefined ? null : priceText(line.unitPrice),
      })),
    ),
  )
  return { content, contradictingHead }
}
