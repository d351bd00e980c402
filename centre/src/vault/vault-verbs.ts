// Every verb of the vault over what the vault needs: this list is all that may be asked of it.

import { registerCard, revokeCard } from './cards.ts'
import { closeSupplyDeliveries } from './close-supply-deliveries.ts'
import { answerEnrolmentRequest, beginEnrolment, certifyTerminal, revokeTerminal } from './enrolment.ts'
import { knowProducts } from './products.ts'
import { keepRecentHead } from './recent-head.ts'
import { renewTerminal } from './renew-terminal.ts'
import { answerRestockNotice, openNotUnderstood, openRestockNotice } from './restock-notices.ts'
import { signRestockOrder, verifyOrderResponse } from './restock-orders.ts'
import { signAcknowledgements, signAnswer } from './sign-answer.ts'
import { takeRestockDelivery } from './take-restock-delivery.ts'
import type { VaultNeeds } from './vault-needs.ts'
import type { VaultVerbs } from './verbs.ts'
import { voidCodes } from './void-codes.ts'
import { writeCardLetter } from './write-card-letter.ts'

export function vaultVerbs(needs: VaultNeeds): VaultVerbs {
  const answering = { ...needs, recentHead: keepRecentHead(needs) }
  return {
    knowProducts: (products) => knowProducts(needs, products),
    signRestockOrder: (order) => signRestockOrder(needs, order),
    verifyRestockOrderResponse: (message) => verifyOrderResponse(needs, message),
    takeRestockDelivery: (message) => takeRestockDelivery(needs, message),
    examineRestockDelivery: (message) => needs.restockWorker.run('examine', message),
    openRestockNotice: (message) => openRestockNotice(needs, message),
    answerRestockNotice: (message) => answerRestockNotice(needs, message),
    openNotUnderstood: (message) => openNotUnderstood(needs, message),
    beginEnrolment: (request) => beginEnrolment(needs, request),
    answerEnrolmentRequest: (request) => answerEnrolmentRequest(needs, request),
    certifyTerminal: (request) => certifyTerminal(needs, request),
    renewTerminal: (request) => renewTerminal(needs, request),
    revokeTerminal: (terminal) => revokeTerminal(needs, terminal),
    registerCard: (request) => registerCard(needs, request),
    revokeCard: (card) => revokeCard(needs, card),
    writeCardLetter: (request) => writeCardLetter(needs, request),
    closeSupplyDeliveries: (group) => closeSupplyDeliveries(needs, group),
    signAcknowledgements: (answers) => signAcknowledgements(answering, answers),
    voidCodes: (act) => voidCodes(needs, act),
    signAnswer: (request) => signAnswer(answering, request),
  }
}
