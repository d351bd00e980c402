// A terminal that is enrolled again under its name: it goes on where the centre says that it stood, with all that it
// has on board.

import { terminalId } from '@scratchless/voucher/ids'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PRODUCT } from '../../testing/fake-catalogue.ts'
import { type TestTill, testTill } from '../../testing/test-till.ts'
import { auditTerminal } from '../audit.ts'
import { salesToReport } from '../sale/report.sql.ts'
import { countUnreported } from '../sale/sale.sql.ts'
import { stateView } from '../till/state-view.ts'
import { getEnrolled } from './centre-word.sql.ts'
import { nextKey } from './device.sql.ts'
import { publicBytes } from './device-keys.ts'
import { beginToEnrol } from './enrol.ts'
import { askedRequests, lastSequence, nextSequence } from './request.sql.ts'
import { takeOrder } from './send-supply-order.ts'
import { stopOf } from './stop.sql.ts'
import { latestOrders } from './supply-order.sql.ts'

const START_MS = Date.parse('2026-11-22T18:42:00Z')
const DAY_MS = 86_400_000
let world: TestTill
let presses = 0
beforeEach(async () => {
  world = await testTill({
    packedCodes: (_first, count) => Buffer.alloc(count * 6, 1),
    startMs: START_MS,
    stock: 5,
  })
  await world.until(() => askedRequests(world.store()).length === 0)
})
afterEach(async () => {
  const breaks = auditTerminal(`${world.folder}/terminal.sqlite`).filter(({ ok }) => !ok)
  await world.close()
  expect(breaks).toEqual([])
})

const press = async () => {
  const sale = await world
    .till()
    .sell(world.session, { saleId: `press-${++presses}-of-a-key`, product: PRODUCT })
  return typeof sale === 'string' ? sale : sale.state
}
const key = () => world.till().word()!.identity.key
const lastOrder = () => latestOrders(world.store(), 1)[0]!
const quiet = () => world.until(() => askedRequests(world.store()).length === 0)
function order() {
  takeOrder(world.till(), [{ product: PRODUCT, quantity: 3 }])
  world.till().supply.wake()
}

test('after its certificate has ended it comes back under its name, and sells what it has on board', async () => {
  expect(await press()).toBe('printed')
  world.clock.setMs(START_MS + 400 * DAY_MS)
  expect(await press()).toBe('certificate-over')
  order()
  await world.until(() => lastOrder().state === 'asked' || askedRequests(world.store()).length > 0)
  const knew = world.centre.lastSequence()
  const before = key()
  expect(await beginToEnrol(world.till(), world.centre.enrolmentCode)).toBe('enrolled')
  world.till().supply.wake()
  await world.until(() => !key().equals(before))
  expect(getEnrolled(world.store())!.lastSequence).toBe(knew)
  await world.until(() => lastOrder().state === 'receipted')
  await quiet()
  expect(countUnreported(world.store())).toBe(0)
  expect(await press()).toBe('printed')
  await world.restart()
  expect(await press()).toBe('printed')
})

test('what it is stays valid until the centre has approved, and a restart goes on asking', async () => {
  world.centre.withdrawApproval()
  const before = key()
  expect(await beginToEnrol(world.till(), world.centre.enrolmentCode)).toBe('waiting')
  const { fingerprint, enrolment } = stateView(world.till(), null)
  expect([enrolment, fingerprint]).toEqual(['enrolled', expect.any(String)])
  order()
  await world.until(() => lastOrder().state === 'receipted')
  expect(await press()).toBe('printed')
  await world.restart()
  expect(key().equals(before)).toBe(true)
  expect(stateView(world.till(), null).fingerprint).toBe(fingerprint)
  world.centre.approve()
  await world.restart()
  await world.until(() => !key().equals(before))
  order()
  await world.until(() => lastOrder().state === 'receipted')
})

test('what the centre knows is asked again as it was, and its answer comes under the key of then', async () => {
  world.centre.disturb('lose-answer', ...Array.from({ length: 40 }, () => 'lose-request' as const))
  order()
  await world.until(() => lastOrder().state === 'asked')
  await world.until(() => world.centre.heard.at(-1)!.kind === 'supply-order')
  const [asked] = askedRequests(world.store())
  await world.till().supply.stop()
  world.centre.calm()
  world.centre.certificates.changeKey()
  expect(await beginToEnrol(world.till(), world.centre.enrolmentCode)).toBe('enrolled')
  expect(askedRequests(world.store())).toEqual([asked])
  await world.restart()
  await world.until(() => lastOrder().state === 'receipted')
  const orders = world.centre.heard.filter(({ kind }) => kind === 'supply-order')
  expect(orders.at(-1)!.frame.equals(Buffer.from(asked!.frame))).toBe(true)
})

