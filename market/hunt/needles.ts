// What a code looks like wherever it should not be: every way in which a program is likely to hold or write it.
// All of them together make one index, so that a gigabyte is read once.

import { packDigits, packedSize } from '@scratchless/voucher/packed-code'

/** One look of one code. */
export interface Needle {
  /** Which of the known codes. */
  readonly code: number
  readonly look: string
  readonly bytes: Buffer
  /** Only where no digit stands before or after: numbers in groups of five hold groups of four. */
  readonly alone: boolean
}

/** Shorter needles would be found by chance in random bytes: ten thousand of six bytes, once in 28 GB of noise. */
export const SHORTEST_NEEDLE_BYTES = 6

interface Code {
  readonly ascii: Buffer
  readonly packed: Buffer
}

const TICKET_LINES = "a ticket's lines"

const looks: Readonly<Record<string, (code: Code) => readonly Buffer[]>> = {
  digits: ({ ascii }) => [ascii],
  'groups of four': ({ ascii }) => [grouped(ascii, ' '), grouped(ascii, '-')],
  // A ticket prints two groups a line, with the printer's commands between the lines.
  [TICKET_LINES]: ({ ascii }) =>
    [ascii.subarray(0, 8), ascii.subarray(8, 16)]
      // Six digits would be a year and an hour.
      .filter((line) => line.length === 8)
      .map((line) => grouped(line, ' ')),
  'hex of the digits': ({ ascii }) => [Buffer.from(ascii.toString('hex'))],
  'base64 of the digits': ({ ascii }) => base64AtAllAlignments(ascii),
  // Without the last zero byte, little-endian UTF-16 lies within big-endian as well.
  'UTF-16': ({ ascii }) => [Buffer.from(ascii.toString('latin1'), 'utf16le').subarray(0, -1)],
  'list of bytes': ({ ascii }) => [Buffer.from([...ascii].join(','))],
  packed: ({ packed }) => [packed],
  'hex of the packed': ({ packed }) => hexBothCases(packed),
  // Of every three packed codes in a row one starts where a base64 group does.
  'base64 of the packed': ({ packed }) => [Buffer.from(packed.subarray(0, 6).toString('base64'))],
  'whole number': ({ packed }) => [Buffer.from(packed).reverse()],
  'floating-point number': ({ ascii }) => floating(ascii),
}

export const LOOKS = Object.keys(looks)

/** All looks of all codes; codes are ASCII digits. */
export function needlesOf(codes: readonly Buffer[]): Needle[] {
  return codes.flatMap((ascii, code) => {
    const packed = Buffer.alloc(packedSize(ascii.length))
    packDigits(ascii, packed)
    return Object.entries(looks).flatMap(([look, make]) =>
      make({ ascii, packed })
        .filter((bytes) => bytes.length >= SHORTEST_NEEDLE_BYTES)
        .map((bytes) => ({ code, look, bytes, alone: look === TICKET_LINES })),
    )
  })
}

function grouped(ascii: Buffer, separator: string): Buffer {
  return Buffer.from(ascii.toString('latin1').replace(/(.{4})(?=.)/g, `$1${separator}`))
}

function hexBothCases(bytes: Buffer): Buffer[] {
  const hex = bytes.toString('hex')
  return [...new Set([hex, hex.toUpperCase()])].map((text) => Buffer.from(text))
}

/** The characters of base64 that the digits alone decide, wherever in a longer text they lie. */
function base64AtAllAlignments(ascii: Buffer): Buffer[] {
  return [0, 1, 2].map((before) => {
    const skipped = (3 - before) % 3
    const whole = ascii.subarray(skipped, skipped + 3 * Math.floor((ascii.length - skipped) / 3))
    return Buffer.from(whole.toString('base64'))
  })
}

/** IEEE 754, where the number is exact. */
function floating(ascii: Buffer): Buffer[] {
  const value = Number(ascii.toString('latin1'))
  if (!Number.isSafeInteger(value)) return []
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return [bytes]
}
