// How the line grows: what a reader of level 1 makes of a made-up level 2, and the other way round; kinds and notices
// to come.

import { encodeCbor } from '@scratchless/wire/compact/cbor'
import { type Signer, sign1 } from '@scratchless/wire/compact/cose'
import { writeFrame } from '@scratchless/wire/compact/frame'
import { acknowledgementMessage } from '@scratchless/wire/supply/acknowledgement'
import { externalData, KIND, kindName, type Signed } from '@scratchless/wire/supply/envelope'
import { type Notice, notices } from '@scratchless/wire/supply/notice'
import { statusAnswerMessage } from '@scratchless/wire/supply/status-answer'
import { supplyOrderMessage } from '@scratchless/wire/supply/supply-order'
import { supplyRefusalMessage } from '@scratchless/wire/supply/supply-refusal'
import {
  NEXT_LEVEL,
  nextOrderMessage,
  nextRefusalMessage,
  nextStatusAnswerMessage,
} from '../../wire/testing/next-level.ts'
import * as example from '../../wire/testing/supply-examples.ts'
import { received, statusAsked } from './good-messages.ts'
import { answers, asks, good, hex, keep } from './keep-vectors.ts'

const { centreSigner, standing, terminal, terminalSigner } = example

// ---- Requests of a level or kind to come, read by a centre of level 1 ----

const noted = { ...example.supplyOrder(20), note: 'for the feast' }
const next = nextOrderMessage.sign(noted, terminalSigner, asks(30))
const request = {
  kind: 'supply-order',
  from: 'terminal',
  who: terminal,
  sequence: 30,
  answering: null,
} as const
keep('next-level-order', next.frame, {
  ...{ ...request, verdict: 'not-understood' },
  says: 'an order of level 2, which has a field more',
})
keep('next-level-order-to-level-2', next.frame, {
  ...{ ...request, verdict: 'good', readerLevel: NEXT_LEVEL, content: noted },
  says: 'the same order, read by a centre of level 2',
})
const plain = supplyOrderMessage.sign(example.supplyOrder(20), terminalSigner, asks(30))
keep('level-1-order-to-level-2', plain.frame, {
  ...{ ...request, verdict: 'good', readerLevel: NEXT_LEVEL },
  says: 'an order of level 1, read by a centre of level 2: what level 1 lacks reads as empty',
  content: { ...example.supplyOrder(20), note: '' },
})

function signedAs(kind: number, payload: Uint8Array, by: Signer = terminalSigner): Buffer {
  return writeFrame({
    kind,
    sequence: 30,
    message: sign1(payload, externalData(kind, terminal, 30, null), by),
  })
}
const orderLine = [['ATLAS-5', 20, 4_750]]
const orderPayload = (level: number | string, ...more: string[]) =>
  encodeCbor([level, example.NOW_S + 86_400, 0, orderLine, ...more])
function levelled(name: string, verdict: 'not-understood' | 'unacceptable', says: string, frame: Buffer) {
  const kind = kindName({ kind: frame[0]! })!
  keep(name, frame, { ...request, kind, verdict, says })
}
levelled(
  'level-255-nothing-else',
  'not-understood',
  'an order of the highest level that there can be, of a shape that nobody knows yet',
  signedAs(KIND['supply-order'], encodeCbor([255])),
)
levelled(
  'bad-next-level-field-at-level-1',
  'unacceptable',
  'well signed; level 1, and the field that only level 2 has',
  signedAs(KIND['supply-order'], orderPayload(1, 'for the feast')),
)
for (const [name, level, says] of [
  ['bad-level-0', 0, 'well signed; level 0'],
  ['bad-level-256', 256, 'well signed; level 256'],
  ['bad-level-text', '1', 'well signed; the level is text'],
] as const)
  levelled(name, 'unacceptable', says, signedAs(KIND['supply-order'], orderPayload(level)))
levelled(
  'bad-level-0-nothing-to-choose',
  'unacceptable',
  'well signed; level 0, and nothing else wrong: a status request',
  signedAs(KIND['status-request'], encodeCbor([0, 29])),
)
levelled(
  'bad-level-missing',
  'unacceptable',
  'well signed; no level before its fields',
  signedAs(KIND['supply-order'], encodeCbor([example.NOW_S + 86_400, 0, orderLine])),
)

function ofKind(
  name: string,
  kind: number,
  verdict: 'not-understood' | 'unacceptable',
  says: string,
  frame: Buffer,
) {
  keep(name, frame, { ...request, kind, verdict, says })
}
const something = encodeCbor([1, 'something'])
ofKind(
  'kind-64',
  64,
  'not-understood',
  'a kind that level 1 does not have, well signed',
  signedAs(64, something),
)
ofKind(
  'kind-127',
  127,
  'not-understood',
  'the last kind that there can be, well signed',
  signedAs(127, something),
)
ofKind(
  'bad-kind-64-unsigned',
  64,
  'unacceptable',
  'a kind that level 1 does not have, unsigned',
  writeFrame({ kind: 64, sequence: 30, message: something }),
)
ofKind(
  'bad-kind-64-other-key',
  64,
  'unacceptable',
  'a kind that level 1 does not have, signed by another key under this terminal’s kid',
  signedAs(64, something, {
    kid: terminalSigner.kid,
    sign: (bytes) => example.otherTerminalSigner.sign(bytes),
  }),
)
ofKind(
  'bad-kind-65-signed-as-64',
  65,
  'unacceptable',
  'the frame says kind 65, what is signed says 64',
  Buffer.concat([Buffer.of(65), signedAs(64, something).subarray(1)]),
)
ofKind('bad-kind-128', 128, 'unacceptable', 'well signed; a kind beyond 127', signedAs(128, something))
ofKind(
  'bad-kind-of-an-answer',
  KIND.acknowledgement,
  'unacceptable',
  'well signed by the terminal, but of a kind that only centres send',
  signedAs(KIND.acknowledgement, encodeCbor([1, 5])),
)

