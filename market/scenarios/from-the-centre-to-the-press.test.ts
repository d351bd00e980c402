// Revocations, locks, leases and ends: from the act of a person at the centre to the press at the till that is
// refused, with the centre's own answers, and what still sells until the till has heard.

import { createPublicKey } from 'node:crypto'
import { countUnreported } from '@scratchless/terminal/sale/sale.sql'
import { beginToEnrol } from '@scratchless/terminal/supply/enrol'
import { takeOrder } from '@scratchless/terminal/supply/send-supply-order'
import { stopOf } from '@scratchless/terminal/supply/stop.sql'
import { latestOrders } from '@scratchless/terminal/supply/supply-order.sql'
import { hashPassword } from '@scratchless/terminal/vendors/passwords'
import { signIn } from '@scratchless/terminal/vendors/sign-in'
import { putVendor } from '@scratchless/terminal/vendors/vendor.sql'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { certify, openEnrolment } from '../../centre/testing/people.ts'
import { startTestCentre, type TestCentre } from '../../centre/testing/test-centre.ts'
import { ATLAS_5, UNIT_PRICE_MINOR } from '../../voucher/testing/example-product.ts'
import { openTillOfCentre, startStaff, type TillOfCentre } from '../testing/till-of-centre.ts'

const DAY_MS = 86_400_000
const LOOK_AGAIN_MS = 4 * 3_600_000 + 60_000

let centre: TestCentre
let staff: Awaited<ReturnType<typeof startStaff>>
let world: TillOfCentre
let presses = 0
beforeAll(async () => {
  centre = await startTestCentre()
  await centre.operator.stock(1_000_000, 1_000)
  staff = await startStaff(centre)
})
afterAll(async () => {
  await staff.close()
  await centre.close()
})
beforeEach(async () => {
  world = await openTillOfCentre(centre, 30n * UNIT_PRICE_MINOR)
  await deliver(10)
})
afterEach(() => world.close())

const product = ATLAS_5.id
const press = () => world.till.sell(world.session, { saleId: `press-${++presses}-of-a-key`, product })
const lastOrder = () => latestOrders(world.store, 1)[0]!
const standing = () => world.till.word()!.standing
const why = () => JSON.parse(lastOrder().refusal!) as { reason: string }

function order(quantity: number): void {
  expect(takeOrder(world.till, [{ product, quantity }])).toBeTypeOf('number')
  world.till.supply.wake()
}
async function deliver(quantity: number): Promise<void> {
  order(quantity)
  await world.until(() => lastOrder().state === 'receipted')
}
/** Time passes for everybody, so that the till asks the centre for its word. */
async function talk(): Promise<void> {
  const before = standing().timeS
  centre.clock.move(LOOK_AGAIN_MS)
  world.till.supply.wake()
  await world.until(() => standing().timeS > before)
}

test('a card that a person revokes sells until the till hears of it, and then no more', async () => {
  world.line('down')
  await staff.does(`/api/cards/${world.card}/revocation`, { reason: 'lost' })
  expect(await press()).toMatchObject({ state: 'printed' })
  world.line('up')
  await talk()
  expect(standing().revokedCards).toEqual([world.card])
  expect(await press()).toBe('card-blocked')
  // Nor does it let anybody sign in.
  putVendor(world.store, { id: '02', passwordHash: await hashPassword('a long password'), card: world.card })
  const { store, clock, card, tries } = world.till
  const form = { vendor: '02', password: 'a long password', pin: '12345678' }
  expect(await signIn({ store, clock, card, tries, revokedCards: standing().revokedCards }, form)).toEqual({
    refusal: 'card-blocked',
  })
})

test('another shop’s revoked card is not this till’s matter', async () => {
  const other = await openTillOfCentre(centre, 0n)
  await staff.does(`/api/cards/${other.card}/revocation`, { reason: 'lost' })
  await talk()
  expect(standing().revokedCards).toEqual([])
  expect(await press()).toMatchObject({ state: 'printed' })
  await other.close()
})

test('after a card’s revocation the terminals of its shop have another safe key to ask for', async () => {
  const { letter } = standing()
  await staff.does(`/api/cards/${world.card}/revocation`, { reason: 'lost' })
  await talk()
  expect(standing().letter).toBeGreaterThan(letter)
})

