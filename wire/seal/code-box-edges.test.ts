// Beside the vectors: the bounds of the code box, what it leaves behind, and that one key meets one code.

import * as crypto from 'node:crypto'
import { lotId, operatorId, terminalId } from '@scratchless/voucher/ids'
import { packedSize } from '@scratchless/voucher/packed-code'
import { productId } from '@scratchless/voucher/product'
import type { SealedCode } from '@scratchless/voucher/sealed-code'
import { serialNumber } from '@scratchless/voucher/serial'
import * as traces from '@scratchless/voucher/wiped-traces'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { decodeCbor } from '../compact/cbor.ts'
import { codeKey } from '../testing/as-card.ts'
import { encodeContext, openCode, type RunContext, SAFE_KEY_BYTES, sealForTerminal } from './code-box.ts'

vi.mock(import('node:crypto'), async (original) => {
  const real = await original()
  return {
    ...real,
    createSecretKey: vi.fn(real.createSecretKey) as unknown as typeof real.createSecretKey,
    createCipheriv: vi.fn(real.createCipheriv) as unknown as typeof real.createCipheriv,
    createDecipheriv: vi.fn(real.createDecipheriv) as unknown as typeof real.createDecipheriv,
  }
})
vi.mock(import('@scratchless/voucher/wiped-traces'), () => ({ wipeTraces: vi.fn() }))
beforeEach(() => {
  vi.clearAllMocks()
})

const safeKey = crypto.createSecretKey(Buffer.alloc(32, 5))
const context: RunContext = {
  terminal: terminalId('T00001'),
  epoch: 3,
  operator: operatorId('atlas'),
  product: productId('ATLAS-5'),
  lot: lotId('L000001'),
  delivery: 17,
  digits: 14,
}
const serial = serialNumber('000000999998')
const packed = (count: number, digits = 14) => Buffer.alloc(count * packedSize(digits), 1)
const seal = (codes: Uint8Array, of = context, key = safeKey) => sealForTerminal(key, of, serial, codes)
const key = () => codeKey(safeKey, { ...context, serial })
const open = (sealed: Uint8Array, digits = 14) => openCode(key(), sealed as SealedCode<'retailer'>, digits)

describe('the context of a code', () => {
  it('is the label and all that binds it, in one order', () => {
    expect(decodeCbor(encodeContext(context, serial))).toEqual([
      'scratchless code 1',
      'T00001',
      3,
      'atlas',
      'ATLAS-5',
      'L000001',
      17,
      '000000999998',
      14,
    ])
  })

  it('has a length that products have, ten to eighteen digits', () => {
    for (const digits of [10, 18]) expect(() => encodeContext({ ...context, digits }, serial)).not.toThrow()
    for (const digits of [9, 19])
      expect(() => encodeContext({ ...context, digits }, serial)).toThrow(
        new RangeError('no product has such codes'),
      )
  })

  it.each([
    ['terminal', { terminal: terminalId('T00002') }],
    ['epoch', { epoch: 4 }],
    ['operator', { operator: operatorId('zenith') }],
    ['product', { product: productId('ATLAS-6') }],
    ['lot', { lot: lotId('L000002') }],
    ['delivery', { delivery: 18 }],
    ['length', { digits: 13 }],
  ])('makes another key where the %s is another', (_what, change) => {
    expect(codeKey(safeKey, { ...context, ...change, serial }).equals(key())).toBe(false)
  })

  it('makes a key from safe keys of 32 bytes only', () => {
    expect(SAFE_KEY_BYTES).toBe(32)
    expect(key().symmetricKeySize).toBe(32)
    for (const size of [16, 31, 33]) {
      const short = crypto.createSecretKey(Buffer.alloc(size))
      expect(() => seal(packed(1), context, short)).toThrow(new TypeError('a safe key has 32 bytes'))
    }
  })
})

describe('sealing', () => {
  it('takes whole packed codes only, and none at all is none', () => {
    expect(seal(packed(3))).toHaveLength(3 * 22)
    expect(seal(packed(2, 16), { ...context, digits: 16 })).toHaveLength(2 * 23)
    expect(seal(packed(0))).toHaveLength(0)
    for (const length of [5, 7, 11])
      expect(() => seal(Buffer.alloc(length))).toThrow(new RangeError('a run has whole packed codes only'))
  })

  it('never uses a key twice, and leaves neither keys nor traces', () => {
    seal(packed(5))
    const keys = vi
      .mocked(crypto.createCipheriv)
      .mock.calls.map(([, used]) => (used as crypto.KeyObject).export().toString('hex'))
    expect(new Set(keys).size).toBe(5)
    const raws = vi.mocked(crypto.createSecretKey).mock.calls.map(([raw]) => raw)
    expect(raws).toEqual(Array.from({ length: 5 }, () => Buffer.alloc(32)))
    expect(traces.wipeTraces).toHaveBeenCalledTimes(1)
  })

  it('ends each code in a tag of 16 bytes under a nonce of zeros', () => {
    seal(packed(1))
    expect(vi.mocked(crypto.createCipheriv).mock.calls.map(([name, , ...rest]) => [name, ...rest])).toEqual([
      ['aes-256-gcm', Buffer.alloc(12), { authTagLength: 16 }],
    ])
  })

  it('ends at the last serial there is', () => {
    const last = serialNumber('999999999999')
    expect(sealForTerminal(safeKey, context, last, packed(1))).toHaveLength(22)
    expect(() => sealForTerminal(safeKey, context, last, packed(2))).toThrow(RangeError)
  })
})

describe('opening', () => {
  it('leaves the packed code zeroed and no traces, whether it opens or not', () => {
    const update = vi.spyOn(crypto.Decipheriv.prototype, 'update')
    const sealed = seal(packed(1))
    const code = open(sealed)
    if (code === 'does-not-open') throw new Error(code)
    const digits = Buffer.alloc(14)
    code.copyDigits(digits)
    expect(digits.toString()).toBe(String(0x010101010101).padStart(14, '0'))
    const altered = Buffer.from(sealed)
    altered[0]! ^= 1
    vi.mocked(traces.wipeTraces).mockClear()
    expect(open(altered)).toBe('does-not-open')
    expect(traces.wipeTraces).toHaveBeenCalledTimes(1)
    expect(open(sealed)).not.toBe('does-not-open')
    expect(traces.wipeTraces).toHaveBeenCalledTimes(2)
    const cameOut = update.mock.results.map(({ value }) => value as unknown)
    update.mockRestore()
    expect(cameOut).toEqual([Buffer.alloc(6), Buffer.alloc(6), Buffer.alloc(6)])
    expect(vi.mocked(crypto.createDecipheriv).mock.calls[0]?.[3]).toEqual({ authTagLength: 16 })
  })

  it('is refused where the number has more digits than the product', () => {
    expect(open(seal(Buffer.alloc(6, 0xff)))).toBe('does-not-open')
  })

  it('is refused at any other length, before a key is tried', () => {
    const sealed = Buffer.from(seal(packed(1)))
    for (const other of [sealed.subarray(1), Buffer.concat([sealed, Buffer.alloc(1)]), Buffer.alloc(0)])
      expect(open(other)).toBe('does-not-open')
    expect(open(sealed, 16)).toBe('does-not-open')
    expect(crypto.createDecipheriv).not.toHaveBeenCalled()
  })
})
