import { createCipheriv, createHash, createSecretKey, randomBytes } from 'node:crypto'
import { fileHolderKey } from '@scratchless/keys/holder-key'
import { generatePair } from '@scratchless/keys/party-keys'
import { centreId, lotId, operatorId } from '@scratchless/voucher/ids'
import { packedSize } from '@scratchless/voucher/packed-code'
import { productId } from '@scratchless/voucher/product'
import { systemRandom } from '@scratchless/voucher/random'
import { sealedSize } from '@scratchless/voucher/sealed-code'
import { serialAt, serialNumber } from '@scratchless/voucher/serial'
import { expect, test } from 'vitest'
import {
  BrokenSeal,
  beginSealing,
  closePack,
  openPack,
  type SealedPack,
  type Sealing,
  sealedPack,
} from './closing.ts'
import { fingerprintsOf, shortFingerprint } from './fingerprint.ts'
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
  const earlier = closePack(sealing, firstSerial, one, digits)
  const later = closePack(sealing, serialAt(firstSerial, 500), two, digits)
  expect([earlier.firstIndex, later.firstIndex, sealing.nextIndex]).toEqual([0, 10, 15])
  expect(later.sealed.length).toBe(5 * packedSize(digits) + 16)
  const open = (place: number, count: number) =>
    openPack(sealing.contentKey, binding, later, { place, count }, digits)
  expect(open(2, 3)).toEqual(two.subarray(2 * packedSize(digits)))
  expect(open(0, 1)).toEqual(two.subarray(0, packedSize(digits)))
  expect(open(0, 5)).toEqual(two)
  for (const [place, count] of [
    [-1, 1],
    [0, 0],
    [5, 1],
    [3, 3],
    [0.5, 1],
  ] as const)
    expect(() => open(place, count)).toThrow('a pack has no such codes')
})

/** As the first release closed a pack: each code for itself. */
function closeEach(sealing: Sealing<'centre'>, packed: Buffer): SealedPack<'centre'> {
  const size = packedSize(digits)
  const { holderKind, holder, operator, product, lot } = sealing.binding
  const names = `scratchless closing 1\0${holderKind}\0${holder}\0${operator}\0${product}\0${lot}\0`
  const sealed = Array.from({ length: packed.length / size }, (_, place) => {
    const [nonce, serial] = [Buffer.alloc(12), Buffer.alloc(8)]
    nonce.writeUInt32BE(sealing.nextIndex + place, 8)
    serial.writeBigUInt64BE(BigInt(firstSerial) + BigInt(place))
    const cipher = createCipheriv('aes-256-gcm', sealing.contentKey, nonce, { authTagLength: 16 })
    cipher.setAAD(Buffer.concat([Buffer.from(names), serial]))
    const closed = cipher.update(packed.subarray(place * size, (place + 1) * size))
    cipher.final()
    return Buffer.concat([closed, cipher.getAuthTag()])
  })
  const count = sealed.length
  return sealedPack(
    { firstSerial, firstIndex: sealing.nextIndex, count, sealed: Buffer.concat(sealed) },
    digits,
  )
}

test('what the first release closed opens, code by code, and a changed code spoils no other', () => {
  const sealing = { ...beginSealing(binding, systemRandom), nextIndex: 7 }
  const packed = codes(6)
  const pack = closeEach(sealing, packed)
  const open = (place: number, count: number) =>
    openPack(sealing.contentKey, binding, pack, { place, count }, digits)
  expect(open(0, 6)).toEqual(packed)
  expect(open(2, 3)).toEqual(packed.subarray(2 * packedSize(digits), 5 * packedSize(digits)))
  pack.sealed[3 * sealedSize(digits)]! ^= 1
  expect(open(0, 3)).toEqual(packed.subarray(0, 3 * packedSize(digits)))
  expect(() => open(2, 3)).toThrow(new BrokenSeal(serialAt(firstSerial, 3)))
})

test('a box is bound to its names, its first serial and its number of codes, byte for byte', () => {
  const sealing = { ...beginSealing(binding, systemRandom), nextIndex: 0x01020304 }
  const packed = codes(3)
  const { sealed } = closePack(sealing, firstSerial, packed, digits)
  const data = Buffer.concat([
    Buffer.from('scratchless closing 2\0centre\0centre\0atlas\0ATLAS-5\0L000001\0'),
    Buffer.from('000000174876e80000000003', 'hex'),
  ])
  const nonce = Buffer.from('000000000000000001020304', 'hex')
  const cipher = createCipheriv('aes-256-gcm', sealing.contentKey, nonce, { authTagLength: 16 }).setAAD(data)
  const closed = Buffer.concat([cipher.update(packed), cipher.final()])
  expect(Buffer.from(sealed)).toEqual(Buffer.concat([closed, cipher.getAuthTag()]))
})

