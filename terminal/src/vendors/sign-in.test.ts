import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PrivateLine } from '@scratchless/program/private-line'
import { cardId } from '@scratchless/voucher/ids'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { CardState, CardVerbs } from '../card/card-verbs.ts'
import { connectStore, type Store } from '../store/connect-store.ts'
import { terminalClock } from '../supply/terminal-clock.ts'
import { addVendor } from './add-vendor.ts'
import { hashPassword } from './passwords.ts'
import { createTries, signIn } from './sign-in.ts'
import { putVendor, vendorIds, vendorOf } from './vendor.sql.ts'

const CARD = cardId('C0000001')
const PASSWORD = 'a long password'
const NOW_MS = 1_795_000_000_000

let folder: string
let store: Store
let state: CardState
let steadyMs: number
let answer: Awaited<ReturnType<CardVerbs['givePin']>>
let pins: Uint8Array[]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sign-in-'))
  store = connectStore(join(folder, 'terminal.sqlite'))
  state = { status: 'in', card: CARD, unlocked: false, triesLeft: 3 }
  answer = { answer: 'right' }
  pins = []
  steadyMs = 0
  putVendor(store, { id: 'owner', passwordHash: await hashPassword('the owner of it'), card: null })
  await addVendor(store, { vendor: '02', password: PASSWORD, card: CARD })
})
afterEach(() => {
  store.close()
  rmSync(folder, { recursive: true })
})

function sign(
  form: { vendor?: string; password?: string; pin?: string },
  more: { revokedCards?: (typeof CARD)[]; tries?: ReturnType<typeof createTries> } = {},
) {
  const card = {
    state: async () => state,
    async givePin({ pin }: { pin: Uint8Array }) {
      pins.push(pin)
      expect(Buffer.from(pin).toString()).toBe(form.pin ?? '')
      return answer
    },
  } as unknown as PrivateLine<CardVerbs>
  const clock = terminalClock({ nowMs: () => NOW_MS }, store)
  const tries = more.tries ?? createTries(() => steadyMs)
  return signIn(
    { store, clock, card, tries, revokedCards: more.revokedCards ?? [] },
    { vendor: '02', password: PASSWORD, ...form },
  )
}

test('the vendor gives password and PIN, and the PIN’s bytes are gone afterwards', async () => {
  expect(await sign({ pin: '12345678' })).toEqual({
    who: 'vendor',
    vendor: '02',
    card: CARD,
    sinceMs: NOW_MS,
  })
  expect(pins.map((pin) => [...pin])).toEqual([[0, 0, 0, 0, 0, 0, 0, 0]])
})

test('the owner needs no card, and has none', async () => {
  state = { status: 'out' }
  const owner = { vendor: 'owner', password: 'the owner of it' }
  expect(await sign(owner)).toEqual({ who: 'owner', sinceMs: NOW_MS })
  expect(pins).toEqual([])
})

test('each reason comes in its order, and the card is not troubled before it is the right one', async () => {
  const tries = createTries(() => steadyMs)
  for (let i = 0; i < 5; i++) tries.failed()
  expect(await sign({ password: 'wrong password' }, { tries })).toEqual({ refusal: 'too-many-tries' })
  expect(await sign({ password: 'wrong password' })).toEqual({ refusal: 'wrong-password' })
  expect(await sign({ vendor: '03' })).toEqual({ refusal: 'wrong-password' })
  const revoked = { revokedCards: [CARD] }
  state = { status: 'out' }
  expect(await sign({}, revoked)).toEqual({ refusal: 'card-out' })
  state = { status: 'in', card: 'C0000009', unlocked: false, triesLeft: 3 }
  expect(await sign({}, revoked)).toEqual({ refusal: 'card-out' })
  state = { status: 'in', card: CARD, unlocked: false, triesLeft: 3 }
  expect(await sign({}, revoked)).toEqual({ refusal: 'card-blocked' })
  expect(pins).toEqual([])
  answer = { answer: 'wrong-pin', triesLeft: 2 }
  expect(await sign({ pin: '1' })).toEqual({ refusal: 'wrong-pin', triesLeft: 2 })
  answer = { answer: 'card-blocked' }
  expect(await sign({})).toEqual({ refusal: 'card-blocked' })
  answer = { answer: 'card-out' }
  expect(await sign({})).toEqual({ refusal: 'card-out' })
})

test('an unknown person and a wrong password count against the till’s tries, a wrong PIN does not', async () => {
  const tries = createTries(() => steadyMs)
  answer = { answer: 'wrong-pin', triesLeft: 2 }
  for (let i = 0; i < 6; i++) await sign({}, { tries })
  expect(tries.mayTry()).toBe(true)
  for (let i = 0; i < 4; i++) await sign({ vendor: '03' }, { tries })
  expect(tries.mayTry()).toBe(true)
  await sign({ password: 'wrong password' }, { tries })
  expect(tries.mayTry()).toBe(false)
})

test.each([
  ['vendor', { vendor: '02', password: PASSWORD }],
  ['owner', { vendor: 'owner', password: 'the owner of it' }],
])('the right %s wipes the slate', async (_who, form) => {
  const tries = createTries(() => steadyMs)
  for (let i = 0; i < 4; i++) tries.failed()
  await sign(form, { tries })
  tries.failed()
  expect(tries.mayTry()).toBe(true)
})

test('after five wrong passwords none is taken for a minute', () => {
  let nowMs = 0
  const tries = createTries(() => nowMs)
  for (let i = 0; i < 5; i++) {
    expect(tries.mayTry()).toBe(true)
    tries.failed()
  }
  expect(tries.mayTry()).toBe(false)
  nowMs = 60_000
  expect(tries.mayTry()).toBe(false)
  nowMs = 60_001
  expect(tries.mayTry()).toBe(true)
})

test('after the pause five more are taken, counted from one', () => {
  let nowMs = 0
  const tries = createTries(() => nowMs)
  for (let i = 0; i < 5; i++) tries.failed()
  nowMs = 60_001
  for (let i = 0; i < 4; i++) tries.failed()
  expect(tries.mayTry()).toBe(true)
  tries.failed()
  expect(tries.mayTry()).toBe(false)
})

test('a vendor’s second registration replaces the first; the owner is none of the vendors', async () => {
  expect(await addVendor(store, { vendor: '02', password: 'short pass', card: 'C0000007' })).toBe('added')
  expect(vendorOf(store, '02')?.card).toBe('C0000007')
  expect(await addVendor(store, { vendor: '01', password: PASSWORD, card: CARD })).toBe('added')
  expect(vendorIds(store)).toEqual(['01', '02'])
  expect(await addVendor(store, { vendor: '03', password: 'ninechars', card: CARD })).toBe(
    'password-too-short',
  )
  expect(vendorIds(store)).toEqual(['01', '02'])
})
