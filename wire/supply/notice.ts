// Notices ride in the standing of any answer. A number below 128 must be understood: a terminal that does not stops
// selling and says that it needs an update. Others may be skipped. So a centre can tell terminals of today what only
// tomorrow's know. A notice of a known number whose bytes are not of its shape is one that was not understood.

import { cardId } from '@scratchless/voucher/ids'
import { productId } from '@scratchless/voucher/product'
import {
  type ContentOf,
  decodeShape,
  encodeShape,
  integer,
  list,
  MAX_LEVEL,
  named,
  oneOf,
  record,
  type Shape,
  seconds,
  text,
} from '../compact/shape.ts'
import { countedNumber, keyCount, u32 } from './line-fields.ts'
import type { Standing } from './standing.ts'
import { MAX_CODES_PER_ORDER } from './supply-order.ts'

const nothing = record({})

const shapes = {
  /** Ask for a renewal of the certificate before anything else. Its content is no byte at all. */
  'renew-now': nothing,
  /** The level of this centre, to a terminal that asked below it: it may speak higher again. */
  'centre-level': record({ level: integer(1, MAX_LEVEL) }),
  /** A state report and the sales, now. */
  'report-now': nothing,
  /** Shown to the owner as long as it comes. */
  message: record({ text: text(1, 200) }),
  /** A proposal: order this. Answered by a proposal answer. */
  proposal: record({
    number: u32,
    validUntilS: seconds,
    lines: list(record({ product: named(productId), quantity: integer(1, MAX_CODES_PER_ORDER) }), 1, 12),
  }),
  /** What became of one code that a customer complained about. */
  'claim-verdict': record({
    /** The sequence of the claim, and the code's place in it. */
    claimSequence: countedNumber,
    place: integer(0, 19),
    verdict: oneOf(['open', 'unused-replaced', 'unused-credited', 'used', 'refused']),
    atS: seconds,
  }),
  /** A card gave more keys than sales were reported of it. */
  'key-gap': record({ card: named(cardId), given: keyCount, reported: keyCount }),
} as const

type Shapes = typeof shapes
type NoticeName = keyof Shapes
export type Notice = {
  [N in NoticeName]: { readonly notice: N } & ContentOf<Shapes[N]>
}[NoticeName]

const NUMBER: Readonly<Record<NoticeName, number>> = {
  'renew-now': 1,
  'centre-level': 128,
  'report-now': 129,
  message: 130,
  proposal: 131,
  'claim-verdict': 132,
  'key-gap': 133,
}
/** From here on a notice may be skipped. */
const FIRST_TO_SKIP = 128

type OnLine = Standing['notices'][number]

export const notices = {
  /** A notice as it stands in a standing. Throws a Misshapen where it is outside its bounds. */
  write: writeNotice,
  /** What a standing's notices say; `update-needed`: one of them must be understood and is not. */
  read: readNotices,
}

function writeNotice(notice: Notice): OnLine {
  const shape = shapes[notice.notice] as unknown as Shape<Notice>
  const content = notice.notice === 'renew-now' ? new Uint8Array(0) : encodeShape(shape, notice)
  return { number: NUMBER[notice.notice], content }
}

function readNotices(said: readonly OnLine[]): readonly Notice[] | 'update-needed' {
  const read = said.map(readNotice)
  const missed = said.some(({ number }, index) => number < FIRST_TO_SKIP && read[index] === undefined)
  return missed ? 'update-needed' : read.filter((notice) => notice !== undefined)
}

function readNotice({ number, content }: OnLine): Notice | undefined {
  const name = (Object.keys(NUMBER) as NoticeName[]).find((one) => NUMBER[one] === number)
  if (name === undefined) return undefined
  if (name === 'renew-now') return content.length === 0 ? { notice: name } : undefined
  const said = decodeShape(shapes[name] as unknown as Shape<object>, content)
  return said === undefined ? undefined : ({ notice: name, ...said } as Notice)
}
