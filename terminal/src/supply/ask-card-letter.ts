// Step 8 of the way of a code: the terminal asks for the safe key of an epoch, and keeps it as it comes: closed
// for each vendor card, open for nobody here.

import type { CardId } from '@scratchless/voucher/ids'
import { type CardLetter, storeRecipient } from '@scratchless/wire/supply/card-letter'
import { cardLetterRequestMessage } from '@scratchless/wire/supply/card-letter-request'
import { MAX_CARDS } from '@scratchless/wire/supply/line-fields'
import type { Store } from '../store/connect-store.ts'
import { keepLettersOf, newestLetterEpoch, putCardLetter } from './card-letter.sql.ts'
import { heldLetter, saveHeldLetter } from './device.sql.ts'
import type { StoredRequest } from './request.sql.ts'
import { type RequestNeeds, saveRequest } from './save-request.ts'

/** A letter that is lacking. */
export interface LackingLetter {
  /** 0: the epoch that runs. */
  readonly epoch: number
  /** Null: for all cards of the shop. */
  readonly card: CardId | null
}

export function askCardLetter(needs: RequestNeeds, { epoch, card }: LackingLetter): StoredRequest {
  const holdsLetter = heldLetter(needs.store)
  return saveRequest(needs, 'card-letter-request', (signer, binding) =>
    cardLetterRequestMessage.sign(
      { holdsLetter, epoch, cards: card === null ? [] : [card] },
      signer,
      binding,
    ),
  )
}

/**
 * Keeps a letter. Where it names every card of the shop, one that it leaves out was revoked, and is out of all letters
 * before, also where the centre's list of revoked cards is not that long, or was never heard.
 */
export function takeCardLetter(store: Store, letter: CardLetter): void {
  const isNewest = letter.epoch >= newestLetterEpoch(store)
  const cards = letter.recipients.map(({ card }) => card)
  if (letter.otherCards === 0) keepLettersOf(store, cards)
  for (const recipient of letter.recipients)
    putCardLetter(store, letter.epoch, recipient.card, storeRecipient(recipient))
  // One for a single card, or of an earlier epoch, is a piece: what the shop's other cards need is still to come.
  if (isNewest && (letter.otherCards === 0 || cards.length === MAX_CARDS))
    saveHeldLetter(store, letter.number)
}
