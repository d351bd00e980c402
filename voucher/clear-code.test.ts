import { inspect } from 'node:util'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ClearCode } from './clear-code.ts'
import { wipeTraces } from './wiped-traces.ts'

vi.mock(import('./wiped-traces.ts'), async (original) => {
  const { wipeTraces } = await original()
  return { wipeTraces: vi.fn(wipeTraces) }
})

const ascii = (text: string) => Buffer.from(text, 'latin1')
const DIGITS = '01234567890123'

beforeEach(() => {
  vi.mocked(wipeTraces).mockClear()
})

describe('an open code', () => {
  it('prints as [code] on every way into text', () => {
    const code = ClearCode.fromAscii(ascii(DIGITS))
    expect([`${code}`, String(code), JSON.stringify({ code }), inspect({ code })]).toEqual([
      '[code]',
      '[code]',
      '{"code":"[code]"}',
      '{ code: [code] }',
    ])
    expect(Object.keys(code)).toEqual([])
  })

  it('hands out its digits, all of them or some, where it is told to', () => {
    const code = ClearCode.fromAscii(ascii(DIGITS))
    expect(code.digits).toBe(14)
    const target = Buffer.alloc(16, 0x78)
    code.copyDigits(target)
    expect(target.toString('latin1')).toBe(`${DIGITS}xx`)
    target.fill(0x78)
    code.copyDigits(target, 1, 4, 8)
    expect(target.toString('latin1')).toBe('x4567xxxxxxxxxxx')
    target.fill(0x78)
    code.copyDigits(target, 0, 10)
    expect(target.toString('latin1')).toBe('0123xxxxxxxxxxxx')
  })

  it('packs itself at an offset, says how far it went, and comes back from there', () => {
    const target = Buffer.alloc(8, 0xaa)
    expect(ClearCode.fromAscii(ascii(DIGITS)).pack(target, 1)).toBe(6)
    expect(target.toString('hex')).toBe('aa011f71fb04cbaa')
    const packed = target.subarray(1, 7)
    const again = ClearCode.fromPacked(packed, 14)
    const digits = Buffer.alloc(14)
    again.copyDigits(digits)
    expect(digits.toString('latin1')).toBe(DIGITS)
    expect(packed.equals(Buffer.alloc(6))).toBe(true)
    expect(again.pack(target)).toBe(6)
    expect(target.toString('hex', 0, 6)).toBe('011f71fb04cb')
  })

  it.each(['0123456789012/', '0123456789012:', 'x1234567890123'])(
    'is none with another byte than a digit (%s), and nothing of it is left',
    (text) => {
      const given = ascii(text)
      expect(() => ClearCode.fromAscii(given)).toThrow(new TypeError('a code has digits only'))
      expect(given.equals(Buffer.alloc(14))).toBe(true)
    },
  )

  it('is none where the packed number has more digits', () => {
    const packed = Buffer.alloc(6, 0xff)
    expect(() => ClearCode.fromPacked(packed, 14)).toThrow(
      new TypeError('the packed code has too many digits'),
    )
    expect(packed.equals(Buffer.alloc(6))).toBe(true)
  })

  it('is zeroed by wiping it, and by leaving the block that uses it, and its traces with it', () => {
    const wiped = ascii(DIGITS)
    ClearCode.fromAscii(wiped).wipe()
    expect(wiped.equals(Buffer.alloc(14))).toBe(true)
    expect(wipeTraces).toHaveBeenCalledTimes(1)
    const used = ascii(DIGITS)
    {
      using code = ClearCode.fromAscii(used)
      expect(code.digits).toBe(14)
    }
    expect(used.equals(Buffer.alloc(14))).toBe(true)
    expect(wipeTraces).toHaveBeenCalledTimes(2)
  })
})
