// A terminal's key has its day: when the next one is asked for, what is believed of the answer, and that whatever is
// cut off leaves one key that works.

import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { p256Signer } from '@scratchless/wire/compact/cose'
import { kidOfNumber, ROOT_KID, signCertificate } from '@scratchless/wire/compact/cwt'
import { notices } from '@scratchless/wire/supply/notice'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PRODUCT } from '../../testing/fake-catalogue.ts'
import { type TestTill, testTill } from '../../testing/test-till.ts'
import { earlierIdentity } from './earlier-identity.sql.ts'
import { askedRequests } from './request.sql.ts'
import { takeOrder } from './send-supply-order.ts'
import { latestOrders } from './supply-order.sql.ts'

const START_MS = Date.parse('2026-11-22T18:42:00Z')
const DAY_MS = 86_400_000
/** Of the first certificate, which lasts a year. */
const END_MS = START_MS - 60_000 + 365 * DAY_MS
const RENEW_NOW = notices.write({ notice: 'renew-now' })
let world: TestTill
beforeEach(async () => {
  world = await testTill({
    packedCodes: (_first, count) => Buffer.alloc(count * 6, 1),
    startMs: START_MS,
    stock: 5,
  })
  await world.until(() => askedRequests(world.store()).length === 0)
})
afterEach(() => world.close())

const identity = () => world.till().word()!.identity
const heard = (kind: string) => world.centre.heard.filter((frame) => frame.kind === kind)
const settle = () => new Promise((resolve) => setTimeout(resolve, 30))
function order(quantity = 3) {
  takeOrder(world.till(), [{ product: PRODUCT, quantity }])
  world.till().supply.wake()
}
const lastOrder = () => latestOrders(world.store(), 1)[0]!

test('thirty days before its end the certificate is renewed, and not a millisecond before', async () => {
  world.centre.certificates.certifyFor(90)
  const { key, signer } = identity()
  world.clock.setMs(END_MS - 30 * DAY_MS - 1)
  world.till().supply.wake()
  await world.until(() => heard('catalogue-request').length === 2)
  await settle()
  expect(heard('renewal-request')).toHaveLength(0)
  world.clock.setMs(END_MS - 30 * DAY_MS)
  world.till().supply.wake()
  await world.until(() => identity().certificateUntilMs !== END_MS)
  expect(identity().certificateUntilMs).toBe(END_MS - 30 * DAY_MS - 60_000 + 90 * DAY_MS)
  expect(identity().key.equals(key)).toBe(false)
  expect(earlierIdentity(world.store(), signer.kid)).toMatchObject({ terminal: 'T00001' })
  order()
  await world.until(() => lastOrder().state === 'receipted')
  await settle()
  expect(heard('renewal-request')).toHaveLength(1)
  // Sixty days later again, into the place that the first key had.
  world.clock.setMs(identity().certificateUntilMs - 30 * DAY_MS)
  world.till().supply.wake()
  await world.until(() => heard('renewal-request').length === 2)
  await world.until(() => askedRequests(world.store()).length === 0)
  expect(world.till().deviceKeys.held()).toHaveLength(2)
  expect(
    world
      .till()
      .deviceKeys.held()
      .some((one) => one.equals(key)),
  ).toBe(false)
  await world.restart()
  order()
  await world.until(() => lastOrder().state === 'receipted')
})

test('where the centre says so it is renewed at once, before the order that waits', async () => {
  world.centre.setStanding({ notices: [RENEW_NOW] })
  world.centre.certificates.changeKey()
  const { centre } = identity()
  order(1)
  await world.until(() => lastOrder().state === 'receipted')
  world.centre.setStanding({ notices: [] })
  await world.until(() => heard('renewal-request').length === 1)
  await world.until(() => !identity().centre.publicKey.equals(centre.publicKey))
  order()
  await world.until(() => lastOrder().state === 'receipted')
})

test('a centre that refuses is asked again after ten minutes, by another new key', async () => {
  world.centre.refuseNext('renewal-request', { reason: 'retailer-closed' })
  world.centre.setStanding({ notices: [RENEW_NOW] })
  const { key } = identity()
  order()
  await world.until(() => heard('renewal-request').length === 1 && lastOrder().state === 'receipted')
  world.clock.setMs(START_MS + 599_999)
  world.till().supply.wake()
  await settle()
  expect(heard('renewal-request')).toHaveLength(1)
  expect(identity().key.equals(key)).toBe(true)
  world.clock.setMs(START_MS + 600_000)
  world.till().supply.wake()
  await world.until(() => !identity().key.equals(key))
  expect(heard('renewal-request')).toHaveLength(2)
})

