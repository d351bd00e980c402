import { gzipSync } from 'node:zlib'
import { openPack, sealedPack } from '@scratchless/office/vault/closing'
import { fingerprintsOf } from '@scratchless/office/vault/fingerprint'
import { lotId } from '@scratchless/voucher/ids'
import { packDigits, packedSize, unpackDigits } from '@scratchless/voucher/packed-code'
import { serialFromNumber } from '@scratchless/voucher/serial'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type TestVault, testVault } from '../../testing/test-vault.ts'
import { importStockFile, type StockImport } from './import-stock-file.ts'
import { openLot } from './lot-key.ts'

let vault: TestVault
beforeEach(async () => {
  vault = await testVault()
  await vault.addProduct('ATLAS-5', 14)
  await vault.addProduct('ATLAS-10', 14, 'luhn')
})
afterEach(() => vault.drop())

const HEADER = 'serial,code,product,expires'
const EXPIRES = '2099-12-31'

function row(serial: number, code: number | string, product = 'ATLAS-5', expires = EXPIRES): string {
  return `${String(serial).padStart(12, '0')},${String(code).padStart(14, '0')},${product},${expires}`
}

function file(...rows: string[]): string {
  return `${HEADER}\n${rows.map((line) => `${line}\n`).join('')}`
}

async function take(
  content: string | Buffer,
  options: { sizeBytes?: number; chunkBytes?: number } = {},
): Promise<StockImport> {
  const bytes = Buffer.from(content)
  const sizeBytes = options.sizeBytes ?? bytes.length
  async function* chunks() {
    const size = options.chunkBytes ?? 1_000
    for (let at = 0; at < bytes.length; at += size) yield Uint8Array.from(bytes.subarray(at, at + size))
  }
  const admission = { fileName: 'stock.csv', sizeBytes, activated: true, actor: 'amel' }
  return importStockFile(vault.needs, admission, chunks())
}

/** Every code in stock by its serial: opened, in this test, to see that it is the file's. */
async function openAll(): Promise<Map<number, string>> {
  const { rows } = await vault.needs.pool.query('SELECT * FROM sealed_pack ORDER BY id')
  const codes = new Map<number, string>()
  for (const pack of rows) {
    const lot = (await openLot(vault.needs, vault.needs.pool, lotId(pack.lot)))!
    const digits = lot.row.code_digits
    const size = packedSize(digits)
    const first = serialFromNumber(Number(pack.first_serial))
    const { count, sealed } = pack
    const stored = sealedPack<'operator'>(
      { firstSerial: first, firstIndex: Number(pack.first_index), count, sealed },
      digits,
    )
    const opened = openPack(lot.contentKey, lot.binding, stored, { place: 0, count }, digits)
    for (let i = 0; i < pack.count; i++) {
      const ascii = Buffer.alloc(digits)
      unpackDigits(opened.subarray(i * size, (i + 1) * size), digits, ascii)
      codes.set(Number(pack.first_serial) + i, ascii.toString('latin1'))
    }
  }
  return codes
}

async function nothingTaken(): Promise<boolean> {
  const tables = ['sealed_lot', 'sealed_pack', 'stock_fingerprint', 'stock_file']
  return (await Promise.all(tables.map(vault.count))).every((count) => count === 0)
}

test('a file becomes one lot per product and date, in packs of consecutive serials; every code opens again', async () => {
  const rows = [
    ...Array.from({ length: 1_500 }, (_, i) => row(5_000 + i, 40_000 + i)),
    row(9_000, 7),
    row(100, 18, 'ATLAS-10'),
    row(101, 26, 'ATLAS-10'),
    row(9_001, 8, 'ATLAS-5', '2098-01-01'),
  ]
  const result = await take(file(...rows))
  expect(result).toEqual({
    codes: 1_504,
    alreadyKnown: false,
    lots: [
      { lot: 'L000001', product: 'ATLAS-5', codes: 1_501, expiresOn: EXPIRES },
      { lot: 'L000002', product: 'ATLAS-10', codes: 2, expiresOn: EXPIRES },
      { lot: 'L000003', product: 'ATLAS-5', codes: 1, expiresOn: '2098-01-01' },
    ],
  })
  expect(await vault.count('sealed_pack')).toBe(5)
  const codes = await openAll()
  expect(codes.size).toBe(1_504)
  for (const line of rows) {
    const [serial, code] = line.split(',')
    expect(codes.get(Number(serial))).toBe(code)
  }
})

