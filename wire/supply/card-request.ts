// terminal → centre: register this card for this vendor. Answered by an acknowledgement; people at the centre decide.

import { cardId, vendorId } from '@scratchless/voucher/ids'
import { bytes, named, oneOf, orNull, record } from '../compact/shape.ts'
import { supplyMessage } from './envelope.ts'

export const cardRequest = record({
  vendor: named(vendorId),
  class: oneOf(['file', 'pkcs11']),
  /** SubjectPublicKeyInfo, DER: RSA of 2048 to 4096 bits. */
  publicKey: bytes(200, 800),
  /** The card that this one replaces. */
  replaces: orNull(named(cardId)),
})

export const cardRequestMessage = supplyMessage('card-request', cardRequest)