test('a terminal that a person revokes orders no more at once, and sells no more with the first answer that says so', async () => {
  await staff.does(`/api/terminals/${world.terminal}/revocation`, { reason: 'stolen' })
  order(1)
  await world.until(() => lastOrder().state === 'asked' && standing().leaseUntilS === standing().timeS)
  expect(await press()).toBe('terminal-revoked')
  expect(stopOf(world.store)).toMatchObject({ reason: 'terminal-revoked' })
  expect(lastOrder().state).toBe('asked')
})

test('a till without its line sells for the days of its lease, and is renewed by any answer', async () => {
  const before = standing().leaseUntilS
  expect(before - standing().timeS).toBe(7 * 86_400)
  world.line('down')
  world.ahead(before * 1000 - centre.clock.nowMs() + 1_000)
  expect(await press()).toBe('lease-over')
  centre.clock.move(7 * DAY_MS + 60_000)
  world.ahead(0)
  world.line('up')
  await world.until(() => standing().leaseUntilS > before)
  expect(standing().leaseUntilS - standing().timeS).toBe(7 * 86_400)
  expect(await press()).toMatchObject({ state: 'printed' })
})

test('a locked terminal’s order stands until a person has looked, and then goes', async () => {
  await centre.needs.pool.query(
    "UPDATE terminal SET locked_at = now(), locked_why = 'stolen' WHERE id = $1",
    [world.terminal],
  )
  order(2)
  await world.until(() => stopOf(world.store) !== null)
  expect(await press()).toBe('terminal-locked')
  expect(lastOrder().state).toBe('asked')
  // Only a later word ends it.
  centre.clock.move(1_000)
  await staff.does(`/api/terminals/${world.terminal}/unlock`, { reason: 'looked at both journals' })
  world.till.supply.wake()
  await world.until(() => lastOrder().state === 'receipted')
})

test('a shop that a person closes orders no more, and what it paid for still sells', async () => {
  await staff.does(`/api/retailers/${world.retailer}/closing`, { reason: 'account settled' })
  order(1)
  await world.until(() => lastOrder().state === 'refused')
  expect(why()).toEqual({ reason: 'retailer-closed' })
  expect(await press()).toMatchObject({ state: 'printed' })
})

test('a balance that a person raises lets the next order through', async () => {
  order(21)
  await world.until(() => lastOrder().state === 'refused')
  expect(why()).toEqual({ reason: 'balance-too-low', missingMinor: UNIT_PRICE_MINOR.toString() })
  await staff.does(`/api/retailers/${world.retailer}/credit-line`, { amount: '4.800' })
  await deliver(21)
})

test('a rate that a person sets is asked for again by the centre before anything is given', async () => {
  await staff.does('/api/rates', { retailer: world.retailer, discountBasisPoints: 500 })
  order(1)
  await world.until(() => lastOrder().state === 'refused')
  expect(why()).toMatchObject({ reason: 'price-changed', prices: [{ product, unitPriceMinor: '4750' }] })
})

test('a terminal renews its key at its centre, and orders and sells under the next one', async () => {
  const { key, certificateUntilMs } = world.till.word()!.identity
  centre.clock.move(61 * DAY_MS)
  world.till.supply.wake()
  await world.until(() => !world.till.word()!.identity.key.equals(key))
  expect(world.till.word()!.identity.certificateUntilMs).toBeGreaterThan(certificateUntilMs)
  await deliver(1)
  expect(await press()).toMatchObject({ state: 'printed' })
})

test('a terminal that was off past its certificate comes back by a second enrolment, with its codes', async () => {
  expect(await press()).toMatchObject({ state: 'printed' })
  world.line('down')
  centre.clock.move(91 * DAY_MS)
  expect(await press()).toBe('certificate-over')
  world.line('up')
  const { id, enrolmentNumber, enrolmentCode } = await openEnrolment(centre, world.terminal, world.retailer)
  expect(await beginToEnrol(world.till, `${enrolmentNumber}-${enrolmentCode}`)).toBe('waiting')
  const deviceKey = createPublicKey(world.till.deviceKeys.held()[1]!)
  await certify(centre, { id, retailer: world.retailer, enrolmentNumber, deviceKey })
  world.till.supply.wake()
  await world.until(() => world.till.word()!.identity.certificateUntilMs > centre.clock.nowMs())
  expect(await press()).toMatchObject({ state: 'printed' })
  await deliver(1)
  await world.until(() => countUnreported(world.store) === 0)
})