test('gzip, scattered serials and tiny chunks are taken alike', async () => {
  const rows = Array.from({ length: 300 }, (_, i) => row(1_000 + ((i * 7) % 300) * 2, 1 + i))
  const result = await take(gzipSync(file(...rows)), { chunkBytes: 1 })
  expect(result).toMatchObject({ codes: 300 })
  const codes = await openAll()
  for (const line of rows) expect(codes.get(Number(line.slice(0, 12)))).toBe(line.split(',')[1])
})

test('what is wrong is named by line, field and rule, in the file’s order, and nothing is taken', async () => {
  const result = await take(
    file(row(1, 11), row(2, 12), row(1, 13), row(3, 11), row(4, 'x'), row(5, 15, 'ATLAS-7'), row(6, 16)),
  )
  expect(result).toEqual({
    problems: [
      { line: 4, field: 'serial', rule: 'serial-twice-in-file' },
      { line: 5, field: 'code', rule: 'code-twice-in-file' },
      { line: 6, field: 'code', rule: 'not-digits' },
      { line: 7, field: 'product', rule: 'unknown-product' },
    ],
  })
  expect(await nothingTaken()).toBe(true)
})

test('serials and codes in stock already are named; a code of another product of the operator counts too', async () => {
  await take(file(row(1, 11), row(2, 12), row(3, 26)))
  const result = await take(file(row(10, 20), row(2, 21), row(11, 26, 'ATLAS-10'), row(12, 12)))
  expect(result).toEqual({
    problems: [
      { line: 3, field: 'serial', rule: 'serial-in-stock' },
      { line: 4, field: 'code', rule: 'code-in-stock' },
      { line: 5, field: 'code', rule: 'code-in-stock' },
    ],
  })
  expect(await vault.count('sealed_lot')).toBe(1)
})

test('problems stop at twenty', async () => {
  const rows = Array.from({ length: 50 }, (_, i) => row(1 + i, 100 + i))
  await take(file(...rows))
  const result = await take(file(...rows, row(999, 999)))
  expect('problems' in result && result.problems.length).toBe(20)
})

test('the same file is known again, packed or not, even where its codes are in stock', async () => {
  const content = file(row(1, 11), row(2, 12))
  await take(content)
  const known = {
    alreadyKnown: true,
    codes: 2,
    lots: [{ lot: 'L000001', product: 'ATLAS-5', codes: 2, expiresOn: EXPIRES }],
  }
  expect(await take(content)).toEqual(known)
  expect(await take(gzipSync(content))).toEqual(known)
  expect(await vault.count('sealed_pack')).toBe(1)
})

test('a file of another size than was said changed while it was read', async () => {
  const content = file(row(1, 11))
  for (const sizeBytes of [content.length + 1, content.length - 1])
    expect(await take(content, { sizeBytes })).toEqual({
      problems: [{ line: 0, field: 'file', rule: 'file-changed' }],
    })
  expect(await nothingTaken()).toBe(true)
})

test('a damaged archive is refused, and an upload that breaks off takes nothing', async () => {
  const packed = gzipSync(file(...Array.from({ length: 2_000 }, (_, i) => row(i, i * 7))))
  const cut = packed.subarray(0, packed.length - 20)
  for (const bad of [cut, Buffer.concat([packed.subarray(0, 500), Buffer.alloc(500, 7)])])
    expect(await take(bad)).toMatchObject({
      problems: expect.arrayContaining([{ line: 0, field: 'file', rule: 'binary-file' }]),
    })
  async function* broken() {
    yield Buffer.from(file(row(1, 11)))
    throw new Error('the line was cut')
  }
  const admission = { fileName: 'x', sizeBytes: 100, activated: false, actor: 'amel' }
  await expect(importStockFile(vault.needs, admission, broken())).rejects.toThrow('the line was cut')
  expect(await nothingTaken()).toBe(true)
})

