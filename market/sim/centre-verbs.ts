// The centre's vault without its process: the same verbs over needs that the simulator holds.

import { registerCard, revokeCard } from '@scratchless/centre/vault/cards'
import { closeAnswer } from '@scratchless/centre/vault/close-answer'
import { closeCardLetter } from '@scratchless/centre/vault/close-card-letter'
import { closeSupplyDeliveries } from '@scratchless/centre/vault/close-supply-deliveries'
import {
  answerEnrolmentRequest,
  certifyTerminal,
  openEnrolment,
  revokeTerminal,
} from '@scratchless/centre/vault/enrolment'
import { keepRecentHead } from '@scratchless/centre/vault/recent-head'
import { openOrderResponse, signRestockOrder } from '@scratchless/centre/vault/restock-orders'
import { takeRestockDelivery } from '@scratchless/centre/vault/take-restock-delivery'
import type { VaultNeeds } from '@scratchless/centre/vault/vault-needs'
import type { VaultVerbs } from '@scratchless/centre/vault/verbs'

export function centreVerbs(needs: VaultNeeds): VaultVerbs {
  const answering = { ...needs, recentHead: keepRecentHead(needs) }
  return {
    closeRestockOrder: (order) => signRestockOrder(needs, order),
    openRestockOrderResponse: (message) => openOrderResponse(needs, message),
    takeRestockDelivery: (message) => takeRestockDelivery(needs, message),
    examineRestockDelivery: (message) => needs.restockWorker.examine(message),
    openEnrolment: (request) => openEnrolment(needs, request),
    answerEnrolmentRequest: (request) => answerEnrolmentRequest(needs, request),
    certifyTerminal: (request) => certifyTerminal(needs, request),
    revokeTerminal: (terminal) => revokeTerminal(needs, terminal),
    registerCard: (request) => registerCard(needs, request),
    revokeCard: (card) => revokeCard(needs, card),
    closeCardLetter: (request) => closeCardLetter(needs, request),
    closeSupplyDeliveries: (orders) => closeSupplyDeliveries(needs, orders),
    closeAnswer: (request) => closeAnswer(answering, request),
  }
}
