// What staff may enter and what they see, by the routes themselves, over real tables; the vault answers as it is told.

import { addStaff } from '@scratchless/office/staff/staff'
import { productId } from '@scratchless/voucher/product'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { ATLAS, type TestVault, testVault } from '../testing/test-vault.ts'
import { createStaffServer } from './staff-server.ts'
import type { StockedProduct } from './stock/product.sql.ts'
import { findProduct, listProducts } from './stock/product.sql.ts'
import { listLots, readStock } from './stock/stock.sql.ts'
import { generateStock } from './vault/generate-stock.ts'
import { knowProducts } from './vault/products.ts'
import { readSealedLots } from './vault/sealed-stock.sql.ts'
import type { ProductFacts } from './vault/verbs.ts'

const NOW = Date.parse('2026-11-22T10:00:00.000Z')
const clock = { at: NOW, nowMs: () => clock.at }
const generated = vi.fn()
const admitted = vi.fn(async () => ({ token: 't', path: '/stock-files/t' }))
let vault: TestVault
let app: FastifyInstance
let cookie: string

beforeAll(async () => {
  vault = await testVault()
  const { random, log, party } = vault.needs
  app = await createStaffServer({
    ...{ clock, random, log, pool: vault.database.pool('api') },
    vault: {
      generateStock: generated,
      admitStockFile: admitted,
      knowProducts: (products: readonly ProductFacts[]) => knowProducts(vault.needs, products),
      listSealedLots: ({ known }: { known: number }) => readSealedLots(vault.needs.pool, known, 1),
    } as never,
    settings: {
      ...{ party, name: 'Atlas', colour: '#1D4F9F', currency: 'TND', partners: [], approvers: [] },
      ...{ staffHttp: { host: '127.0.0.1', port: 1 }, stockHttp: { host: '127.0.0.1', port: 4003 } },
    },
  })
  const member = { signInName: 'amel', fullName: 'Amel', roles: ['stock'], password: 'a long password' }
  await addStaff({ pool: vault.database.pool('owner') }, member)
  const payload = { signInName: 'amel', password: 'a long password' }
  const answer = await app.inject({ method: 'POST', url: '/api/sign-in', payload })
  cookie = String(answer.headers['set-cookie']).split(';')[0]!
})
afterAll(async () => {
  await app.close()
  await vault.drop()
})

async function call(method: 'GET' | 'POST', url: string, payload?: object) {
  const answer = await app.inject({ method, url, headers: { cookie }, ...(payload && { payload }) })
  return { status: answer.statusCode, json: answer.json(), code: answer.json().error?.code }
}
const audited = async (action: string) =>
  (
    await vault.database
      .pool('auditor')
      .query('SELECT actor, subject, at FROM audit_entry WHERE action = $1 ORDER BY n', [action])
  ).rows
const PRODUCT = {
  ...{ id: 'ATLAS-5', faceValue: '5.000', publicPrice: '5.100', tax: '0.300', netCredit: '4.700' },
  ...{ codeDigits: 14, checkDigit: 'luhn', validityDays: 30, refillTemplate: '*123*{code}#' },
}

test('a product is added once, told in the audit once, and each field of another under its name differs', async () => {
  expect(await call('POST', '/api/products', PRODUCT)).toMatchObject({ status: 201, json: { id: 'ATLAS-5' } })
  expect((await call('POST', '/api/products', PRODUCT)).status).toBe(201)
  for (const change of [
    ...[{ faceValue: '5.001' }, { publicPrice: '5.101' }, { tax: '0.301' }, { netCredit: '4.701' }],
    ...[{ codeDigits: 13 }, { checkDigit: 'none' }, { validityDays: 31 }, { refillTemplate: '*9*{code}#' }],
  ])
    expect(await call('POST', '/api/products', { ...PRODUCT, ...change })).toMatchObject({
      ...{ status: 409, code: 'product-differs' },
    })
  expect(await audited('product-added')).toEqual([{ actor: 'amel', subject: 'ATLAS-5', at: new Date(NOW) }])
  expect((await call('GET', '/api/products')).json).toEqual({
    products: [{ ...PRODUCT, currency: 'TND', onHold: false }],
  })
})

test.each([
  { validityDays: 0 },
  { validityDays: 3_651 },
  { codeDigits: 9 },
  { codeDigits: 19 },
  { checkDigit: 'other' },
  { tax: '0.0001' },
  { tax: '-1' },
  { id: 'atlas-5' },
  { refillTemplate: 'no place' },
  { more: 1 },
])('a product is refused for its form: %o', async (change) => {
  expect((await call('POST', '/api/products', { ...PRODUCT, id: 'ATLAS-9', ...change })).status).toBe(400)
})

test('products stand by value, then by name', async () => {
  for (const [id, faceValue] of [
    ['ATLAS-7', '1.000'],
    ['ATLAS-6', '1.000'],
  ])
    await call('POST', '/api/products', { ...PRODUCT, id, faceValue })
  const pool = vault.database.pool('api')
  const ids = (products: StockedProduct[]) => products.map(({ id }) => id)
  expect(ids(await listProducts(pool, ATLAS))).toEqual(['ATLAS-6', 'ATLAS-7', 'ATLAS-5'])
  expect((await findProduct(pool, ATLAS, productId('ATLAS-5')))!.validityDays).toBe(30)
  expect(await findProduct(pool, ATLAS, productId('ATLAS-1'))).toBeUndefined()
})

