// Step 8 of the way of a code: the terminal asks for the safe key of the epoch, and keeps it as it comes: closed
// for each vendor card, open for nobody here.

import { type CardLetter, storeRecipient } from '@scratchless/wire/supply/card-letter'
import { cardLetterRequestMessage } from '@scratchless/wire/supply/card-letter-request'
import type { Store } from '../store/connect-store.ts'
import { keepLettersOf, putCardLetter } from './card-letter.sql.ts'
import { heldLetter, saveHeldLetter } from './device.sql.ts'
import type { StoredRequest } from './request.sql.ts'
import { type RequestNeeds, saveRequest } from './save-request.ts'

export function askCardLetter(needs: RequestNeeds): StoredRequest {
  const holdsLetter = heldLetter(needs.store)
  return saveRequest(needs, 'card-letter-request', (signer, binding) =>
    cardLetterRequestMessage.sign({ holdsLetter }, signer, binding),
  )
}

/**
 * Keeps a letter. It names every card of the shop: one that it leaves out was revoked, and is out of all letters before,
 * also where the centre's list of revoked cards is not that long, or was never heard.
 */
export function takeCardLetter(store: Store, letter: CardLetter): void {
  keepLettersOf(
    store,
    letter.recipients.map(({ card }) => card),
  )
  for (const recipient of letter.recipients)
    putCardLetter(store, letter.epoch, recipient.card, storeRecipient(recipient))
  saveHeldLetter(store, letter.number)
}