test('a pack of one code is closed as the first release closed it', () => {
  const sealing = beginSealing(binding, systemRandom)
  const packed = codes(1)
  expect(closeEach(sealing, packed).sealed).toEqual(closePack(sealing, firstSerial, packed, digits).sealed)
})

test.each([1, 3])(
  'a pack of %i moved to another serial, index, holder, lot or product does not open',
  (count) => {
    const sealing = beginSealing(binding, systemRandom)
    const pack = closePack(sealing, firstSerial, codes(count), digits)
    const open = (changed: object, moved: object = {}) =>
      openPack(
        sealing.contentKey,
        { ...binding, ...changed },
        { ...pack, ...moved },
        { place: 0, count: 1 },
        digits,
      )
    expect(open({})).toHaveLength(packedSize(digits))
    expect(() => open({}, { firstSerial: serialAt(firstSerial, 1) })).toThrow(BrokenSeal)
    expect(() => open({}, { firstIndex: 1 })).toThrow(BrokenSeal)
    for (const changed of [
      { holder: centreId('other') },
      { holderKind: 'operator' },
      { lot: lotId('L000002') },
      { product: productId('ATLAS-1') },
      { operator: operatorId('sahel') },
    ])
      expect(() => open(changed)).toThrow(BrokenSeal)
    expect(() =>
      openPack(beginSealing(binding, systemRandom).contentKey, binding, pack, { place: 0, count: 1 }, digits),
    ).toThrow(BrokenSeal)
    pack.sealed[3]! ^= 1
    expect(() => open({})).toThrow('100000000000')
  },
)

test('a box of fewer codes than it was closed with, or of one more, does not open', () => {
  const sealing = beginSealing(binding, systemRandom)
  const pack = closePack(sealing, firstSerial, codes(3), digits)
  const shorter = Buffer.from(pack.sealed.subarray(packedSize(digits)))
  const open = (count: number, sealed: Uint8Array) =>
    openPack(
      sealing.contentKey,
      binding,
      sealedPack({ ...pack, count, sealed }, digits),
      { place: 0, count: 1 },
      digits,
    )
  expect(() => open(2, shorter)).toThrow(BrokenSeal)
  expect(() => open(4, Buffer.concat([Buffer.alloc(packedSize(digits)), pack.sealed]))).toThrow(BrokenSeal)
  for (const sealed of [pack.sealed.subarray(1), Buffer.alloc(pack.sealed.length + 1), Buffer.alloc(0)])
    expect(() => open(3, sealed)).toThrow('a pack is one box')
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

test('the same code has the same fingerprint, in its length, of its operator and under its key only', () => {
  const key = createSecretKey(randomBytes(32))
  const { operator } = binding
  const packed = Buffer.concat([codes(1), codes(1)])
  packed.copy(packed, 6, 0, 6)
  const [a, b] = fingerprintsOf(key, operator, packed, digits)
  expect(a).toBe(b)
  expect(fingerprintsOf(key, operator, packed, 13)[0]).not.toBe(a)
  expect(fingerprintsOf(createSecretKey(randomBytes(32)), operator, packed, digits)[0]).not.toBe(a)
  // Another's under the same key would differ in what stands before.
  const other = fingerprintsOf(key, operatorId('sahel'), packed, digits)[0]!
  expect(other).not.toBe(a)
  expect(other % 2 ** 40).toBe(a! % 2 ** 40)
})

test('a fingerprint is 40 bits of the code’s block behind twelve of what it is of, and its first 32 those of before', () => {
  const key = createSecretKey(randomBytes(32))
  const packed = codes(50)
  for (const [index, fingerprint] of fingerprintsOf(key, binding.operator, packed, digits).entries()) {
    const size = packedSize(digits)
    const block = Buffer.concat([
      Buffer.of(digits),
      packed.subarray(index * size, (index + 1) * size),
      Buffer.alloc(15 - size),
    ])
    const enciphered = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false).update(block)
    const space = createHash('sha256').update('atlas 14').digest().readUInt16BE() % 4096
    expect(fingerprint).toBe(space * 2 ** 40 + enciphered.readUIntBE(0, 5))
    expect(Number.isSafeInteger(fingerprint)).toBe(true)
    expect(shortFingerprint(fingerprint)).toBe(enciphered.readInt32BE())
  }
})
