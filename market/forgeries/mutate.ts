// Mutations of a good message: what lines, attackers and tired programmers do to bytes.

import type { Seeded } from './seeded.ts'

/** Pieces that parsers have tripped over. */
const XML_PIECES = [
  '<!DOCTYPE x [<!ENTITY a "aa">]>',
  '&a;',
  '&#48;',
  '<![CDATA[5]]>',
  '<!-- -->',
  '<?x y?>',
  '<Signature/>',
  ' Id="x"',
  ' xmlns="urn:x"',
  ' xml:space="preserve"',
  '</',
  '/>',
  '<',
  '&',
  ']]>',
  '\u0000',
  '\uFEFF',
  '0',
  ' ',
  '\n',
].map((piece) => Buffer.from(piece))
const CBOR_PIECES = [
  'ff',
  '9f',
  'bf',
  '5f',
  '7f',
  'f97e00',
  'fb',
  '1b0000000000000000',
  'd2',
  'c1',
  'f6',
  '00',
  '40',
  '80',
  'a0',
  '18',
].map((piece) => Buffer.from(piece, 'hex'))

const MOST_STEPS = 4

/** A changed copy: one to four steps of flips, cuts, doublings, insertions and splices from `others`. */
export function mutate(
  good: Buffer,
  others: readonly Buffer[],
  kind: 'xml' | 'compact',
  random: Seeded,
): Buffer {
  let bytes = Buffer.from(good)
  const pieces = kind === 'xml' ? XML_PIECES : CBOR_PIECES
  const steps = 1 + random.below(MOST_STEPS)
  for (let step = 0; step < steps; step++) {
    const at = random.below(bytes.length + 1)
    const to = Math.min(bytes.length, at + 1 + random.below(random.chance(0.8) ? 8 : 400))
    const other = random.pick(others)
    switch (random.below(7)) {
      case 0:
        if (at < bytes.length) bytes[at]! ^= 1 << random.below(8)
        break
      case 1:
        if (at < bytes.length) bytes[at] = random.below(256)
        break
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(to)])
        break
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, to), bytes.subarray(at)])
        break
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), random.pick(pieces), bytes.subarray(at)])
        break
      case 5: {
        const from = random.below(other.length)
        const piece = other.subarray(from, from + 1 + random.below(200))
        bytes = Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(random.chance(0.5) ? to : at)])
        break
      }
      default:
        bytes = bytes.subarray(0, at)
    }
    if (bytes.length === 0) return Buffer.from([random.below(256)])
  }
  return bytes
}