test.each([
  ['before its request was sent', 'lose-request'],
  ['before its answer came', 'lose-answer'],
] as const)('cut off %s, it goes on with one key, and the same request', async (_when, lost) => {
  const { key } = identity()
  world.centre.disturb(lost)
  world.clock.setMs(END_MS - 20 * DAY_MS)
  world.till().supply.wake()
  await world.until(() => askedRequests(world.store())[0]?.kind === 'renewal-request')
  const [asked] = askedRequests(world.store())
  await world.restart()
  await world.until(() => !identity().key.equals(key))
  expect(heard('renewal-request').at(-1)!.frame.equals(asked!.frame)).toBe(true)
  order()
  await world.until(() => lastOrder().state === 'receipted')
})

test('a key that was made and never asked for gives way to the next', async () => {
  const { key } = identity()
  const made = await world.till().deviceKeys.makeNext(key)
  await world.restart()
  expect(identity().key.equals(key)).toBe(true)
  world.clock.setMs(END_MS - 20 * DAY_MS)
  world.till().supply.wake()
  await world.until(() => !identity().key.equals(key))
  expect(identity().key.equals(made)).toBe(false)
})

const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const byStranger = (purpose: 'terminal' | 'centre', subject: string) => {
  const issuedAtS = START_MS / 1000
  return signCertificate(
    {
      ...{ issuer: 'centre', subject, purpose, kid: kidOfNumber(77), publicKey: stranger.publicKey },
      ...{ issuedAtS, expiresAtS: issuedAtS + 400 * 86_400 },
    },
    p256Signer(ROOT_KID, stranger.privateKey),
  )
}
type Change = Parameters<TestTill['centre']['setRenewal']>[0]
const bad: Record<string, (world: TestTill) => Change> = {
  'a certificate over the key of now': (at) => () =>
    at.centre.certificates.certificateOver(createPublicKey(at.till().word()!.identity.key)),
  "a certificate over a stranger's key": (at) => () =>
    at.centre.certificates.certificateOver(stranger.publicKey),
  'a certificate by the number of now': (at) => () =>
    at.centre.certificates.certificateOver(
      createPublicKey(at.till().deviceKeys.held().at(-1)!),
      at.till().word()!.identity.signer.kid,
    ),
  'a certificate of another root': () => () => ({ terminalCertificate: byStranger('terminal', 'T00001') }),
  "a centre's certificate of another root": () => () => ({
    centreCertificate: byStranger('centre', 'centre'),
  }),
  'the two the wrong way round': () => (made) => ({
    terminalCertificate: made.centreCertificate,
    centreCertificate: made.terminalCertificate,
  }),
  'certificates that have ended': () => (made) => ({
    standing: { ...made.standing, timeS: made.standing.timeS + 800 * 86_400 },
  }),
  'certificates that have not begun': () => (made) => ({
    standing: { ...made.standing, timeS: made.standing.timeS - 86_400 },
  }),
}
test.each(Object.entries(bad))(
  '%s is not taken: the same is asked again, and the key of now stays',
  async (_what, make) => {
    const { key, centre } = identity()
    world.centre.setRenewal(make(world))
    world.clock.setMs(END_MS - 20 * DAY_MS)
    world.till().supply.wake()
    await world.until(() => heard('renewal-request').length === 1)
    await settle()
    world.till().supply.wake()
    await world.until(() => heard('renewal-request').length >= 2)
    const [first, second] = heard('renewal-request')
    expect(second!.frame.equals(first!.frame)).toBe(true)
    expect(askedRequests(world.store())).toHaveLength(1)
    await world.restart()
    expect(identity().key.equals(key)).toBe(true)
    expect(identity().centre.publicKey.equals(centre.publicKey)).toBe(true)
    expect(identity().certificateUntilMs).toBe(END_MS)
  },
)

test('a terminal whose certificate has ended asks for no renewal, and sells no more', async () => {
  const { key } = identity()
  world.centre.setStanding({ leaseUntilS: END_MS / 1000 + 1_000 })
  world.clock.setMs(END_MS - 31 * DAY_MS)
  world.till().supply.wake()
  await world.until(() => heard('catalogue-request').length === 2)
  await world.until(() => askedRequests(world.store()).length === 0)
  world.clock.setMs(END_MS)
  world.till().supply.wake()
  await world.until(() => heard('catalogue-request').length >= 3)
  const sale = await world.till().sell(world.session, { saleId: 'a-sale-of-a-key', product: PRODUCT })
  expect(sale).toBe('certificate-over')
  expect(heard('renewal-request')).toHaveLength(0)
  expect(identity().key.equals(key)).toBe(true)
})
