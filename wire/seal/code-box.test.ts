import { createCipheriv, createHmac, createSecretKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { SealedCode } from '@scratchless/voucher/sealed-code'
import { serialAt, serialNumber } from '@scratchless/voucher/serial'
import { decode as cborxDecode } from 'cbor-x'
import { describe, expect, it } from 'vitest'
import { codeKey, sealedCodeAt } from '../testing/as-card.ts'
import { type CodeContext, encodeContext, openCode, sealForTerminal } from './code-box.ts'

interface BoxVector {
  readonly verdict: 'good' | 'does-not-open'
  readonly says?: string
  readonly context: CodeContext
  readonly code?: string
  readonly packed?: string
  readonly encodedContext?: string
  readonly codeKey?: string
  readonly sealed: string
}

const { safeKey: safeKeyHex, vectors } = JSON.parse(
  readFileSync(new URL('../../vectors/seal/index.json', import.meta.url), 'utf8'),
) as { safeKey: string; vectors: BoxVector[] }
const safeKey = createSecretKey(Buffer.from(safeKeyHex, 'hex'))
const good = vectors.filter(({ verdict }) => verdict === 'good')
const bad = vectors.filter(({ verdict }) => verdict !== 'good')
const bytes = (hex: string) => Buffer.from(hex, 'hex')

function open(vector: BoxVector, sealed = vector.sealed) {
  return openCode(
    codeKey(safeKey, vector.context),
    bytes(sealed) as Uint8Array as SealedCode<'retailer'>,
    vector.context.digits,
  )
}

describe('the code box', () => {
  it.each(good)('of serial $context.serial ($context.product) opens to its code', (vector) => {
    const code = open(vector)
    if (code === 'does-not-open') throw new Error(code)
    const digits = Buffer.alloc(vector.context.digits)
    code.copyDigits(digits)
    expect(digits.equals(Buffer.from(vector.code!, 'latin1'))).toBe(true)
  })

  it.each(good)(
    'of serial $context.serial ($context.product) is what the page says, by other hands',
    (vector) => {
      const { terminal, epoch, operator, product, lot, delivery, serial, digits } = vector.context
      expect(cborxDecode(bytes(vector.encodedContext!))).toEqual([
        'scratchless code 1',
        terminal,
        epoch,
        operator,
        product,
        lot,
        delivery,
        serial,
        digits,
      ])
      const key = createHmac('sha256', bytes(safeKeyHex)).update(bytes(vector.encodedContext!)).digest()
      expect(key.toString('hex')).toBe(vector.codeKey)
      const cipher = createCipheriv('aes-256-gcm', key, Buffer.alloc(12), { authTagLength: 16 })
      const box = Buffer.concat([cipher.update(bytes(vector.packed!)), cipher.final(), cipher.getAuthTag()])
      expect(box.toString('hex')).toBe(vector.sealed)
    },
  )

  it.each(bad)('does not open: $says', (vector) => {
    expect(open(vector)).toBe('does-not-open')
  })

  it('does not open with any bit changed, nor cut anywhere', () => {
    const vector = good[0]!
    const box = bytes(vector.sealed)
    for (let bit = 0; bit < box.length * 8; bit++) {
      const copy = Buffer.from(box)
      copy[bit >> 3]! ^= 1 << (bit & 7)
      expect(open(vector, copy.toString('hex'))).toBe('does-not-open')
    }
    for (let end = 0; end < box.length; end++)
      expect(open(vector, box.subarray(0, end).toString('hex'))).toBe('does-not-open')
  })

  it('seals a run code by code, each under its own serial', () => {
    const { context } = good[0]!
    const first = serialNumber('000000999995')
    const packed = Buffer.alloc(6 * 20)
    for (let i = 0; i < 20; i++) packed[i * 6 + 5] = i
    const run = sealForTerminal(safeKey, context, first, packed)
    for (let i = 0; i < 20; i++) {
      const key = codeKey(safeKey, { ...context, serial: serialAt(first, i) })
      const code = openCode(key, sealedCodeAt(run, i, 14), 14)
      if (code === 'does-not-open') throw new Error(code)
      const target = Buffer.alloc(6)
      code.pack(target)
      expect(target.equals(packed.subarray(i * 6, i * 6 + 6))).toBe(true)
    }
  })

  it('refuses a safe key of another size and a length that no product has', () => {
    const { context } = good[0]!
    const short = createSecretKey(Buffer.alloc(16))
    expect(() => sealForTerminal(short, context, context.serial, Buffer.alloc(6))).toThrow(TypeError)
    expect(() => encodeContext({ ...context, digits: 24 }, context.serial)).toThrow(RangeError)
  })
})
