// RestockOrderUpdate: what the operator says of an order later, when its response no longer holds. UBL's OrderResponse,
// sent again.

import { z } from 'zod'
import { field } from '../xml/xml-text.ts'
import { type ConfidentialMessage, verifyAndDecrypt } from './restock-envelope.ts'
import {
  orderAnswerFields,
  readOrderAnswer,
  refusalHasReason,
  refusedMeansNothing,
  writeOrderAnswer,
} from './restock-order-response.ts'
import type { RestockVerifying, VerifiedRestock } from './restock-partner.ts'

const MAX_UPDATES = 1_000

export const restockOrderUpdate = z
  .strictObject({
    ...orderAnswerFields,
    /** The order's first update has 1; of two that overtake each other the higher one holds. */
    updateNo: z.int().min(1).max(MAX_UPDATES),
  })
  .refine(refusalHasReason, 'a refusal has a reason')
  .refine(refusedMeansNothing, 'refused means that nothing is accepted')

export type RestockOrderUpdate = z.output<typeof restockOrderUpdate>

/** Nobody here sends one yet. */
export const restockOrderUpdateMessage: ConfidentialMessage<RestockOrderUpdate> = {
  name: 'RestockOrderUpdate',
  schema: restockOrderUpdate,
  write: (update) => field('UpdateNo', update.updateNo) + writeOrderAnswer(update),
  read: (reader) => ({ updateNo: Number(reader.field('UpdateNo')), ...readOrderAnswer(reader) }),
}

/** Verifies, then decrypts an update of `verifying.partner`. */
export function verifyRestockOrderUpdate(
  bytes: Uint8Array,
  verifying: RestockVerifying,
): Promise<VerifiedRestock<RestockOrderUpdate>> {
  return verifyAndDecrypt(restockOrderUpdateMessage, bytes, verifying)
}
