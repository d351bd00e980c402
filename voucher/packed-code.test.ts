import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { packDigits, packedSize, unpackDigits } from './packed-code.ts'

const ascii = (text: string) => Buffer.from(text, 'latin1')
const anyDigits = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 18 })

describe('the packed form', () => {
  it('has as many bytes as the largest code of a length needs, and none more', () => {
    for (let digits = 1; digits <= 18; digits++) {
      const largest = (10n ** BigInt(digits) - 1n).toString(16)
      expect(packedSize(digits), `${digits} digits`).toBe(Math.ceil(largest.length / 2))
    }
    expect([packedSize(14), packedSize(16)]).toEqual([6, 7])
  })

  it('is the digits as one big-endian number', () => {
    const target = Buffer.alloc(6)
    expect(packDigits(ascii('00000000000256'), target)).toBe(true)
    expect(target.toString('hex')).toBe('000000000100')
    fc.assert(
      fc.property(anyDigits, (digits) => {
        const text = digits.join('')
        // Dirty, so that what stood there before must not shine through.
        const packed = Buffer.alloc(packedSize(text.length), 0xff)
        expect(packDigits(ascii(text), packed)).toBe(true)
        expect(BigInt(`0x${packed.toString('hex')}`)).toBe(BigInt(text))
      }),
    )
  })

  it('comes back as the same digits, leading zeros and all, and is left zeroed', () => {
    fc.assert(
      fc.property(anyDigits, (digits) => {
        const text = digits.join('')
        const packed = Buffer.alloc(packedSize(text.length))
        packDigits(ascii(text), packed)
        const target = Buffer.alloc(text.length + 2, 0x78)
        expect(unpackDigits(packed, text.length, target)).toBe(true)
        expect(target.toString('latin1')).toBe(`${text}xx`)
        expect(packed.equals(Buffer.alloc(packed.length))).toBe(true)
      }),
    )
  })

  it('is written at its offset, and its neighbours stay', () => {
    const target = Buffer.alloc(10, 0xaa)
    packDigits(ascii('00000000000001'), target, 2)
    expect(target.toString('hex')).toBe('aaaa000000000001aaaa')
  })

  it.each([
    ['the byte below 0', '1234567890123/'],
    ['the byte above 9', '1234567890123:'],
    ['a letter in front', 'x9999999999999'],
  ])('refuses %s, with nothing of the code left and the neighbours untouched', (_what, text) => {
    const target = Buffer.alloc(10, 0xaa)
    expect(packDigits(ascii(text), target, 2)).toBe(false)
    expect(target.toString('hex')).toBe('aaaa000000000000aaaa')
  })

  it('refuses a number of more digits, and wipes both sides', () => {
    const most = Buffer.from((10n ** 14n - 1n).toString(16).padStart(12, '0'), 'hex')
    const oneMore = Buffer.from((10n ** 14n).toString(16).padStart(12, '0'), 'hex')
    const target = Buffer.alloc(16, 0x78)
    expect(unpackDigits(most, 14, target)).toBe(true)
    expect(target.toString('latin1')).toBe('99999999999999xx')
    expect(unpackDigits(oneMore, 14, target)).toBe(false)
    expect(target.equals(Buffer.concat([Buffer.alloc(14), ascii('xx')]))).toBe(true)
    expect(oneMore.equals(Buffer.alloc(6))).toBe(true)
    const largest = Buffer.alloc(6, 0xff)
    expect(unpackDigits(largest, 14, target)).toBe(false)
    expect(largest.equals(Buffer.alloc(6))).toBe(true)
  })
})