// ---- Answers ----

const answer = (request: Signed, sequence: number) =>
  ({ from: 'centre', who: terminal, sequence, answering: hex(request.payloadHash) }) as const
const ABOVE = 'The terminal stores nothing, and sends the same bytes again later.'
const forgotten = { standing, fate: 'forgotten' } as const
const toStatus = answers(8, statusAsked)
const nextFate = nextStatusAnswerMessage.sign(forgotten, centreSigner, toStatus)
keep('bad-answer-above-reader', nextFate.frame, {
  ...{ ...answer(statusAsked, 8), kind: 'status-answer', verdict: 'unacceptable', must: ABOVE },
  says: 'a status answer of level 2 to a terminal of level 1',
})
keep('next-level-answer-to-level-2', nextFate.frame, {
  ...{ ...answer(statusAsked, 8), kind: 'status-answer', verdict: 'good', readerLevel: NEXT_LEVEL },
  says: 'the same answer, read by a terminal of level 2 that asked at level 2',
  content: forgotten,
})
const nextRefusal = nextRefusalMessage.sign(example.supplyRefusal, centreSigner, toStatus)
keep('bad-answer-above-request', nextRefusal.frame, {
  ...{ ...answer(statusAsked, 8), kind: 'supply-refusal', verdict: 'unacceptable', must: ABOVE },
  ...{ readerLevel: NEXT_LEVEL, askedLevel: 1 },
  says: 'an answer of level 2 to a terminal of level 2 that asked at level 1',
})
const burnt = { standing, fate: 'burnt' } as const
keep('level-1-answer-to-level-2', statusAnswerMessage.sign(burnt, centreSigner, toStatus).frame, {
  ...{ ...answer(statusAsked, 8), kind: 'status-answer', verdict: 'good', readerLevel: NEXT_LEVEL },
  says: 'a status answer of level 1, read by a terminal of level 2',
  content: burnt,
})
const notUnderstood = {
  ...example.supplyRefusal,
  why: { reason: 'not-understood', highestLevel: 1 },
} as const
const toNext = answers(30, next)
keep('not-understood-to-level-2', supplyRefusalMessage.sign(notUnderstood, centreSigner, toNext).frame, {
  ...{ ...answer(next, 30), kind: 'supply-refusal', verdict: 'good', readerLevel: NEXT_LEVEL },
  says: 'the answer to the order of level 2 above, by a centre of level 1',
  must: 'The terminal speaks level 1 from now on and orders anew in that shape, under the next sequence.',
  content: notUnderstood,
})

// ---- Notices ----

type OnLine = (typeof standing.notices)[number]
const toReceipt = answers(5, received)
function noticed(
  name: string,
  verdict: 'good' | 'stops-selling',
  says: string,
  said: readonly OnLine[],
  must?: string,
) {
  const content = { ...example.acknowledgement, standing: { ...standing, notices: said } }
  const signed = acknowledgementMessage.sign(content, centreSigner, toReceipt)
  good('acknowledgement', signed, says, content, toReceipt, name, { verdict, ...(must && { must }) })
}
const unknown = (number: number): OnLine => ({ number, content: encodeCbor([]) })
const all: Notice[] = [
  { notice: 'renew-now' },
  { notice: 'centre-level', level: 2 },
  { notice: 'report-now' },
  { notice: 'message', text: 'Fermé vendredi' },
  {
    notice: 'proposal',
    number: 3,
    validUntilS: example.NOW_S + 86_400,
    lines: example.supplyOrder(20).lines,
  },
  { notice: 'claim-verdict', claimSequence: 12, place: 0, verdict: 'unused-replaced', atS: example.NOW_S },
  { notice: 'key-gap', card: example.card, given: 41, reported: 40 },
]
noticed(
  'notices-all',
  'good',
  'each notice that level 1 knows',
  all.map((notice) => notices.write(notice)),
  'The terminal asks for a renewal first, then sends a state report and its sales; the others are for its screens.',
)
noticed('notice-127', 'stops-selling', 'notice 127, which level 1 does not know and must', [unknown(127)])
noticed(
  'notice-2-behind-known',
  'stops-selling',
  'a notice that is known, and behind it one below 128 that is not',
  [notices.write(all[3]!), unknown(2)],
)
noticed(
  'notice-1-misshapen',
  'stops-selling',
  'notice 1 with content, which it has none of: as good as unknown',
  [unknown(1)],
)
noticed(
  'notice-200',
  'good',
  'notice 200, which level 1 does not know and may skip',
  [unknown(200)],
  'The terminal skips the notice and takes the rest.',
)
noticed(
  'notice-128-misshapen',
  'good',
  'notice 128 without its level: as good as unknown, and may be skipped',
  [unknown(128)],
  'The terminal skips the notice and takes the rest.',
)
