// Which card letter the terminal lacks. Before anybody sells, a letter is of no use; an order alone wants the newest, so
// that the centre has a safe key to close with. Whoever is signed in with a card wants the newest, and one of each epoch
// under which codes lie here: with a card that came later they open, too.

import type { CardId } from '@scratchless/voucher/ids'
import type { Store } from '../store/connect-store.ts'
import type { LackingLetter } from './ask-card-letter.ts'
import { cardLetterFor, epochLackingLetter, newestLetterEpoch } from './card-letter.sql.ts'
import { heldLetter } from './device.sql.ts'

export interface LetterUse {
  /** Of who is signed in. */
  readonly card: CardId | null
  readonly orderWaiting: boolean
  /** The number of the newest letter, as the standing says it. */
  readonly letter: number
  /** ISO 8601: codes that have expired want no letter. */
  readonly today: string
}

/** Null where none is lacking. */
export function lackingLetter(
  store: Store,
  { card, orderWaiting, letter, today }: LetterUse,
): LackingLetter | null {
  const isNewer = letter > heldLetter(store)
  if (isNewer && (card !== null || orderWaiting)) return { epoch: 0, card: null }
  if (card === null) return null
  if (cardLetterFor(store, newestLetterEpoch(store), card) === undefined) return { epoch: 0, card }
  const epoch = epochLackingLetter(store, card, today)
  return epoch === undefined ? null : { epoch, card }
}
