// A device becomes a terminal: what it believes, what it keeps, and what it forgets.

import { generatePair } from '@scratchless/keys/party-keys'
import { LineFault } from '@scratchless/keys/pinned-client'
import { systemRandom } from '@scratchless/voucher/random'
import type { Enrolled } from '@scratchless/wire/supply/enrolment-answer'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createFakeCentre, type FakeCentre } from '../../testing/fake-centre.ts'
import { keysInMemory } from '../../testing/keys-in-memory.ts'
import { type TestStore, testStore } from '../../testing/test-store.ts'
import { getEnrolled, getStanding } from './centre-word.sql.ts'
import { beginToEnrol, type EnrolNeeds, poll, readNumberAndCode } from './enrol.ts'
import { enrolmentIn } from './enrolment.sql.ts'
import { identityOf } from './identity.ts'
import { terminalClock } from './terminal-clock.ts'

const NOW_MS = 1_795_000_000_000
let world: TestStore
let centre: FakeCentre
let needs: EnrolNeeds
beforeEach(() => {
  world = testStore()
  centre = createFakeCentre({ clock: { nowMs: () => NOW_MS }, packedCodes: () => Buffer.alloc(0) })
  needs = {
    store: world.store,
    line: centre.line(),
    clock: terminalClock({ nowMs: () => NOW_MS }, world.store),
    random: systemRandom,
    deviceKeys: keysInMemory(),
  }
})
afterEach(() => world.close())

const rows = () =>
  world.store
    .statement('SELECT enrolment_number, state, request_key, answer_key, last_poll FROM enrolment')
    .all()
const polls = () => centre.heard.map(({ sequence }) => sequence)

test('it waits, is approved, and is a terminal; the code’s keys are forgotten', async () => {
  expect(await beginToEnrol(needs, centre.enrolmentCode)).toBe('waiting')
  expect(rows()).toMatchObject([{ enrolment_number: 1042, state: 'waiting', last_poll: 1 }])
  expect(identityOf(world.store, needs.deviceKeys)).toBeNull()
  centre.approve()
  expect(await poll(needs, enrolmentIn(world.store, 'waiting')!)).toBe('enrolled')
  expect(polls()).toEqual([1, 2])
  expect(rows()).toEqual([
    { enrolment_number: 1042, state: 'enrolled', request_key: null, answer_key: null, last_poll: 2 },
  ])
  const identity = identityOf(world.store, needs.deviceKeys)!
  expect(identity).toMatchObject({
    terminal: centre.terminal,
    retailer: 'R00001',
    retailerName: 'Épicerie El Amen',
  })
  expect(identity.certificateUntilMs).toBe(NOW_MS - 60_000 + 365 * 86_400_000)
  expect(getStanding(world.store)?.timeS).toBe(NOW_MS / 1000)
})

test('a device whose fingerprint was approved before it asked is a terminal at once', async () => {
  centre.approve()
  expect(await beginToEnrol(needs, centre.enrolmentCode)).toBe('enrolled')
})

test('staff may say no, and then the code opens nothing any more', async () => {
  centre.refuseEnrolment()
  expect(await beginToEnrol(needs, centre.enrolmentCode)).toBe('enrolment-refused')
  expect(rows()).toMatchObject([{ state: 'refused', request_key: null, answer_key: null }])
  expect(getEnrolled(world.store)).toBeUndefined()
})

test('a wrong code proves nothing to anybody; the right one goes on with the next poll', async () => {
  const wrong = centre.enrolmentCode.replace(/.$/, (last) => (last === '2' ? '3' : '2'))
  expect(readNumberAndCode(wrong)).not.toBeNull()
  expect(await beginToEnrol(needs, wrong)).toBe('wrong-enrolment-code')
  expect(rows()).toMatchObject([{ state: 'trying', last_poll: 1 }])
  expect(await beginToEnrol(needs, 'no code at all')).toBe('wrong-enrolment-code')
  expect(polls()).toEqual([1])
  expect(await beginToEnrol(needs, centre.enrolmentCode)).toBe('waiting')
  expect(polls()).toEqual([1, 2])
})

