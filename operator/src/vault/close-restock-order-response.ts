import {
  closeRestockOrderResponse as closeMessage,
  type RestockOrderResponse,
} from '@scratchless/wire/restock/restock-order-response'
import { findVerifiedOrder } from './restock-journal.sql.ts'
import { closingFor, type VaultNeeds } from './vault-needs.ts'

/** Step 3's signature: an answer to an order that this vault verified, to the partner who sent it and nobody else. */
export async function closeRestockOrderResponse(
  needs: VaultNeeds,
  response: Omit<RestockOrderResponse, 'sender' | 'receiver'>,
): Promise<Uint8Array | { refusal: 'unknown-order' }> {
  const order = await findVerifiedOrder(needs.pool, response.orderId)
  const closing = order && closingFor(needs, order.partner)
  if (!closing) return { refusal: 'unknown-order' }
  return closeMessage({ ...response, sender: needs.party, receiver: order.partner }, closing)
}
