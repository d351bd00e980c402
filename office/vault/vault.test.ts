import { createSecretKey, randomBytes } from 'node:crypto'
import { fileHolderKey } from '@scratchless/keys/holder-key'
import { generatePair } from '@scratchless/keys/party-keys'
import { centreId, lotId, operatorId } from '@scratchless/voucher/ids'
import { packedSize } from '@scratchless/voucher/packed-code'
import { productId } from '@scratchless/voucher/product'
import { systemRandom } from '@scratchless/voucher/random'
import { sealedSize, subRun } from '@scratchless/voucher/sealed-code'
import { serialAt, serialNumber } from '@scratchless/voucher/serial'
import { expect, test } from 'vitest'
import { BrokenSeal, beginSealing, closePack, openPack } from './closing.ts'
import { fingerprintsOf } from './fingerprint.ts'
import { readLotRecord, writeLotRecord } from './lot-record.ts'

const binding = {
  holderKind: 'centre',
  holder: centreId('centre'),
  operator: operatorId('atlas'),
  product: productId('ATLAS-5'),
  lot: lotId('L000001'),
} as const
const firstSerial = serialNumber('100000000000')
const digits = 14
const codes = (count: number) => randomBytes(count * packedSize(digits))
const holder = fileHolderKey(generatePair('stock'))
const macKey = createSecretKey(randomBytes(32))

test('what was closed opens again, whole or from the middle of a later pack', () => {
  const sealing = beginSealing(binding, systemRandom)
  const [one, two] = [codes(10), codes(5)]
  closePack(sealing, firstSerial, one, digits)
  const later = closePack(sealing, serialAt(firstSerial, 500), two, digits)
  expect(later.firstIndex).toBe(10)
  expect(later.sealed.length).toBe(5 * sealedSize(digits))
  const part = subRun(later.sealed, 2, 3, digits)
  const verified = openPack(sealing.contentKey, binding, serialAt(firstSerial, 502), 12, part, digits)
  expect(verified).toEqual(two.subarray(2 * packedSize(digits)))
})

test('a code moved to another serial, index, holder, lot or product does not open', () => {
  const sealing = beginSealing(binding, systemRandom)
  const { sealed } = closePack(sealing, firstSerial, codes(1), digits)
  const open = (changed: object, serial = firstSerial, index = 0) =>
    openPack(sealing.contentKey, { ...binding, ...changed }, serial, index, sealed, digits)
  expect(open({})).toHaveLength(packedSize(digits))
  expect(() => open({}, serialAt(firstSerial, 1))).toThrow(BrokenSeal)
  expect(() => open({}, firstSerial, 1)).toThrow(BrokenSeal)
  for (const changed of [
    { holder: centreId('other') },
    { holderKind: 'operator' },
    { lot: lotId('L000002') },
    { product: productId('ATLAS-1') },
    { operator: operatorId('sahel') },
  ])
    expect(() => open(changed)).toThrow(BrokenSeal)
  sealed[3]! ^= 1
  expect(() => open({})).toThrow('100000000000')
})

test('a lot record opens for its holder, and not when planted, altered or for another', () => {
  const sealing = beginSealing(binding, systemRandom)
  const record = writeLotRecord('r1', sealing, digits, { holder, macKey })
  const keys = { holder, macKey }
  const verified = readLotRecord(record, keys)
  expect(typeof verified === 'object' && verified.equals(sealing.contentKey)).toBe(true)
  expect(readLotRecord({ ...record, wrappedKey: new Uint8Array(record.wrappedKey) }, keys)).toBeTypeOf(
    'object',
  )

  const planted = writeLotRecord('r1', sealing, digits, {
    holder,
    macKey: createSecretKey(randomBytes(32)),
  })
  expect(readLotRecord(planted, keys)).toBe('not-ours')
  expect(readLotRecord({ ...record, recordId: 'r2' }, keys)).toBe('not-ours')
  expect(readLotRecord({ ...record, codeDigits: 16 }, keys)).toBe('not-ours')
  const other = fileHolderKey(generatePair('stock'))
  expect(readLotRecord(record, { holder: other, macKey })).toBe('not-for-this-key')
})

test('the same code has the same fingerprint, in its length and under its key only', () => {
  const key = createSecretKey(randomBytes(32))
  const packed = Buffer.concat([codes(1), codes(1)])
  packed.copy(packed, 6, 0, 6)
  const [a, b] = fingerprintsOf(key, packed, digits)
  expect(a).toBe(b)
  expect(fingerprintsOf(key, packed, 13)[0]).not.toBe(a)
  expect(fingerprintsOf(createSecretKey(randomBytes(32)), packed, digits)[0]).not.toBe(a)
})
