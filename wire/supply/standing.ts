// What every signed answer of the centre says beside its own matter: the time, how long the terminal may sell,
// what is newer at the centre than what the terminal may hold, and notices.

import { cardId } from '@scratchless/voucher/ids'
import { bytes, type ContentOf, integer, list, named, record, seconds } from '../compact/shape.ts'
import { u32 } from './line-fields.ts'

/** Cards revoked within the longest lease: a retailer has a handful of cards. */
const MAX_REVOKED_CARDS = 20

/** Twice the longest day of the busiest till; a lease is a bound on loss, not on trade. */
const MAX_UNREPORTED_SALES = 65_535

const MAX_NOTICES = 8
const MAX_NOTICE_BYTES = 256

/** Epochs of 7 days: more than a century of them. */
export const MAX_EPOCH = 65_535

export const epochNumber = integer(1, MAX_EPOCH)

export const standing = record({
  /** When the centre decided this answer. It may lower the terminal's clock only where the request was fresh. */
  timeS: seconds,
  /** The terminal may sell until then … */
  leaseUntilS: seconds,
  /** … and no more than so many sales that it has not reported. It may always ask for supply. */
  unreportedSales: integer(0, MAX_UNREPORTED_SALES),
  /** Vendor cards of this retailer that may sell no more. */
  revokedCards: list(named(cardId), 0, MAX_REVOKED_CARDS),
  /** A number above the terminal's own says: ask for the catalogue. Counted for each terminal. */
  catalogueVersion: u32,
  /** A number above the terminal's own says: ask for the shop settings. 0: there are none yet. */
  settingsVersion: u32,
  /**
   * The newest card letter that this terminal should hold; above its own says: ask for it. Counted for each terminal;
   * it rises whenever a letter would say something else: an epoch ended, a card was registered or revoked.
   */
  letter: u32,
  /** Read by `notice.ts`; whoever does not know a number goes by its size. */
  notices: list(record({ number: integer(0, 65_535), content: bytes(0, MAX_NOTICE_BYTES) }), 0, MAX_NOTICES),
})

export type Standing = ContentOf<typeof standing>
