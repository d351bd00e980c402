// What the api process may ask the card process for. There is no verb that gives a safe key, or the card's key.

import type { CodeContext } from '@scratchless/wire/seal/code-box'

export type CardState =
  | { readonly status: 'out' }
  | {
      readonly status: 'in' | 'blocked'
      readonly card: string
      readonly unlocked: boolean
      /** Wrong PINs that it takes before it blocks. */
      readonly triesLeft: number
    }

/** In order of precedence. */
type PinAnswer =
  | { readonly answer: 'right' }
  | { readonly answer: 'card-out' | 'card-blocked' }
  | { readonly answer: 'wrong-pin'; readonly triesLeft: number }

/** Why no code key came, in order of precedence: nothing was opened. */
export type KeyRefusal = 'card-out' | 'card-blocked' | 'card-locked' | 'too-fast' | 'not-for-this-card'

export type CardVerbs = {
  state(): CardState
  /** Takes the PIN's bytes; three wrong ones in a row block the card. */
  givePin(argument: { pin: Uint8Array }): Promise<PinAnswer>
  /**
   * A press has come: opens the safe key for it, while the printer answers and the intent is saved. Gives nothing; the
   * safe key is forgotten with the next code's key, or after a second.
   */
  unwrapSafeKey(argument: { recipient: Uint8Array }): null
  /**
   * The key of this one code: unwraps the safe key (stored as the card letter had it), derives, forgets. 32 bytes,
   * which the caller zeroes.
   */
  keyOfCode(argument: {
    recipient: Uint8Array
    context: CodeContext
  }): { key: Uint8Array } | { refusal: KeyRefusal }
  /** The till was locked: the next key needs the PIN again. */
  lock(): null
}
