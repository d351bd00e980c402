// What every signed answer of the centre says beside its own matter: the time, how long the terminal may sell,
// and what is newer at the centre than what the terminal may hold.

import { cardId } from '@scratchless/voucher/ids'
import { type ContentOf, integer, list, named, record, seconds } from '../compact/shape.ts'

/** Cards revoked within the longest lease: a retailer has a handful of cards. */
const MAX_REVOKED_CARDS = 20

/** Twice the longest day of the busiest till; a lease is a bound on loss, not on trade. */
const MAX_UNREPORTED_SALES = 65_535

/** Epochs of 7 days: more than a century of them. */
export const epochNumber = integer(1, 65_535)

export const standing = record({
  /** When the centre decided this answer. It may lower the terminal's clock only where the request was fresh. */
  timeS: seconds,
  /** The terminal may sell until then … */
  leaseUntilS: seconds,
  /** … and no more than so many sales that it has not reported. It may always ask for supply. */
  unreportedSales: integer(0, MAX_UNREPORTED_SALES),
  /** Vendor cards of this retailer that may sell no more. */
  revokedCards: list(named(cardId), 0, MAX_REVOKED_CARDS),
  /** A number above the terminal's own says: ask for the catalogue. */
  catalogueVersion: integer(0, 0xffff_ffff),
  /** The epoch whose safe key new deliveries are closed with; an unknown one says: ask for the card letter. */
  epoch: epochNumber,
})

export type Standing = ContentOf<typeof standing>
