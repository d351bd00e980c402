// The card process's work: it alone speaks to the vendor card and sees a safe key, for the moment of one derivation.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { VendorCard } from '@scratchless/keys/card'
import { MAX_WRONG_PINS, openFileCard } from '@scratchless/keys/file-card'
import { encodeContext } from '@scratchless/wire/seal/code-box'
import { readRecipient } from '@scratchless/wire/supply/card-letter'
import type { CardVerbs } from './card-verbs.ts'
import { pace } from './pace.ts'

/** `steadyMs`: a clock that does not jump. */
export function holdCard(settings: {
  folder: string
  openingsPerSecond: number
  steadyMs: () => number
}): CardVerbs {
  const mayPass = pace(settings.openingsPerSecond)
  let card: VendorCard | null = null
  let unlocked = false
  let blocked = false
  let wrongPins = 0

  /** The card that is in now. Pulled out, it forgets its PIN. */
  function inserted(): VendorCard | null {
    if (!existsSync(join(settings.folder, 'card.json'))) {
      card?.lock()
      card = null
      unlocked = false
      return null
    }
    if (card === null) {
      card = openFileCard(settings.folder)
      unlocked = false
      blocked = false
      wrongPins = 0
    }
    return card
  }

  return {
    state() {
      const present = inserted()
      return present === null
        ? { status: 'out' }
        : { status: blocked ? 'blocked' : 'in', card: present.id, unlocked }
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
      blocked = outcome === 'blocked'
      if (outcome === 'right') {
        wrongPins = 0
        return { answer: 'right' }
      }
      if (outcome === 'blocked') return { answer: 'card-blocked' }
      wrongPins++
      return { answer: 'wrong-pin', triesLeft: Math.max(1, MAX_WRONG_PINS - wrongPins) }
    },

    keyOfCode({ recipient, context }) {
      const present = inserted()
      if (present === null) return { refusal: 'card-out' }
      if (blocked) return { refusal: 'card-blocked' }
      if (!unlocked) return { refusal: 'card-locked' }
      if (!mayPass(settings.steadyMs())) return { refusal: 'too-fast' }
      const closed = readRecipient(recipient)
      if (closed === undefined || closed.card !== present.id) return { refusal: 'not-for-this-card' }
      const key = present.deriveKey(closed.wrapped, closed.oaepHash, encodeContext(context, context.serial))
      if (key === 'locked') return { refusal: 'card-locked' }
      if (key === 'not-for-this-card') return { refusal: 'not-for-this-card' }
      const bytes = key.export()
      // By then the private line has taken its own copy, which it zeroes.
      setImmediate(() => bytes.fill(0))
      return { key: bytes }
    },

    lock() {
      card?.lock()
      unlocked = false
      return null
    },
  }
}
