import { openPack, sealedPack } from '@scratchless/office/vault/closing'
import { luhnHolds } from '@scratchless/voucher/check-digit'
import { packedSize, unpackDigits } from '@scratchless/voucher/packed-code'
import { productId } from '@scratchless/voucher/product'
import { systemRandom } from '@scratchless/voucher/random'
import { serialFromNumber } from '@scratchless/voucher/serial'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type TestVault, testVault } from '../../testing/test-vault.ts'
import { digitSource, generateStock } from './generate-stock.ts'
import { openLot } from './lot-key.ts'
import type { SealedLot } from './verbs.ts'

let vault: TestVault
beforeEach(async () => {
  vault = await testVault()
  await vault.addProduct('ATLAS-5', 14)
  await vault.addProduct('ATLAS-10', 10, 'luhn')
})
afterEach(() => vault.drop())

const generation = { count: 2_500, expiresOn: '2099-12-31', activated: false, actor: 'amel' }

async function generate(product: string, count = 2_500): Promise<SealedLot> {
  const lot = await generateStock(vault.needs, { ...generation, product: productId(product), count })
  if ('refusal' in lot) throw new Error(lot.refusal)
  return lot
}

async function codesOf({ lot }: SealedLot): Promise<string[]> {
  const { rows } = await vault.needs.pool.query('SELECT * FROM sealed_pack WHERE lot = $1 ORDER BY id', [lot])
  const open = (await openLot(vault.needs, vault.needs.pool, lot))!
  const digits = open.row.code_digits
  return rows.flatMap((pack) => {
    const first = serialFromNumber(Number(pack.first_serial))
    const { count, sealed } = pack
    const stored = sealedPack<'operator'>(
      { firstSerial: first, firstIndex: Number(pack.first_index), count, sealed },
      digits,
    )
    const packed = openPack(open.contentKey, open.binding, stored, { place: 0, count }, digits)
    return Array.from({ length: pack.count }, (_, i) => {
      const ascii = Buffer.alloc(digits)
      unpackDigits(packed.subarray(i * packedSize(digits), (i + 1) * packedSize(digits)), digits, ascii)
      return ascii.toString('latin1')
    })
  })
}

test('codes are different, of the product’s length, and hold their check digit; serials follow one another', async () => {
  const lots = [await generate('ATLAS-5'), await generate('ATLAS-10')]
  const [plain, checked] = await Promise.all(lots.map(codesOf))
  expect(new Set([...plain!, ...checked!]).size).toBe(5_000)
  expect(plain!.every((code) => /^\d{14}$/.test(code))).toBe(true)
  expect(checked!.every((code) => luhnHolds(Buffer.from(code)))).toBe(true)
  const { rows } = await vault.needs.pool.query(
    'SELECT first_serial::text AS first, count FROM sealed_pack ORDER BY id',
  )
  expect(rows.map(({ first, count }) => [first, count])).toEqual([
    ['100000000000', 1_000],
    ['100000001000', 1_000],
    ['100000002000', 500],
    ['100000002500', 1_000],
    ['100000003500', 1_000],
    ['100000004500', 500],
  ])
})

test('serials that a file brought are passed over', async () => {
  await generate('ATLAS-5', 10)
  await vault.vaultDatabase.pool('owner').query('UPDATE serial_counter SET next_serial = 99999999995')
  await generate('ATLAS-5', 10)
  const { rows } = await vault.needs.pool.query('SELECT max(first_serial)::text AS first FROM sealed_pack')
  expect(rows[0].first).toBe('100000000010')
})

test('every digit comes as often as any other', () => {
  const counts = new Array(10).fill(0)
  const digits = digitSource(systemRandom)
  for (let i = 0; i < 200_000; i++) counts[digits.next()]++
  // Chi-squared with nine degrees of freedom: above 40 by chance once in a hundred thousand runs.
  const chi = counts.reduce((sum, count) => sum + (count - 20_000) ** 2 / 20_000, 0)
  expect(chi).toBeLessThan(40)
})

test('bytes that would favour the low digits are thrown away', () => {
  const scripted = [255, 250, 249, 251, 0, 17]
  const digits = digitSource({ fill: (target) => void target.fill(3).set(scripted) })
  expect([digits.next(), digits.next(), digits.next(), digits.next()]).toEqual([9, 0, 7, 3])
})

test('an unknown product is refused', async () => {
  const answer = await generateStock(vault.needs, { ...generation, product: productId('ATLAS-99') })
  expect(answer).toEqual({ refusal: 'unknown-product' })
})