test('a lot is made with its own last day, or with the product’s days from today', async () => {
  const made = { lot: 'L000001', product: 'ATLAS-5', codes: 10, expiresOn: '2026-12-22' }
  generated.mockResolvedValue(made)
  const wish = { product: 'ATLAS-5', count: 10 }
  expect(await call('POST', '/api/stock/generations', wish)).toMatchObject({ status: 201, json: made })
  await call('POST', '/api/stock/generations', { ...wish, expiresOn: '2027-01-31', activated: true })
  expect(generated.mock.calls).toEqual([
    [{ ...wish, expiresOn: '2026-12-22', activated: false, actor: 'amel' }],
    [{ ...wish, expiresOn: '2027-01-31', activated: true, actor: 'amel' }],
  ])
  generated.mockResolvedValue({ refusal: 'codes-exhausted' })
  expect(await call('POST', '/api/stock/generations', wish)).toMatchObject({
    status: 409,
    code: 'codes-exhausted',
  })
  const unknown = { ...wish, product: 'ATLAS-1' }
  expect(await call('POST', '/api/stock/generations', unknown)).toMatchObject({
    status: 409,
    code: 'unknown-product',
  })
  for (const count of [0, 1_000_001, 1.5])
    expect((await call('POST', '/api/stock/generations', { ...wish, count })).status).toBe(400)
  expect((await call('POST', '/api/stock/generations', { ...wish, count: 1_000_000 })).status).toBe(409)
})

test('a file is admitted by name and size, at the vault’s own address', async () => {
  const file = { fileName: ' a.csv ', sizeBytes: 7 }
  expect(await call('POST', '/api/stock/admissions', file)).toMatchObject({
    ...{ status: 201, json: { token: 't', url: 'http://127.0.0.1:4003/stock-files/t' } },
  })
  expect(admitted.mock.calls).toEqual([
    [{ fileName: 'a.csv', sizeBytes: 7, activated: false, actor: 'amel' }],
  ])
  for (const wrong of [
    { ...file, fileName: '  ' },
    { ...file, fileName: 'x'.repeat(201) },
    { ...file, sizeBytes: -1 },
    { ...file, sizeBytes: 0.5 },
  ])
    expect((await call('POST', '/api/stock/admissions', wrong)).status).toBe(400)
})

test('what the vault sealed is entered by whoever looks, counted by where it is, and activated once', async () => {
  const seal = (product: string, count: number, activated: boolean) =>
    generateStock(vault.needs, {
      ...{ product: productId(product), count, expiresOn: '2099-12-31', activated, actor: 'amel' },
    })
  await seal('ATLAS-5', 1_200, false)
  await seal('ATLAS-5', 5, true)
  const stock = async (product = 'ATLAS-5') =>
    (await call('GET', '/api/stock')).json.stock.find((row: { product: string }) => row.product === product)
  const aside = { onHold: 0, inDoubt: 0, damaged: 0, stolen: 0, returned: 0, expired: 0, void: 0 }
  const none = { despatched: 0, delivered: 0, ...aside }
  expect(await stock()).toEqual({ product: 'ATLAS-5', inStock: 1_205, ...none, notActivated: 1_200 })
  expect(await stock('ATLAS-6')).toEqual({ product: 'ATLAS-6', inStock: 0, ...none, notActivated: 0 })
  // Who brought each in is written down once, however often somebody looks.
  const brought = { actor: 'amel', at: expect.any(Date) }
  expect(await audited('stock-generated')).toEqual([
    { ...brought, subject: 'L000001' },
    { ...brought, subject: 'L000002' },
  ])
  const activate = (lot: string) => call('POST', '/api/stock/activations', { lot })
  clock.at = NOW + 1_000
  expect(await activate('L000001')).toMatchObject({ status: 200, json: { lot: 'L000001' } })
  clock.at = NOW + 2_000
  for (const lot of ['L000001', 'L000002', 'L000009'])
    expect(await activate(lot)).toMatchObject({ status: 409, code: 'unknown-or-activated' })
  expect((await activate('x')).status).toBe(400)
  expect(await audited('lot-activated')).toEqual([
    { actor: 'amel', subject: 'L000001', at: new Date(NOW + 1_000) },
  ])
  // A lot that nobody has looked at yet may be activated all the same.
  await seal('ATLAS-6', 1, false)
  expect((await activate('L000003')).status).toBe(200)
  const pool = vault.database.pool('api')
  expect(
    (await listLots(pool)).map(({ lot, inStock, activatedAt }) => [lot, inStock, activatedAt?.getTime()]),
  ).toEqual([
    ['L000001', 1_200n, NOW + 1_000],
    ['L000002', 5n, expect.any(Number)],
    ['L000003', 1n, NOW + 2_000],
  ])
  expect((await readStock(pool)).map(({ product }) => product)).toEqual(['ATLAS-6', 'ATLAS-7', 'ATLAS-5'])
})

test('the page shows stock to staff, and a person who is not signed in a form', async () => {
  const page = async (headers: Record<string, string>) =>
    (await app.inject({ url: '/?lang=fr', headers })).body
  const shown = await page({ cookie })
  for (const head of ['Recharge', 'En stock', 'Expédié', 'Livré', 'Bloqué', 'Commandes opérateur'])
    expect(shown).toContain(`>${head}<`)
  expect(shown).toContain('<td>ATLAS-5</td><td class="number">1\u00A0205</td>')
  expect(await page({})).not.toContain('ATLAS-5')
})
