// The centre's vault without its process: the same verbs over needs that the simulator holds.

import { registerCard, revokeCard } from '@scratchless/centre/vault/cards'
import { closeSupplyDeliveries } from '@scratchless/centre/vault/close-supply-deliveries'
import {
  answerEnrolmentRequest,
  beginEnrolment,
  certifyTerminal,
  revokeTerminal,
} from '@scratchless/centre/vault/enrolment'
import { keepRecentHead } from '@scratchless/centre/vault/recent-head'
import { signRestockOrder, verifyOrderResponse } from '@scratchless/centre/vault/restock-orders'
import { signAnswer } from '@scratchless/centre/vault/sign-answer'
import { takeRestockDelivery } from '@scratchless/centre/vault/take-restock-delivery'
import type { VaultNeeds } from '@scratchless/centre/vault/vault-needs'
import type { VaultVerbs } from '@scratchless/centre/vault/verbs'
import { writeCardLetter } from '@scratchless/centre/vault/write-card-letter'

export function centreVerbs(needs: VaultNeeds): VaultVerbs {
  const answering = { ...needs, recentHead: keepRecentHead(needs) }
  return {
    signRestockOrder: (order) => signRestockOrder(needs, order),
    verifyRestockOrderResponse: (message) => verifyOrderResponse(needs, message),
    takeRestockDelivery: (message) => takeRestockDelivery(needs, message),
    examineRestockDelivery: (message) => needs.restockWorker.run('examine', message),
    beginEnrolment: (request) => beginEnrolment(needs, request),
    answerEnrolmentRequest: (request) => answerEnrolmentRequest(needs, request),
    certifyTerminal: (request) => certifyTerminal(needs, request),
    revokeTerminal: (terminal) => revokeTerminal(needs, terminal),
    registerCard: (request) => registerCard(needs, request),
    revokeCard: (card) => revokeCard(needs, card),
    writeCardLetter: (request) => writeCardLetter(needs, request),
    closeSupplyDeliveries: (orders) => closeSupplyDeliveries(needs, orders),
    signAnswer: (request) => signAnswer(answering, request),
  }
}
