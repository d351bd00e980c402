import { operatorId, retailerId } from '@scratchless/voucher/ids'
import { productId } from '@scratchless/voucher/product'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ATLAS_5 } from '../../../voucher/testing/example-product.ts'
import { addTestProduct, startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { addShop } from '../../testing/test-terminal.ts'
import {
  insertPrice,
  insertProduct,
  insertRate,
  insertTier,
  insertTierMove,
  readAllProducts,
  readPrices,
  readProducts,
  readRates,
} from './catalogue.sql.ts'

let centre: TestCentre
beforeAll(async () => {
  centre = await startTestCentre()
})
afterAll(() => centre.close())

const now = Date.parse('2026-11-22T10:00:00.000Z')

test('of each kind of rate the latest that is in force counts, from its very moment on', async () => {
  const { pool } = centre.needs
  const [one, two] = [await addShop(centre, 0n), await addShop(centre, 0n)]
  await insertTier(pool, { id: 'gold', name: 'Gold' }, new Date(now))
  await insertTier(pool, { id: 'plain', name: 'Plain' }, new Date(now))
  const move = (retailer: string, tier: string, fromMs: number) =>
    insertTierMove(pool, {
      ...{ retailer_id: retailerId(retailer), tier_id: tier, setBy: 'sami' },
      valid_from: new Date(now + fromMs),
    })
  const set = async (of: { retailer?: string; tier?: string; product?: boolean }, fromMs: number) => {
    const row = await insertRate(pool, {
      retailer: of.retailer === undefined ? null : retailerId(of.retailer),
      ...{ tier: of.tier ?? null, product: of.product ? ATLAS_5.id : null, setBy: 'sami' },
      ...{ discountBasisPoints: 100, validFrom: new Date(now + fromMs) },
    })
    return row.id
  }
  await set({}, -5)
  const ofAll = await set({}, -2)
  const ofProduct = await set({ product: true }, -9)
  await set({ retailer: two.retailer }, -8)
  const ofTwo = await set({ retailer: two.retailer }, -1)
  const exact = await set({ retailer: one.retailer }, 0)
  await set({ retailer: one.retailer }, 1)
  await set({}, 1)
  await set({ tier: 'gold' }, -7)
  const ofGold = await set({ tier: 'gold' }, -6)
  await set({ tier: 'plain' }, -6)
  await set({ tier: 'gold' }, 1)
  expect([await move(one.retailer, 'plain', -3), await move(one.retailer, 'plain', -3)]).toEqual([
    true,
    false,
  ])
  await move(one.retailer, 'gold', 0)
  await move(one.retailer, 'plain', 1)
  await move(two.retailer, 'plain', 1)
  const inForce = async (...shops: string[]) =>
    (await readRates(pool, shops.map(retailerId), new Date(now))).map((rate) => [rate.id, rate.of_tier])
  expect(await inForce(one.retailer)).toEqual([
    [ofProduct, false],
    [ofGold, true],
    [ofAll, false],
    [exact, false],
  ])
  expect(await inForce(two.retailer)).toEqual([
    [ofProduct, false],
    [ofAll, false],
    [ofTwo, false],
  ])
  expect(await inForce(one.retailer, two.retailer)).toHaveLength(5)
  const tierRate = (await readRates(pool, [one.retailer], new Date(now))).find(({ of_tier }) => of_tier)
  expect(tierRate).toMatchObject({ retailer_id: one.retailer })
})

test('products are kept as they were entered, and stand by operator, value and name', async () => {
  const { pool } = centre.needs
  const other = {
    ...{ ...ATLAS_5, id: productId('ATLAS-1'), checkDigit: 'luhn' as const, validityDays: 7, codeDigits: 13 },
    ...{ faceValue: { ...ATLAS_5.faceValue, amountMinor: 1_000n }, refillTemplate: '*9*{code}#' },
  }
  const sahel = { ...other, id: productId('SAHEL-1'), operator: operatorId('sahel') }
  for (const each of [sahel, other]) await addTestProduct(pool, each, new Date(now))
  expect(await insertProduct(pool, { ...other, validityDays: 8 }, new Date(now))).toBe(false)
  const found = await readProducts(pool, 'TND', new Date(Date.now() + 60_000))
  expect(found.map(({ priceId: _, ...product }) => product)).toEqual([other, ATLAS_5, sahel])
})

test('a product has the price that is in force, from its very moment on, and none before its first', async () => {
  const { pool } = centre.needs
  const id = productId('ATLAS-77')
  const product = { ...ATLAS_5, id }
  await insertProduct(pool, product, new Date(now))
  const set = (fromMs: number, tax: bigint) =>
    insertPrice(pool, {
      ...{ product: id, publicPrice: ATLAS_5.publicPrice, netCredit: ATLAS_5.netCredit, setBy: 'sami' },
      ...{
        tax: { ...ATLAS_5.tax, amountMinor: tax },
        setAt: new Date(now),
        validFrom: new Date(now + fromMs),
      },
    })
  const ids = [await set(0, 1n), await set(10, 2n), await set(-10, 3n)]
  expect(await set(0, 9n)).toBeNull()
  const inForce = async (afterMs: number) =>
    (await readProducts(pool, 'TND', new Date(now + afterMs))).find((one) => one.id === id)?.priceId
  expect(await Promise.all([-11, -10, -1, 0, 9, 10].map(inForce))).toEqual([
    undefined,
    ids[2],
    ids[2],
    ids[0],
    ids[0],
    ids[1],
  ])
  const dated = async (afterMs: number) =>
    (await readPrices(pool, new Date(now + afterMs), id)).map((price) => price.id)
  expect([await dated(-11), await dated(0), await dated(10)]).toEqual([
    [ids[2], ids[0], ids[1]],
    [ids[0], ids[1]],
    [ids[1]],
  ])
  expect((await readAllProducts(pool, 'TND')).some((one) => one.id === id)).toBe(true)
})
