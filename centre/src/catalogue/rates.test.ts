import { operatorId, retailerId } from '@scratchless/voucher/ids'
import { productId } from '@scratchless/voucher/product'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ATLAS_5 } from '../../../voucher/testing/example-product.ts'
import { startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { addShop } from '../../testing/test-terminal.ts'
import { insertProduct, insertRate, readProducts, readRates } from './catalogue.sql.ts'

let centre: TestCentre
beforeAll(async () => {
  centre = await startTestCentre()
})
afterAll(() => centre.close())

test('a rate is in force from its very moment on, for its shop and for everybody, the oldest first', async () => {
  const { pool } = centre.needs
  const [one, two] = [await addShop(centre, 0n), await addShop(centre, 0n)]
  const now = Date.parse('2026-11-22T10:00:00.000Z')
  const set = async (retailer: string | null, fromMs: number) => {
    const row = await insertRate(pool, {
      ...{ retailer: retailer === null ? null : retailerId(retailer), product: null, setBy: 'sami' },
      ...{ discountBasisPoints: 100, validFrom: new Date(now + fromMs) },
    })
    return row.id
  }
  const [ofAll, ofTwo, exact, older] = [
    await set(null, -2),
    await set(two.retailer, -1),
    await set(one.retailer, 0),
    await set(one.retailer, -3),
  ]
  const sameMoment = await set(null, 0)
  await set(one.retailer, 1)
  await set(null, 1)
  const inForce = async (...shops: string[]) =>
    (await readRates(pool, shops.map(retailerId), new Date(now))).map(({ id }) => id)
  expect(await inForce(one.retailer)).toEqual([older, ofAll, exact, sameMoment])
  expect(await inForce(two.retailer)).toEqual([ofAll, ofTwo, sameMoment])
  expect(await inForce(one.retailer, two.retailer)).toEqual([older, ofAll, ofTwo, exact, sameMoment])
})

test('products are kept as they were entered, and stand by operator, value and name', async () => {
  const { pool } = centre.needs
  const other = {
    ...{ ...ATLAS_5, id: productId('ATLAS-1'), checkDigit: 'luhn' as const, validityDays: 7, codeDigits: 13 },
    ...{ faceValue: { ...ATLAS_5.faceValue, amountMinor: 1_000n }, refillTemplate: '*9*{code}#' },
  }
  const sahel = { ...other, id: productId('SAHEL-1'), operator: operatorId('sahel') }
  for (const each of [sahel, other]) expect(await insertProduct(pool, each, new Date())).toBe(true)
  expect(await insertProduct(pool, { ...other, validityDays: 8 }, new Date())).toBe(false)
  expect(await readProducts(pool, 'TND')).toEqual([other, ATLAS_5, sahel])
})
