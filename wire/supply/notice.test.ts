import { cardId } from '@scratchless/voucher/ids'
import { productId } from '@scratchless/voucher/product'
import { expect, test } from 'vitest'
import { encodeCbor } from '../compact/cbor.ts'
import { Misshapen } from '../compact/shape.ts'
import { type Notice, notices } from './notice.ts'

const all: [number, Notice][] = [
  [1, { notice: 'renew-now' }],
  [128, { notice: 'centre-level', level: 255 }],
  [129, { notice: 'report-now' }],
  [130, { notice: 'message', text: 'x'.repeat(200) }],
  [
    131,
    {
      ...{ notice: 'proposal', number: 7, validUntilS: 9 },
      lines: Array.from({ length: 12 }, (_, n) => ({ product: productId(`AB-${n}`), quantity: 1_000 })),
    },
  ],
  [132, { notice: 'claim-verdict', claimSequence: 1, place: 19, verdict: 'refused', atS: 9 }],
  [133, { notice: 'key-gap', card: cardId('C0000001'), given: Number.MAX_SAFE_INTEGER, reported: 0 }],
]

test.each(all)('%i says what it said', (number, notice) => {
  const written = notices.write(notice)
  expect(written.number).toBe(number)
  expect(notices.read([written])).toEqual([notice])
})

test('a renewal is asked for without a byte, a report with an empty array', () => {
  expect(notices.write({ notice: 'renew-now' }).content).toHaveLength(0)
  expect(notices.write({ notice: 'report-now' }).content).toEqual(encodeCbor([]))
})

test('below 128 an unknown notice asks for an update, from there on it is skipped', () => {
  const unknown = (number: number) => ({ number, content: Buffer.of(0x80) })
  const known = notices.write({ notice: 'centre-level', level: 2 })
  for (const number of [0, 2, 127]) expect(notices.read([known, unknown(number)])).toBe('update-needed')
  for (const number of [134, 200, 65_535])
    expect(notices.read([unknown(number), known])).toEqual([{ notice: 'centre-level', level: 2 }])
})

test('a known notice whose bytes are not of its shape was not understood', () => {
  expect(notices.read([{ number: 1, content: Buffer.of(0x80) }])).toBe('update-needed')
  for (const content of [Buffer.alloc(0), encodeCbor([0]), encodeCbor([1, 1]), Buffer.of(0x81, 0x18, 0x01)])
    expect(notices.read([{ number: 128, content }])).toEqual([])
})

test.each<Notice>([
  { notice: 'centre-level', level: 0 },
  { notice: 'message', text: '' },
  { notice: 'message', text: 'x'.repeat(201) },
  { notice: 'proposal', number: 7, validUntilS: 9, lines: [] },
  { notice: 'claim-verdict', claimSequence: 0, place: 0, verdict: 'open', atS: 9 },
  { notice: 'claim-verdict', claimSequence: 1, place: 20, verdict: 'open', atS: 9 },
  { notice: 'key-gap', card: cardId('C0000001'), given: -1, reported: 0 },
])('outside its bounds none is written: %o', (notice) => {
  expect(() => notices.write(notice)).toThrow(Misshapen)
})