test('a centre that is not reached is said, and its poll’s number is used up all the same', async () => {
  centre.disturb('lose-answer', 'lose-request')
  expect(await beginToEnrol(needs, centre.enrolmentCode)).toBe('centre-unreachable')
  await expect(poll(needs, enrolmentIn(world.store, 'trying')!)).rejects.toThrow(LineFault)
  expect(await beginToEnrol(needs, centre.enrolmentCode)).toBe('waiting')
  expect(polls()).toEqual([1, 3])
})

test('an answer made for another device, or for another poll, is not taken', async () => {
  await beginToEnrol(needs, centre.enrolmentCode)
  centre.approve()
  const enrolment = enrolmentIn(world.store, 'waiting')!
  const other = generatePair('supply-sign').privateKey
  const swapped = {
    ...needs,
    line: {
      // The centre heard of another device in between.
      async ask(frame: Uint8Array) {
        const line = centre.line()
        await poll(
          { ...needs, deviceKeys: keysInMemory(other), line: { ask: line.ask, close: () => undefined } },
          enrolment,
        ).catch(() => 'enrolled')
        return line.ask(frame)
      },
      close: () => undefined,
    },
  }
  expect(await poll(swapped, enrolment)).toBe('enrolled')
  const first = await centre.line().ask(centre.heard.at(-1)!.frame)
  const replayed = { ...needs, line: { ask: async () => first, close: () => undefined } }
  expect(await poll(replayed, enrolment)).toBe('unacceptable')
})

test.each<[string, (made: Enrolled, earlier: Enrolled) => Partial<Enrolled>]>([
  ['certifies another device', (_made, { terminalCertificate }) => ({ terminalCertificate })],
  ['lacks the centre’s certificate', ({ terminalCertificate: centreCertificate }) => ({ centreCertificate })],
])('a welcome that %s makes no terminal, and the right one still does', async (_what, spoil) => {
  centre.approve()
  let earlier: Enrolled | null = null
  centre.setWelcome((made) => {
    earlier = made
    return {}
  })
  const otherStore = testStore()
  const other = { ...needs, store: otherStore.store, deviceKeys: keysInMemory() }
  expect(await beginToEnrol(other, centre.enrolmentCode)).toBe('enrolled')
  otherStore.close()
  centre.setWelcome((made) => spoil(made, earlier!))
  expect(await beginToEnrol(needs, centre.enrolmentCode)).toBe('wrong-enrolment-code')
  expect(getEnrolled(world.store)).toBeUndefined()
  expect(getStanding(world.store)).toBeUndefined()
  expect(rows()).toMatchObject([{ state: 'trying' }])
  centre.setWelcome(() => ({}))
  expect(await poll(needs, enrolmentIn(world.store, 'trying')!)).toBe('enrolled')
})

test('a welcome sets a wrong clock right, and one that took ten minutes sets none back', async () => {
  const hourAhead = { ...needs, clock: terminalClock({ nowMs: () => NOW_MS + 3_600_000 }, world.store) }
  centre.approve()
  const now = vi.spyOn(performance, 'now')
  now.mockReturnValueOnce(0).mockReturnValueOnce(600_000)
  await beginToEnrol(hourAhead, centre.enrolmentCode)
  expect(hourAhead.clock.nowMs()).toBe(NOW_MS + 3_600_000)
  now.mockReturnValueOnce(0).mockReturnValueOnce(599_999)
  await beginToEnrol(hourAhead, centre.enrolmentCode)
  now.mockRestore()
  expect(hourAhead.clock.nowMs()).toBe(NOW_MS)
})

test('a fault of our own while enrolling is not taken for a line that is down', async () => {
  const broken = {
    ...needs,
    line: {
      ask: async () => {
        throw new TypeError('a bug')
      },
      close: () => undefined,
    },
  }
  await expect(beginToEnrol(broken, centre.enrolmentCode)).rejects.toThrow('a bug')
})

test('numbers from 1 to the largest of four bytes are numbers', () => {
  const read = (number: string) => readNumberAndCode(`${number}-ABCD-EFGH-JKMN-PQRS`)?.enrolmentNumber
  expect([read('1'), read('4294967295'), read('4294967296'), read('0'), read('')]).toEqual([
    ...[1, 4_294_967_295, undefined, undefined, undefined],
  ])
})
