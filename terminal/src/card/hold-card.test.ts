// The card process's work over a card that counts: what it opens, for how long, and what it forgets.

import { createHmac, createSecretKey } from 'node:crypto'
import type { UnwrappedSafeKey, UnwrapRefusal, VendorCard } from '@scratchless/keys/card'
import { cardId, lotId, operatorId, terminalId } from '@scratchless/voucher/ids'
import { productId } from '@scratchless/voucher/product'
import { serialFromNumber } from '@scratchless/voucher/serial'
import { type CodeContext, encodeContext } from '@scratchless/wire/seal/code-box'
import { storeRecipient } from '@scratchless/wire/supply/card-letter'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { holdCard } from './hold-card.ts'

const CARD = cardId('C0000001')
const SAFE_KEY = Buffer.alloc(32, 7)
const recipient = (card = CARD, byte = 1) =>
  storeRecipient({ card, oaepHash: 'sha1', wrapped: Buffer.alloc(256, byte) })
const context: CodeContext = {
  ...{
    terminal: terminalId('T00001'),
    epoch: 1,
    operator: operatorId('atlas'),
    product: productId('ATLAS-5'),
  },
  ...{ lot: lotId('L000001'), delivery: 3, digits: 14, serial: serialFromNumber(5) },
}

let inSlot: VendorCard | null
let tries: number
let pinAnswer: 'right' | 'wrong-pin' | 'blocked'
let unwrapAnswer: UnwrapRefusal | null
let locks: number
/** Each unwrapping, and how often it was forgotten. */
let unwrapped: { wrapped: Uint8Array; hash: string; forgotten: number }[]
let steadyMs: number

function makeCard(): VendorCard {
  return {
    id: CARD,
    class: 'file',
    publicKey: null as never,
    async verifyPin(pin) {
      expect(pin.toString()).toBe('12345678')
      pin.fill(0)
      return pinAnswer
    },
    triesLeft: () => tries,
    unwrapSafeKey(wrapped, hash) {
      if (unwrapAnswer !== null) return unwrapAnswer
      const entry = { wrapped, hash, forgotten: 0 }
      unwrapped.push(entry)
      return {
        deriveKey: (bytes) => createSecretKey(createHmac('sha256', SAFE_KEY).update(bytes).digest()),
        forget: () => void entry.forgotten++,
      } satisfies UnwrappedSafeKey
    },
    lock: () => void locks++,
  }
}

