// What a vendor card and its till do with a letter and a delivery, for tests and the makers of vectors: the product has
// it inside the card and one code at a time.

import { constants, createHmac, createSecretKey, type KeyObject, privateDecrypt } from 'node:crypto'
import type { CardId } from '@scratchless/voucher/ids'
import { type Holder, type SealedCode, type SealedRun, sealedSize } from '@scratchless/voucher/sealed-code'
import type { Recipient } from '../compact/cose.ts'
import { type CodeContext, encodeContext } from '../seal/code-box.ts'
import type { CardLetter } from '../supply/card-letter.ts'

/** The part of a letter that is closed for this card: what the card process unwraps. */
export function recipientFor(letter: CardLetter, card: CardId): CardLetter['recipients'][number] | undefined {
  return letter.recipients.find((one) => one.card === card)
}

/** Opens what `wrapForRecipient` closed; undefined where it was not closed for this key. */
export function unwrapAsRecipient(recipient: Recipient, privateKey: KeyObject): KeyObject | undefined {
  try {
    const clear = privateDecrypt(
      { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: recipient.oaepHash },
      recipient.wrapped,
    )
    try {
      return createSecretKey(clear)
    } finally {
      clear.fill(0)
    }
  } catch {
    return undefined // closed for another key, or altered
  }
}

/** The code at `index` of a run: a view, not a copy. */
export function sealedCodeAt<H extends Holder>(
  run: SealedRun<H>,
  index: number,
  codeDigits: number,
): SealedCode<H> {
  const size = sealedSize(codeDigits)
  if (index < 0 || (index + 1) * size > run.length) throw new RangeError('the run ends before this code')
  return run.subarray(index * size, (index + 1) * size) as SealedCode<H>
}

/**
 * The key of one code: what the card process derives at a sale, from a safe key that it does not hand out.
 * Throws a RangeError on a context that no delivery has.
 */
export function codeKey(safeKey: KeyObject, context: CodeContext): KeyObject {
  return createSecretKey(
    createHmac('sha256', safeKey).update(encodeContext(context, context.serial)).digest(),
  )
}