test('two different codes that share a fingerprint are both taken, and one that is the same is refused', async () => {
  const [one, other] = sharedFingerprint()
  expect(await take(file(row(1, one), row(2, other)))).toMatchObject({ codes: 2 })
  expect(await take(file(row(3, 5), row(4, other)))).toEqual({
    problems: [{ line: 3, field: 'code', rule: 'code-in-stock' }],
  })
})

/** Two codes that meet in 40 bits: among three million there are some four pairs. */
function sharedFingerprint(): [number, number] {
  const count = 3_000_000
  const size = packedSize(14)
  const packed = Buffer.alloc(count * size)
  for (let i = 0; i < count; i++) packDigits(Buffer.from(String(i * 31).padStart(14, '0')), packed, i * size)
  const { party, keys } = vault.needs
  const fingerprints = fingerprintsOf(keys.fingerprint, party, packed, 14)
  const sorted = fingerprints.toSorted()
  const pair = sorted.findIndex((fingerprint, at) => fingerprint === sorted[at + 1])
  if (pair === -1) throw new Error('no pair in three million codes: one time in sixty')
  const one = fingerprints.indexOf(sorted[pair]!)
  return [one * 31, fingerprints.indexOf(sorted[pair]!, one + 1) * 31]
}

test('the database holds no code of the file, open or packed', async () => {
  const code = 12_345_678_901_234
  await take(file(row(1, code)))
  const packed = Buffer.alloc(packedSize(14))
  packDigits(Buffer.from(String(code)), packed)
  const { rows } = await vault.vaultDatabase.pool('owner').query(`
    SELECT (SELECT string_agg(t::text, '') FROM sealed_pack t) || (SELECT string_agg(t::text, '') FROM sealed_lot t)
        || (SELECT string_agg(t::text, '') FROM stock_fingerprint t) AS text`)
  expect(rows[0].text).toContain('000001')
  expect(rows[0].text).not.toContain(packed.toString('hex'))
  expect(rows[0].text).not.toContain(String(code))
})

test('a code that came before fingerprints had 40 bits is known by their first 32', async () => {
  await take(file(row(1, 500), row(2, 501)))
  await vault.vaultDatabase.pool('owner').query(`
    INSERT INTO code_fingerprint (fingerprint, pack, place)
    SELECT ((fingerprint >> 8) & 4294967295)::bit(32)::int, pack, place FROM stock_fingerprint;
    DELETE FROM stock_fingerprint`)
  expect(await take(file(row(3, 501), row(4, 502)))).toEqual({
    problems: [{ line: 2, field: 'code', rule: 'code-in-stock' }],
  })
  expect(await take(file(row(4, 502)))).toMatchObject({ codes: 1 })
})

test('codes are known until thirty days after their last day, and go when others come', async () => {
  await take(file(row(1, 500, 'ATLAS-5', '2027-01-31'), row(2, 501), row(3, 502, 'ATLAS-5', '2027-01-30')))
  const at = (day: string) => {
    vault = { ...vault, needs: { ...vault.needs, clock: { nowMs: () => Date.parse(`${day}T12:00:00Z`) } } }
  }
  at('2027-03-01')
  expect(await take(file(row(4, 600)))).toMatchObject({ codes: 1 })
  expect(await vault.count('stock_fingerprint')).toBe(4)
  at('2027-03-02')
  expect(await take(file(row(5, 601)))).toMatchObject({ codes: 1 })
  expect(await vault.count('stock_fingerprint')).toBe(4)
  at('2027-03-03')
  // One lot with each that comes; what is forgotten may come again.
  expect(await take(file(row(6, 500)))).toMatchObject({ codes: 1 })
  expect(await take(file(row(7, 501)))).toMatchObject({ problems: [{ rule: 'code-in-stock' }] })
  const { rows } = await vault.vaultDatabase
    .pool('owner')
    .query('SELECT count(*)::int AS n FROM sealed_lot WHERE forgotten_at IS NOT NULL')
  expect(rows).toEqual([{ n: 2 }])
})