beforeEach(() => {
  inSlot = makeCard()
  tries = 3
  pinAnswer = 'right'
  unwrapAnswer = null
  locks = 0
  unwrapped = []
  steadyMs = 0
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const held = (openingsPerSecond = 1_000) =>
  holdCard({ slot: { look: () => inSlot }, openingsPerSecond, steadyMs: () => steadyMs })
const pin = () => new Uint8Array(Buffer.from('12345678'))
async function opened(openingsPerSecond?: number) {
  const verbs = held(openingsPerSecond)
  await verbs.givePin({ pin: pin() })
  return verbs
}
const forgotten = () => unwrapped.map((entry) => entry.forgotten)

test('the key of one code is the safe key’s HMAC over that code’s context, and the safe is forgotten', async () => {
  const verbs = await opened()
  const expected = createHmac('sha256', SAFE_KEY).update(encodeContext(context, context.serial)).digest()
  expect(verbs.keyOfCode({ recipient: recipient(), context })).toEqual({ key: expected })
  expect(unwrapped).toMatchObject([{ hash: 'sha1', forgotten: 1 }])
  expect(Buffer.from(unwrapped[0]!.wrapped)).toEqual(Buffer.alloc(256, 1))
})

test('a card’s state is told as it is', async () => {
  const verbs = held()
  expect(verbs.state()).toEqual({ status: 'in', card: CARD, unlocked: false, triesLeft: 3 })
  await verbs.givePin({ pin: pin() })
  expect(verbs.state()).toEqual({ status: 'in', card: CARD, unlocked: true, triesLeft: 3 })
  tries = 0
  expect(verbs.state()).toEqual({ status: 'blocked', card: CARD, unlocked: true, triesLeft: 0 })
  inSlot = null
  expect(verbs.state()).toEqual({ status: 'out' })
})

test('a PIN is answered as the card answers, and its bytes are gone', async () => {
  const verbs = held()
  const given = pin()
  pinAnswer = 'wrong-pin'
  tries = 2
  expect(await verbs.givePin({ pin: given })).toEqual({ answer: 'wrong-pin', triesLeft: 2 })
  expect([...given]).toEqual([0, 0, 0, 0, 0, 0, 0, 0])
  expect(verbs.state()).toMatchObject({ unlocked: false })
  pinAnswer = 'blocked'
  expect(await verbs.givePin({ pin: pin() })).toEqual({ answer: 'card-blocked' })
  inSlot = null
  const unwanted = pin()
  expect(await verbs.givePin({ pin: unwanted })).toEqual({ answer: 'card-out' })
  expect([...unwanted]).toEqual([0, 0, 0, 0, 0, 0, 0, 0])
})

test('a wrong PIN after the right one locks the card again', async () => {
  const verbs = await opened()
  pinAnswer = 'wrong-pin'
  await verbs.givePin({ pin: pin() })
  expect(verbs.keyOfCode({ recipient: recipient(), context })).toEqual({ refusal: 'card-locked' })
})

test('why no key comes, each reason before the next', async () => {
  const verbs = await opened(1)
  unwrapAnswer = 'not-for-this-card'
  expect(verbs.keyOfCode({ recipient: recipient(), context })).toEqual({ refusal: 'not-for-this-card' })
  unwrapAnswer = 'locked'
  expect(verbs.keyOfCode({ recipient: recipient(), context })).toEqual({ refusal: 'card-locked' })
  unwrapAnswer = null
  for (let i = 0; i < 8; i++) verbs.keyOfCode({ recipient: recipient(), context })
  expect(verbs.keyOfCode({ recipient: recipient(), context })).toEqual({ refusal: 'too-fast' })
  verbs.lock()
  expect(verbs.keyOfCode({ recipient: recipient(), context })).toEqual({ refusal: 'card-locked' })
  tries = 0
  expect(verbs.keyOfCode({ recipient: recipient(), context })).toEqual({ refusal: 'card-blocked' })
  inSlot = null
  expect(verbs.keyOfCode({ recipient: recipient(), context })).toEqual({ refusal: 'card-out' })
})

test('a letter for another card, or none at all, is not unwrapped', async () => {
  const verbs = await opened()
  for (const bytes of [recipient(cardId('C0000002')), Buffer.of(1, 2, 3)])
    expect(verbs.keyOfCode({ recipient: bytes, context })).toEqual({ refusal: 'not-for-this-card' })
  expect(unwrapped).toEqual([])
})

test('a press unwraps once: the code’s key takes the safe that stands open, and no second press finds it', async () => {
  const verbs = await opened()
  expect(verbs.unwrapSafeKey({ recipient: recipient() })).toBeNull()
  expect(unwrapped).toHaveLength(1)
  verbs.keyOfCode({ recipient: recipient(), context })
  expect(forgotten()).toEqual([1])
  verbs.keyOfCode({ recipient: recipient(), context })
  expect(forgotten()).toEqual([1, 1])
  // The timer of the first press finds nothing to forget any more.
  vi.advanceTimersByTime(5_000)
  expect(forgotten()).toEqual([1, 1])
})

test('another letter’s key does not take the open safe, and the open one is forgotten', async () => {
  const verbs = await opened()
  verbs.unwrapSafeKey({ recipient: recipient(CARD, 1) })
  verbs.keyOfCode({ recipient: recipient(CARD, 2), context })
  expect(unwrapped.map(({ wrapped }) => wrapped[0])).toEqual([1, 2])
  expect(forgotten()).toEqual([1, 1])
})

test('a safe that no code’s key follows is forgotten after a second', async () => {
  const verbs = await opened()
  verbs.unwrapSafeKey({ recipient: recipient() })
  vi.advanceTimersByTime(999)
  expect(forgotten()).toEqual([0])
  vi.advanceTimersByTime(1)
  expect(forgotten()).toEqual([1])
})

test('a second press in between forgets the first one’s safe', async () => {
  const verbs = await opened()
  verbs.unwrapSafeKey({ recipient: recipient() })
  verbs.unwrapSafeKey({ recipient: recipient() })
  expect(forgotten()).toEqual([1, 0])
})

test('nothing is unwrapped before the PIN, without a card, or where the card says no', async () => {
  const verbs = held()
  verbs.unwrapSafeKey({ recipient: recipient() })
  inSlot = null
  verbs.unwrapSafeKey({ recipient: recipient() })
  expect(unwrapped).toEqual([])
  inSlot = makeCard()
  await verbs.givePin({ pin: pin() })
  unwrapAnswer = 'not-for-this-card'
  expect(verbs.unwrapSafeKey({ recipient: recipient() })).toBeNull()
  vi.advanceTimersByTime(2_000)
})

test('a card that was pulled out has forgotten PIN and safe when it comes back', async () => {
  const verbs = await opened()
  verbs.unwrapSafeKey({ recipient: recipient() })
  inSlot = makeCard()
  expect(verbs.keyOfCode({ recipient: recipient(), context })).toEqual({ refusal: 'card-locked' })
  expect(forgotten()).toEqual([1])
})

test('locking forgets the safe and the PIN, in the card too', async () => {
  const verbs = await opened()
  verbs.unwrapSafeKey({ recipient: recipient() })
  expect(verbs.lock()).toBeNull()
  expect(locks).toBe(1)
  expect(forgotten()).toEqual([1])
  expect(verbs.state()).toMatchObject({ unlocked: false })
  expect(held().lock()).toBeNull()
})