test('what the centre cannot have seen is gone, and what it held is asked anew under its number', async () => {
  expect(await press()).toBe('printed')
  world.centre.disturb(...Array.from({ length: 40 }, () => 'lose-request' as const))
  order()
  await world.until(() => askedRequests(world.store()).length === 1)
  const [report] = askedRequests(world.store())
  expect(report!.kind).toBe('sales-report')
  expect(salesToReport(world.store(), 9)).toEqual([])
  await world.till().supply.stop()
  world.centre.calm()
  expect(await beginToEnrol(world.till(), world.centre.enrolmentCode)).toBe('enrolled')
  expect(askedRequests(world.store())).toEqual([])
  expect(nextSequence(world.store())).toBe(report!.sequence)
  expect(salesToReport(world.store(), 9)).toHaveLength(1)
  await world.restart()
  await world.until(() => lastOrder().state === 'receipted')
  expect(world.centre.reports.map(({ sales }) => sales.length)).toEqual([1])
})

test.each(['supply-order', 'supply-receipt'])('a %s that never left is made again', async (kind) => {
  const lost = Array.from({ length: 40 }, () => 'lose-request' as const)
  world.centre.disturb(...(kind === 'supply-order' ? lost : ['none' as const, ...lost]))
  order()
  await world.until(() => askedRequests(world.store())[0]?.kind === kind)
  await world.till().supply.stop()
  world.centre.calm()
  expect(await beginToEnrol(world.till(), world.centre.enrolmentCode)).toBe('enrolled')
  expect(askedRequests(world.store())).toEqual([])
  await world.restart()
  await world.until(() => lastOrder().state === 'receipted')
  expect(world.centre.receipts).toHaveLength(2)
})

test('a centre that knows more than the store is gone on from, and the audit knows the gap', async () => {
  world.centre.setWelcome(({ lastSequence: known }) => ({ lastSequence: known + 7 }))
  const last = lastSequence(world.store())
  expect(await beginToEnrol(world.till(), world.centre.enrolmentCode)).toBe('enrolled')
  expect(nextSequence(world.store())).toBe(last + 8)
})

test('a stop of the centre ends with a new enrolment, and what it called altered is asked anew', async () => {
  world.centre.stop({ reason: 'content-altered' })
  order()
  await world.until(() => stopOf(world.store()) !== null)
  const { sequence } = stopOf(world.store())!
  world.centre.stop(null)
  world.centre.setWelcome(() => ({ lastSequence: sequence }))
  world.centre.skipTo(sequence)
  expect(await beginToEnrol(world.till(), world.centre.enrolmentCode)).toBe('enrolled')
  expect(stopOf(world.store())).toBeNull()
  expect(await press()).toBe('printed')
  world.till().supply.wake()
  await world.until(() => lastOrder().state === 'receipted')
  expect(lastOrder().sequence).toBeGreaterThan(sequence)
})

test('a renewal on its way asks for the same key, and its late answer changes nothing', async () => {
  world.centre.disturb('lose-answer', ...Array.from({ length: 40 }, () => 'lose-request' as const))
  world.clock.setMs(START_MS + 350 * DAY_MS)
  world.till().supply.wake()
  await world.until(() => askedRequests(world.store())[0]?.kind === 'renewal-request')
  await world.until(() => world.centre.heard.at(-1)!.kind === 'renewal-request')
  await world.till().supply.stop()
  const asked = nextKey(world.store())!
  world.centre.calm()
  expect(await beginToEnrol(world.till(), world.centre.enrolmentCode)).toBe('enrolled')
  await world.restart()
  expect(publicBytes(key()).equals(asked)).toBe(true)
  const { signer } = world.till().word()!.identity
  await quiet()
  await world.restart()
  expect(world.till().word()!.identity.signer.kid).toEqual(signer.kid)
  order()
  await world.until(() => lastOrder().state === 'receipted')
})

test('another name is refused where codes or sales stand under this one, and everything stays', async () => {
  world.centre.setWelcome(() => world.centre.certificates.renamed('T00002', world.till().deviceKeys))
  const before = getEnrolled(world.store())
  expect(await beginToEnrol(world.till(), world.centre.enrolmentCode)).toBe('other-terminal')
  expect(stateView(world.till(), null)).toMatchObject({
    ...{ terminal: 'T00001', enrolmentRefusal: 'other-terminal', fingerprint: null },
  })
  expect(getEnrolled(world.store())).toEqual(before)
  expect(await press()).toBe('printed')
})

test('another name is taken where nothing came under the one before, and it begins at the first number', async () => {
  const empty = await testTill({ packedCodes: () => Buffer.alloc(0), startMs: START_MS, stock: 0 })
  await empty.until(() => askedRequests(empty.store()).length === 0)
  await empty.till().supply.stop()
  empty.centre.setWelcome(() => ({
    ...empty.centre.certificates.renamed('T00002', empty.till().deviceKeys),
    lastSequence: 0,
  }))
  expect(await beginToEnrol(empty.till(), empty.centre.enrolmentCode)).toBe('enrolled')
  expect(getEnrolled(empty.store())!.terminal).toBe(terminalId('T00002'))
  expect(nextSequence(empty.store())).toBe(1)
  await empty.close()
})
