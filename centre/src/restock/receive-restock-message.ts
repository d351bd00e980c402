// What an operator posts goes to one of two rooms by what it says of itself. The rooms' vault believes nothing of that:
// a delivery that is none is refused there, and so is a notice.

import type { OperatorId } from '@scratchless/voucher/ids'
import { peekRestockMessage } from '@scratchless/wire/restock/restock-messages'
import type { CentreNeeds } from '../needs.ts'
import { type DeliveryAnswer, receiveRestockDelivery } from './receive-restock-delivery.ts'
import { receiveRestockNotice } from './receive-restock-notice.ts'

export async function receiveRestockMessage(
  needs: CentreNeeds,
  operator: OperatorId,
  bytes: Uint8Array,
): Promise<DeliveryAnswer> {
  const peeked = peekRestockMessage(bytes)
  if (peeked === null) return 'invalid'
  const agreed = needs.settings.partners.find(({ party }) => party === operator)?.level ?? 1
  if (peeked.message === 'RestockDelivery' && peeked.level <= agreed)
    return receiveRestockDelivery(needs, operator, bytes)
  const receipt = await receiveRestockNotice(needs, operator, bytes)
  return receipt === null ? 'invalid' : { receipt }
}
