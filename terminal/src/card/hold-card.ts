// The card process's work: it alone speaks to the vendor card and sees a safe key, for the moment of one derivation.

import type { UnwrappedSafeKey, UnwrapRefusal, VendorCard } from '@scratchless/keys/card'
import type { CardSlot } from '@scratchless/keys/card-slot'
import { encodeContext } from '@scratchless/wire/seal/code-box'
import { readRecipient } from '@scratchless/wire/supply/card-letter'
import type { CardVerbs } from './card-verbs.ts'
import { pace } from './pace.ts'

/** A press that opened the safe asks for its code's key within milliseconds, or not at all. */
const SAFE_OPEN_MS = 1_000

/** `steadyMs`: a clock that does not jump. */
export function holdCard(settings: {
  slot: CardSlot
  openingsPerSecond: number
  steadyMs: () => number
}): CardVerbs {
  const mayPass = pace(settings.openingsPerSecond)
  let card: VendorCard | null = null
  let unlocked = false

  let open: {
    readonly recipient: Buffer
    readonly safe: UnwrappedSafeKey
    readonly timer: NodeJS.Timeout
  } | null = null

  function shutSafe(): void {
    if (open === null) return
    clearTimeout(open.timer)
    open.safe.forget()
    open = null
  }

  function unwrap(present: VendorCard, recipient: Uint8Array): UnwrappedSafeKey | UnwrapRefusal {
    const closed = readRecipient(recipient)
    if (closed === undefined || closed.card !== present.id) return 'not-for-this-card'
    return present.unwrapSafeKey(closed.wrapped, closed.oaepHash)
  }

  /** The safe that this press has opened, or one opened now. Its taker forgets it. */
  function takeSafe(present: VendorCard, recipient: Uint8Array): UnwrappedSafeKey | UnwrapRefusal {
    if (open?.recipient.equals(recipient)) {
      const { safe, timer } = open
      clearTimeout(timer)
      open = null
      return safe
    }
    shutSafe()
    return unwrap(present, recipient)
  }

  /** The card that is in now. One that comes back has forgotten its PIN. */
  function inserted(): VendorCard | null {
    const present = settings.slot.look()
    if (present !== card) {
      shutSafe()
      card = present
      unlocked = false
    }
    return present
  }

  return {
    state() {
      const present = inserted()
      return present === null
        ? { status: 'out' }
        : {
            status: present.triesLeft() === 0 ? 'blocked' : 'in',
            card: present.id,
            unlocked,
            triesLeft: present.triesLeft(),
          }
    },

    async givePin({ pin }) {
      const present = inserted()
      if (present === null) {
        pin.fill(0)
        return { answer: 'card-out' }
      }
      const bytes = Buffer.from(pin.buffer, pin.byteOffset, pin.byteLength)
      const outcome = await present.verifyPin(bytes)
      unlocked = outcome === 'right'
      if (outcome === 'right') return { answer: 'right' }
      if (outcome === 'blocked') return { answer: 'card-blocked' }
      return { answer: 'wrong-pin', triesLeft: present.triesLeft() }
    },

    unwrapSafeKey({ recipient }) {
      const present = inserted()
      shutSafe()
      if (present === null || !unlocked) return null
      const safe = unwrap(present, recipient)
      if (typeof safe === 'string') return null
      open = { recipient: Buffer.from(recipient), safe, timer: setTimeout(shutSafe, SAFE_OPEN_MS) }
      return null
    },

    keyOfCode({ recipient, context }) {
      const present = inserted()
      if (present === null) return { refusal: 'card-out' }
      if (present.triesLeft() === 0) return { refusal: 'card-blocked' }
      if (!unlocked) return { refusal: 'card-locked' }
      if (!mayPass(settings.steadyMs())) return { refusal: 'too-fast' }
      const safe = takeSafe(present, recipient)
      if (safe === 'locked') return { refusal: 'card-locked' }
      if (safe === 'not-for-this-card') return { refusal: 'not-for-this-card' }
      const key = safe.deriveKey(encodeContext(context, context.serial))
      safe.forget()
      return { key: key.export() }
    },

    lock() {
      shutSafe()
      card?.lock()
      unlocked = false
      return null
    },
  }
}
