// The card letter of the fake centre: one safe key for all epochs, closed for the cards that it has registered.

import type { KeyObject } from 'node:crypto'
import type { CardId } from '@scratchless/voucher/ids'
import type { OaepHash } from '@scratchless/wire/compact/cose'
import { type CardLetter, wrapForCard } from '@scratchless/wire/supply/card-letter'
import type { Standing } from '@scratchless/wire/supply/standing'

/** Null where none of the cards wanted is registered. */
export function fakeLetter(
  cards: ReadonlyMap<CardId, { publicKey: KeyObject; oaepHash: OaepHash }>,
  safeKey: KeyObject,
  standing: Standing,
  epochEndsS: number,
  wanted: { readonly epoch: number; readonly cards: readonly CardId[] },
): CardLetter | null {
  const recipients = [...cards]
    .filter(([card]) => wanted.cards.length === 0 || wanted.cards.includes(card))
    .map(([card, { publicKey, oaepHash }]) => wrapForCard(safeKey, card, publicKey, oaepHash))
  if (recipients.length === 0) return null
  const number = standing.letter
  const epoch = wanted.epoch === 0 ? number : wanted.epoch
  return { standing, number, epoch, epochEndsS, otherCards: cards.size - recipients.length, recipients }
}
