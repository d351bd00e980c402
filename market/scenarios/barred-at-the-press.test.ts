// What people put aside stops at the tills that have it aboard: from a case or a lot at the centre to the press at the
// real till, and back.

import { countUnreported } from '@scratchless/terminal/sale/sale.sql'
import { getSettings } from '@scratchless/terminal/supply/centre-word.sql'
import { takeOrder } from '@scratchless/terminal/supply/send-supply-order'
import { latestOrders } from '@scratchless/terminal/supply/supply-order.sql'
import { serialFromNumber, serialToNumber } from '@scratchless/voucher/serial'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestCentre, type TestCentre } from '../../centre/testing/test-centre.ts'
import { ATLAS_5, UNIT_PRICE_MINOR } from '../../voucher/testing/example-product.ts'
import { openTillOfCentre, startStaff, type TillOfCentre } from '../testing/till-of-centre.ts'

const FIRST = 1_000_000
const LOOK_AGAIN_MS = 4 * 3_600_000 + 60_000
let centre: TestCentre
let staff: Awaited<ReturnType<typeof startStaff>>
let world: TillOfCentre
let other: TillOfCentre
let presses = 0
beforeAll(async () => {
  centre = await startTestCentre()
  await centre.operator.stock(FIRST, 1_000)
  staff = await startStaff(centre)
  world = await openTillOfCentre(centre, 100n * UNIT_PRICE_MINOR)
  other = await openTillOfCentre(centre, 100n * UNIT_PRICE_MINOR)
  await deliver(world, 10)
  await deliver(other, 10)
})
afterAll(async () => {
  await world.close()
  await other.close()
  await staff.close()
  await centre.close()
})

const product = ATLAS_5.id
async function press({ till, session } = world): Promise<string | number> {
  const sale = await till.sell(session, { saleId: `press-${++presses}-of-a-key`, product })
  return typeof sale === 'string' ? sale : serialToNumber(sale.serial) - FIRST
}
async function deliver({ till, store, until }: TillOfCentre, quantity: number): Promise<void> {
  expect(takeOrder(till, [{ product, quantity }])).toBeTypeOf('number')
  till.supply.wake()
  await until(() => latestOrders(store, 1)[0]!.state === 'receipted')
}
/** Time passes for everybody, so that the till asks the centre for its word, and has what it says. */
async function talk(to = world): Promise<void> {
  const before = to.till.word()!.standing.timeS
  centre.clock.move(LOOK_AGAIN_MS)
  to.till.supply.wake()
  await to.until(() => to.till.word()!.standing.timeS > before)
  const { settingsVersion } = to.till.word()!.standing
  await to.until(() => settingsOf(to) === settingsVersion)
}
const settingsOf = ({ store }: TillOfCentre) => getSettings(store)?.version
const versions = async () =>
  (
    await centre.database
      .pool('owner')
      .query('SELECT settings_version AS version FROM terminal WHERE id = ANY($1) ORDER BY id', [
        [world.terminal, other.terminal],
      ])
  ).rows.map(({ version }) => version)

test('a code of an open case is not sold at the till that has it, and let go it is; other shops hear nothing', async () => {
  await talk()
  const [mine, theirs] = await versions()
  const body = {
    operator: 'atlas',
    firstSerial: serialFromNumber(FIRST),
    count: 2,
    cause: 'a box is missing',
  }
  const held = await staff.does<{ id: string; tills: unknown }>('/api/cases', body)
  expect(held.tills).toEqual({ shops: 1 })
  expect(await versions()).toEqual([mine + 1, theirs])
  // Until it has heard the till sells on.
  expect(await press()).toBe(0)
  await talk()
  expect(await press()).toBe(2)
  const released = await staff.does<{ released: number }>(`/api/cases/${held.id}/end`, { cause: 'found' })
  expect([released.released, await versions()]).toEqual([0, [mine + 2, theirs]])
  await talk()
  expect(await press()).toBe(1)
})

test('what a shop has sold is not told to it, and what it has sold in part is', async () => {
  // These are sold: 0, 1 and 2.
  await talk()
  await world.until(() => countUnreported(world.store) === 0)
  const hold = (offset: number, count: number) =>
    staff.does<{ id: string; tills: unknown }>('/api/cases', {
      ...{ operator: 'atlas', firstSerial: serialFromNumber(FIRST + offset), count, cause: 'c' },
    })
  for (const [offset, count, shops] of [
    [0, 3, 0],
    [1, 2, 0],
    [2, 2, 1],
    [0, 4, 1],
  ] as const) {
    const held = await hold(offset, count)
    expect([offset, count, held.tills]).toEqual([offset, count, { shops }])
    await staff.does(`/api/cases/${held.id}/end`, { cause: 'found' })
  }
})

test('what is not aboard any shop is told to none', async () => {
  const before = await versions()
  const range = { operator: 'atlas', firstSerial: serialFromNumber(FIRST + 20), count: 900, cause: 'c' }
  const held = await staff.does<{ tills: unknown }>('/api/cases', range)
  expect([held.tills, await versions()]).toEqual([{ shops: 0 }, before])
})

test('a lot that is recalled stops at each till, and starts again', async () => {
  const lot = { operator: 'atlas', lot: 'L000001', cause: 'dead codes' }
  const recalled = await staff.does<{ tills: unknown }>('/api/lots', { ...lot, state: 'held' })
  expect(recalled.tills).toEqual({ shops: 2 })
  await talk()
  await talk(other)
  expect([await press(), await press(other)]).toEqual(['no-stock', 'no-stock'])
  await staff.does('/api/lots', { ...lot, state: 'in_stock' })
  await talk()
  await talk(other)
  expect([await press(), await press(other)]).toEqual([3, 10])
})

test('what does not fit into a shop’s settings is said in words, and the gravest goes first', async () => {
  const owner = centre.database.pool('owner')
  // As many as the settings hold, about codes that nobody has.
  await owner.query(
    `INSERT INTO code_case (operator, first_serial, count, state, cause, opened_by, opened_at)
     SELECT 'atlas', 5000000 + n, 1, 'on_hold', 'c', 'demo', now() FROM generate_series(1, 63) AS n`,
  )
  await owner.query(
    `INSERT INTO barred_range (retailer_id, operator, first_serial, count, why, code_case, since, told_at)
     SELECT $1, 'atlas', first_serial, 1, 'held', id, now(), now() FROM code_case WHERE first_serial > 5000000`,
    [world.retailer],
  )
  const hold = (offset: number) =>
    staff.does<{ tills: { shops: number; notTold?: { en: string; fr: string } } }>('/api/cases', {
      ...{ operator: 'atlas', firstSerial: serialFromNumber(FIRST + offset), count: 1, cause: 'c' },
    })
  expect((await hold(4)).tills).toEqual({ shops: 1 })
  const { tills } = await hold(5)
  expect(tills.notTold!.en).toBe(
    `More than 64 ranges may not be sold at ${world.retailer}: the oldest of them could not be told, and their tills go on selling them.`,
  )
  expect(tills.notTold!.fr).toMatch(/^Plus de 64 tranches sont bloquées chez R\d{5} : /)
  await talk()
  expect(getSettings(world.store)!.barred).toHaveLength(64)
  // The newest fit; the oldest of the others fell out.
  expect(await press()).toBe(6)
})
