// centre → terminal: the safe key of an epoch, closed once for each of the terminal's vendor cards. The centre
// knows the cards from having issued them; a terminal cannot name one. Each closing is a COSE_Recipient with
// RSAES-OAEP (RFC 8230): SHA-256, or SHA-1 for a card whose PKCS#11 token knows no other.

import type { KeyObject } from 'node:crypto'
import { type CardId, cardId } from '@scratchless/voucher/ids'
import type { CborValue } from '../compact/cbor.ts'
import {
  type OaepHash,
  type Recipient,
  recipientFromCbor,
  recipientToCbor,
  wrapForRecipient,
} from '../compact/cose.ts'
import {
  type ContentOf,
  decodeShape,
  encodeShape,
  list,
  Misshapen,
  record,
  type Shape,
  seconds,
} from '../compact/shape.ts'
import { supplyMessage } from './envelope.ts'
import { countedNumber, MAX_CARDS, u32 } from './line-fields.ts'
import { epochNumber, standing } from './standing.ts'

/** RSA-2048 to RSA-4096. */
const WRAPPED_BYTES = [256, 384, 512]

interface CardRecipient {
  readonly card: CardId
  readonly oaepHash: OaepHash
  /** The safe key, closed for the card's RSA key. */
  readonly wrapped: Uint8Array
}

const recipient: Shape<CardRecipient> = {
  toLine: ({ card, oaepHash, wrapped }) => recipientToCbor({ holder: card, oaepHash, wrapped }),
  fromLine(value: CborValue) {
    const found: Recipient | undefined = recipientFromCbor(value)
    if (!found || !WRAPPED_BYTES.includes(found.wrapped.length)) throw new Misshapen('a COSE recipient')
    const { holder, oaepHash, wrapped } = found
    return { card: cardShape(holder), oaepHash, wrapped }
  },
}

function cardShape(holder: string): CardId {
  try {
    return cardId(holder)
  } catch {
    throw new Misshapen('the number of a card')
  }
}

export const cardLetter = record({
  standing,
  /** Counted for each terminal: what the standing calls the newest letter. */
  number: countedNumber,
  epoch: epochNumber,
  /** From then on the centre closes nothing under this epoch; its codes still sell. */
  epochEndsS: seconds,
  /** Cards registered for the shop that this letter is not closed for. */
  otherCards: u32,
  recipients: list(recipient, 1, MAX_CARDS),
})

export type CardLetter = ContentOf<typeof cardLetter>

export const cardLetterMessage = supplyMessage('card-letter', cardLetter)

/** Closes a safe key for one card, in the centre's vault. */
export function wrapForCard(
  safeKey: KeyObject,
  card: CardId,
  publicKey: KeyObject,
  oaepHash: OaepHash,
): CardRecipient {
  const { wrapped } = wrapForRecipient(safeKey, card, publicKey, oaepHash)
  return { card, oaepHash, wrapped }
}

/** A recipient as one byte string, as the terminal stores it and hands it to its card process. */
export function storeRecipient(one: CardRecipient): Buffer {
  return encodeShape(recipient, one)
}

/** Reads what `storeRecipient` wrote; undefined on anything else. */
export function readRecipient(bytes: Uint8Array): CardRecipient | undefined {
  return decodeShape(recipient, bytes)
}
