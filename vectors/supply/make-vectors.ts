// Writes vectors/supply and vectors/seal. Run by hand, and only when a message changes on purpose: signatures are
// random, so each run gives other bytes, and the bytes that are committed are the truth.
//
//   node vectors/supply/make-vectors.ts

import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import type { CborValue } from '@scratchless/wire/compact/cbor'
import type { Binding, KindName, Signed } from '@scratchless/wire/supply/envelope'

const vectors = new URL('../', import.meta.url)
for (const room of ['supply', 'seal']) mkdirSync(new URL(`${room}/`, vectors), { recursive: true })

const keysFile = new URL('supply/keys.json', vectors)
if (!existsSync(keysFile)) {
  const p256 = () =>
    generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export({ format: 'jwk' })
  const card = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })
  const keys = {
    warning: 'Worthless: published test keys. root has kid 00000000, centre 00000001, terminal 00000002.',
    root: p256(),
    centre: p256(),
    terminal: p256(),
    otherTerminal: p256(),
    card,
  }
  writeFileSync(keysFile, `${JSON.stringify(keys, null, 2)}\n`)
}

// Imported only now: the examples read the keys.
const example = await import('../../wire/testing/supply-examples.ts')
const { encodeCbor, Tagged } = await import('@scratchless/wire/compact/cbor')
const { sign1, mac0 } = await import('@scratchless/wire/compact/cose')
const { writeFrame } = await import('@scratchless/wire/compact/frame')
const { encodeShape } = await import('@scratchless/wire/compact/shape')
const { externalData, KIND, payloadHash, UNACCEPTABLE_FRAME } = await import(
  '@scratchless/wire/supply/envelope'
)
const { enrolmentRequestMessage } = await import('@scratchless/wire/supply/enrolment-request')
const { enrolmentAnswerMessage } = await import('@scratchless/wire/supply/enrolment-answer')
const { cardLetterRequestMessage } = await import('@scratchless/wire/supply/card-letter-request')
const { cardLetterMessage, wrapForCard } = await import('@scratchless/wire/supply/card-letter')
const { catalogueRequestMessage } = await import('@scratchless/wire/supply/catalogue-request')
const { catalogueMessage } = await import('@scratchless/wire/supply/catalogue')
const { supplyOrderMessage, supplyOrder } = await import('@scratchless/wire/supply/supply-order')
const { supplyDeliveryMessage } = await import('@scratchless/wire/supply/supply-delivery')
const { supplyRefusalMessage } = await import('@scratchless/wire/supply/supply-refusal')
const { supplyReceiptMessage, DELIVERY_HASH_BYTES } = await import('@scratchless/wire/supply/supply-receipt')
const { salesReportMessage } = await import('@scratchless/wire/supply/sales-report')
const { statusRequestMessage } = await import('@scratchless/wire/supply/status-request')
const { statusAnswerMessage } = await import('@scratchless/wire/supply/status-answer')
const { acknowledgement, acknowledgementMessage } = await import('@scratchless/wire/supply/acknowledgement')
const { codeKey, encodeContext, openCode, sealForTerminal } = await import('@scratchless/wire/seal/code-box')
const { packedSize } = await import('@scratchless/voucher/packed-code')
const { sealedCodeAt, sealedSize } = await import('@scratchless/voucher/sealed-code')
const { serialAt, serialNumber } = await import('@scratchless/voucher/serial')

interface Vector {
  readonly file: string
  readonly verdict: 'good' | 'unacceptable'
  readonly kind: KindName
  readonly says: string
  readonly from: 'terminal' | 'centre'
  readonly who: string
  readonly sequence: number
  readonly answering: string | null
  readonly content?: unknown
}

const index: Vector[] = []

function keep(name: string, frame: Uint8Array, about: Omit<Vector, 'file'>): void {
  writeFileSync(new URL(`supply/${name}.bin`, vectors), frame)
  index.push({ file: `${name}.bin`, ...about })
}

const readable = (_: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (value && typeof value === 'object' && 'asymmetricKeyType' in value)
    return (value as KeyObject).export({ format: 'jwk' })
  if (value && typeof value === 'object' && 'type' in value && value.type === 'Buffer' && 'data' in value)
    return Buffer.from(value.data as number[]).toString('hex')
  return value
}

const terminal = example.terminal
const asks = (sequence: number): Binding => ({ terminal, sequence, answering: null })
const answers = (sequence: number, request: Signed): Binding => ({
  terminal,
  sequence,
  answering: request.payloadHash,
})
const hex = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString('hex'))

function good(
  kind: KindName,
  closed: Signed,
  says: string,
  content: unknown,
  binding: Binding,
  name: string = kind,
) {
  const from = binding.answering === null ? 'terminal' : 'centre'
  const { sequence, answering } = binding
  keep(name, closed.frame, {
    verdict: 'good',
    kind,
    says,
    from,
    who: binding.terminal,
    sequence,
    answering: hex(answering),
    content,
  })
  return closed
}

// ---- Good ones: a terminal's first exchanges ----

const number = example.ENROLMENT_NUMBER
const keys = example.exampleEnrolmentKeys
const enrolling = (answering: Uint8Array | null, poll: number) => ({
  enrolmentNumber: number,
  poll,
  answering,
})
const asked = enrolmentRequestMessage.mac(example.enrolmentRequest, keys, enrolling(null, 1))
const enrolmentVector = (
  name: string,
  kind: KindName,
  closed: Signed,
  poll: number,
  answering: Uint8Array | null,
  content: unknown,
) =>
  keep(name, closed.frame, {
    verdict: 'good',
    kind,
    says: `MACed under the key of enrolment ${number}, code ${example.ENROLMENT_CODE}`,
    from: answering ? 'centre' : 'terminal',
    who: String(number),
    sequence: poll,
    answering: hex(answering),
    content,
  })
enrolmentVector('enrolment-request', 'enrolment-request', asked, 1, null, example.enrolmentRequest)
const waiting = { state: 'waiting', timeS: example.NOW_S } as const
enrolmentVector(
  'enrolment-answer-waiting',
  'enrolment-answer',
  enrolmentAnswerMessage.mac(waiting, keys, enrolling(asked.payloadHash, 1)),
  1,
  asked.payloadHash,
  waiting,
)
const welcome = example.enrolled()
enrolmentVector(
  'enrolment-answer-enrolled',
  'enrolment-answer',
  enrolmentAnswerMessage.mac(welcome, keys, enrolling(asked.payloadHash, 2)),
  2,
  asked.payloadHash,
  welcome,
)

const letterAsked = good(
  'card-letter-request',
  cardLetterRequestMessage.sign({ holdsEpoch: 0 }, example.terminalSigner, asks(1)),
  'a new terminal holds no letter',
  { holdsEpoch: 0 },
  asks(1),
)
const letter = {
  standing: example.standing,
  epoch: 12,
  epochEndsS: example.NOW_S + 7 * 86_400,
  recipients: [wrapForCard(example.safeKey, example.card, createPublicKey(example.cardKey), 'sha256')],
}
good(
  'card-letter',
  cardLetterMessage.sign(letter, example.centreSigner, answers(1, letterAsked)),
  'the safe key 00 01 … 1f, closed for one card',
  letter,
  answers(1, letterAsked),
)
const catalogueAsked = good(
  'catalogue-request',
  catalogueRequestMessage.sign({ knownVersion: 0 }, example.terminalSigner, asks(2)),
  'a new terminal knows no catalogue',
  { knownVersion: 0 },
  asks(2),
)
good(
  'catalogue',
  catalogueMessage.sign(example.catalogue, example.centreSigner, answers(2, catalogueAsked)),
  'one operator, one product',
  example.catalogue,
  answers(2, catalogueAsked),
)
const tooMuch = supplyOrderMessage.sign(example.supplyOrder(20), example.terminalSigner, asks(3))
good(
  'supply-order',
  tooMuch,
  'an order that will be refused',
  example.supplyOrder(20),
  asks(3),
  'supply-order-3',
)
good(
  'supply-refusal',
  supplyRefusalMessage.sign(example.supplyRefusal, example.centreSigner, answers(3, tooMuch)),
  'the balance falls short by TND 83.000',
  example.supplyRefusal,
  answers(3, tooMuch),
)
const ordered = good(
  'supply-order',
  supplyOrderMessage.sign(example.supplyOrder(20), example.terminalSigner, asks(4)),
  '20 codes of one product',
  example.supplyOrder(20),
  asks(4),
)
const delivery = example.supplyDelivery(20)
const delivered = good(
  'supply-delivery',
  supplyDeliveryMessage.sign(delivery, example.centreSigner, answers(4, ordered)),
  '20 codes of 14 digits in one run: 00000000000001 … 00000000000020',
  delivery,
  answers(4, ordered),
)
const receipt = { delivery: 4, deliveryHash: delivered.payloadHash.subarray(0, DELIVERY_HASH_BYTES) }
const received = good(
  'supply-receipt',
  supplyReceiptMessage.sign(receipt, example.terminalSigner, asks(5)),
  'the delivery is stored',
  receipt,
  asks(5),
)
good(
  'acknowledgement',
  acknowledgementMessage.sign(example.acknowledgement, example.centreSigner, answers(5, received)),
  'the receipt was taken; the chain has 58,214 entries',
  example.acknowledgement,
  answers(5, received),
)
good(
  'sales-report',
  salesReportMessage.sign(example.salesReport, example.terminalSigner, asks(6)),
  'four sales in two runs, one ticket in doubt',
  example.salesReport,
  asks(6),
)
const statusAsked = good(
  'status-request',
  statusRequestMessage.sign({ asked: 7 }, example.terminalSigner, asks(8)),
  'what became of 7?',
  { asked: 7 },
  asks(8),
)
const burnt = { standing: example.standing, fate: 'burnt' } as const
good(
  'status-answer',
  statusAnswerMessage.sign(burnt, example.centreSigner, answers(8, statusAsked)),
  'it never came and never will have an effect',
  burnt,
  answers(8, statusAsked),
)

// ---- Bad ones: each is the good supply order of sequence 4 but for one thing ----

const orderPayload = encodeShape(supplyOrder, example.supplyOrder(20))
const orderExternal = externalData('supply-order', terminal, 4, null)

function badOrder(name: string, says: string, frame: Uint8Array): void {
  keep(`bad-${name}`, frame, {
    verdict: 'unacceptable',
    kind: 'supply-order',
    says,
    from: 'terminal',
    who: terminal,
    sequence: 4,
    answering: null,
  })
}
const framed = (message: Uint8Array, kind: number = KIND['supply-order'], sequence = 4) =>
  writeFrame({ kind, sequence, message })
const signed = (payload: Uint8Array) => sign1(payload, orderExternal, example.terminalSigner)
const altered = (bytes: Uint8Array, change: (copy: Buffer) => void) => {
  const copy = Buffer.from(bytes)
  change(copy)
  return copy
}
const orderMessage = ordered.frame.subarray(7)
const header = encodeCbor(
  new Map<number, number | Uint8Array>([
    [1, -7],
    [4, example.terminalSigner.kid],
  ]),
)
const structure = (protectedBytes: Uint8Array, payload: Uint8Array) =>
  example.terminalSigner.sign(encodeCbor(['Signature1', protectedBytes, orderExternal, payload]))
const order = [example.NOW_S + 86_400, [['ATLAS-5', 20, 4750]]]
const orderWith = (...line: (string | number)[]) => encodeCbor([order[0] as number, [line]])

badOrder(
  'signature',
  'the last bit of the signature is another',
  altered(ordered.frame, (copy) => {
    copy[copy.length - 1]! ^= 1
  }),
)
badOrder(
  'quantity-altered',
  'the quantity was changed from 20 to 21 after signing',
  altered(ordered.frame, (copy) => {
    copy[copy.indexOf('ATLAS-5') + 7] = 21
  }),
)
badOrder('kind-altered', 'the frame says supply-receipt', framed(orderMessage, KIND['supply-receipt']))
badOrder('sequence-altered', 'the frame says sequence 5', framed(orderMessage, KIND['supply-order'], 5))
badOrder(
  'other-terminal',
  'signed by another terminal under its own kid',
  framed(sign1(orderPayload, orderExternal, example.otherTerminalSigner)),
)
badOrder(
  'other-key-same-kid',
  'signed by another key under this terminal’s kid',
  framed(
    sign1(orderPayload, orderExternal, {
      kid: example.terminalSigner.kid,
      sign: (bytes) => example.otherTerminalSigner.sign(bytes),
    }),
  ),
)
badOrder(
  'other-terminal-named',
  'the external data name T00002',
  framed(
    sign1(orderPayload, externalData('supply-order', example.otherTerminal, 4, null), example.terminalSigner),
  ),
)
badOrder(
  'mac-for-signature',
  'a COSE_Mac0 stands where a signature should',
  framed(mac0(orderPayload, orderExternal, example.terminalSigner.kid, example.safeKey)),
)
badOrder(
  'unprotected-header',
  'the unprotected header is not empty',
  framed(
    encodeCbor(new Tagged(18, [header, new Map([[1, -7]]), orderPayload, structure(header, orderPayload)])),
  ),
)
const es384 = encodeCbor(
  new Map<number, number | Uint8Array>([
    [1, -35],
    [4, example.terminalSigner.kid],
  ]),
)
badOrder(
  'other-algorithm',
  'the protected header says ES384',
  framed(encodeCbor(new Tagged(18, [es384, new Map(), orderPayload, structure(es384, orderPayload)]))),
)
badOrder(
  'detached-payload',
  'the payload is nil',
  framed(encodeCbor(new Tagged(18, [header, new Map(), null, structure(header, orderPayload)]))),
)
badOrder(
  'no-tag',
  'the COSE_Sign1 lacks its tag 18',
  framed(encodeCbor([header, new Map(), orderPayload, structure(header, orderPayload)])),
)
badOrder(
  'byte-after-message',
  'a byte follows the COSE_Sign1',
  framed(Buffer.concat([orderMessage, Buffer.of(0)])),
)
badOrder('byte-after-frame', 'a byte follows the frame', Buffer.concat([ordered.frame, Buffer.of(0)]))
badOrder('cut', 'the last byte is missing', ordered.frame.subarray(0, -1))
badOrder(
  'length-too-long',
  'the frame announces a byte more than it has',
  altered(ordered.frame, (copy) => {
    copy.writeUInt16BE(copy.readUInt16BE(5) + 1, 5)
  }),
)

// Signed by the terminal, and yet not one shape.
badOrder(
  'indefinite-array',
  'well signed; the payload’s array has no definite length',
  framed(signed(Buffer.concat([Buffer.of(0x9f), orderPayload.subarray(1), Buffer.of(0xff)]))),
)
badOrder(
  'long-integer',
  'well signed; the quantity 20 is spelled 18 14',
  framed(signed(Buffer.from(orderPayload.toString('hex').replace(/(41544c41532d35)14/, '$11814'), 'hex'))),
)
badOrder(
  'float',
  'well signed; the quantity is the float 20.0',
  framed(signed(Buffer.from(orderPayload.toString('hex').replace(/(41544c41532d35)14/, '$1f94d00'), 'hex'))),
)
badOrder(
  'byte-after-payload',
  'well signed; a byte follows the payload',
  framed(signed(Buffer.concat([orderPayload, Buffer.of(0)]))),
)
badOrder(
  'doubled-key',
  'well signed; the payload is a map that says a key twice',
  framed(signed(Buffer.from('a201000101', 'hex'))),
)
badOrder(
  'unknown-tag',
  'well signed; the payload is tagged 0',
  framed(signed(Buffer.concat([Buffer.of(0xc0), orderPayload]))),
)
badOrder('no-lines', 'well signed; no line', framed(signed(encodeCbor([order[0] as number, []]))))
badOrder('zero-quantity', 'well signed; a quantity of 0', framed(signed(orderWith('ATLAS-5', 0, 4750))))
badOrder('negative-price', 'well signed; a price of -1', framed(signed(orderWith('ATLAS-5', 20, -1))))
badOrder('too-many-codes', 'well signed; 1,001 codes', framed(signed(orderWith('ATLAS-5', 1001, 4750))))
badOrder('missing-field', 'well signed; no price', framed(signed(orderWith('ATLAS-5', 20))))
badOrder('extra-field', 'well signed; a field too many', framed(signed(orderWith('ATLAS-5', 20, 4750, 0))))
badOrder(
  'product-shape',
  'well signed; a product in lower case',
  framed(signed(orderWith('atlas-5', 20, 4750))),
)
badOrder(
  'doubled-product',
  'well signed; a product on two lines',
  framed(
    signed(
      encodeCbor([
        order[0] as number,
        [
          ['ATLAS-5', 20, 4750],
          ['ATLAS-5', 1, 4750],
        ],
      ]),
    ),
  ),
)
badOrder('empty', 'a frame without message', framed(new Uint8Array(0)))

const deliveryMessage = delivered.frame.subarray(7)
const badAnswer = (name: string, says: string, frame: Uint8Array, sequence: number, answering: Buffer) =>
  keep(`bad-${name}`, frame, {
    verdict: 'unacceptable',
    kind: 'supply-delivery',
    says,
    from: 'centre',
    who: terminal,
    sequence,
    answering: answering.toString('hex'),
  })
const otherOrder = payloadHash('supply-order', encodeShape(supplyOrder, example.supplyOrder(21)))
badAnswer(
  'answer-to-another',
  'a good delivery, but for another order than the one asked',
  delivered.frame,
  4,
  otherOrder,
)
badAnswer(
  'answer-replayed',
  'the delivery of 4 as the answer to 5',
  writeFrame({
    kind: KIND['supply-delivery'],
    sequence: 5,
    message: deliveryMessage,
  }),
  5,
  ordered.payloadHash,
)
badAnswer(
  'answer-by-terminal',
  'signed by a terminal',
  writeFrame({
    kind: KIND['supply-delivery'],
    sequence: 4,
    message: sign1(
      Buffer.from('80', 'hex'),
      externalData('supply-delivery', terminal, 4, ordered.payloadHash),
      example.terminalSigner,
    ),
  }),
  4,
  ordered.payloadHash,
)
badAnswer(
  'constant-refusal',
  'what the centre sends for an unacceptable frame: never to be believed',
  UNACCEPTABLE_FRAME,
  4,
  ordered.payloadHash,
)

const acknowledged = acknowledgement.toLine(example.acknowledgement) as [CborValue, [number, Uint8Array]]
const [said, [entry, hash]] = acknowledged
const badAcknowledgement = (name: string, says: string, ...payload: CborValue[]) =>
  keep(
    `bad-${name}`,
    writeFrame({
      kind: KIND.acknowledgement,
      sequence: 5,
      message: sign1(
        encodeCbor(payload),
        externalData('acknowledgement', terminal, 5, received.payloadHash),
        example.centreSigner,
      ),
    }),
    {
      verdict: 'unacceptable',
      kind: 'acknowledgement',
      says: `well signed; ${says}`,
      from: 'centre',
      who: terminal,
      sequence: 5,
      answering: hex(received.payloadHash),
    },
  )
badAcknowledgement('head-missing', 'no head of the audit chain', said)
badAcknowledgement('head-without-hash', 'a head of the audit chain without its hash', said, [entry])
badAcknowledgement('head-hash-cut', 'a hash of 31 bytes', said, [entry, hash.subarray(1)])
badAcknowledgement('head-number-negative', 'an entry number of -1', said, [-1, hash])
badAcknowledgement('head-number-text', 'an entry number as text', said, [String(entry), hash])

writeFileSync(
  new URL('supply/index.json', vectors),
  `${JSON.stringify(
    {
      about:
        'Frames of docs/protocol/supply.md. A reader has sequence and answering (SHA-256 of the kind byte and payload of its own request) from its own store; who is the terminal of the external data, in enrolment the enrolment number.',
      unacceptableFrame: UNACCEPTABLE_FRAME.toString('hex'),
      vectors: index,
    },
    readable,
    2,
  )}\n`,
)

// ---- The code box ----

const context = example.deliveredRunContext
const firstSerial = serialNumber('104822773901')
const codes = ['00000000000001', '40715593826014', '99999999999999']
const size = packedSize(14)
const packed = Buffer.alloc(codes.length * size)
const { packDigits } = await import('@scratchless/voucher/packed-code')
codes.forEach((digits, i) => {
  packDigits(Buffer.from(digits, 'latin1'), packed, i * size)
})
const sealed = sealForTerminal(example.safeKey, context, firstSerial, packed)
const goodBoxes = codes.map((code, i) => {
  const serial = serialAt(firstSerial, i)
  return {
    verdict: 'good',
    context: { ...context, serial },
    code,
    packed: packed.subarray(i * size, (i + 1) * size).toString('hex'),
    encodedContext: encodeContext(context, serial).toString('hex'),
    codeKey: codeKey(example.safeKey, { ...context, serial })
      .export()
      .toString('hex'),
    sealed: Buffer.from(sealedCodeAt(sealed, i, 14)).toString('hex'),
  }
})
const long = { ...context, product: 'SAHEL-5', operator: 'sahel', digits: 16 } as never as typeof context
const longPacked = Buffer.alloc(packedSize(16))
packDigits(Buffer.from('0012345678901234', 'latin1'), longPacked)
const longSealed = sealForTerminal(example.safeKey, long, firstSerial, longPacked)
goodBoxes.push({
  verdict: 'good',
  context: { ...long, serial: firstSerial },
  code: '0012345678901234',
  packed: longPacked.toString('hex'),
  encodedContext: encodeContext(long, firstSerial).toString('hex'),
  codeKey: codeKey(example.safeKey, { ...long, serial: firstSerial })
    .export()
    .toString('hex'),
  sealed: Buffer.from(longSealed).toString('hex'),
})
const first = { ...context, serial: firstSerial }
const box = Buffer.from(sealedCodeAt(sealed, 0, 14))
const flipped = (at: number) =>
  altered(box, (copy) => {
    copy[at]! ^= 1
  }).toString('hex')
const bad = (says: string, change: object, sealedHex = box.toString('hex')) => ({
  verdict: 'does-not-open',
  says,
  context: { ...first, ...change },
  sealed: sealedHex,
})
const tooLarge = Buffer.from('5af3107a4000', 'hex') // 10^14: fifteen digits
const badBoxes = [
  bad('first bit of the ciphertext', {}, flipped(0)),
  bad('last bit of the tag', {}, flipped(sealedSize(14) - 1)),
  bad('tag cut by a byte', {}, box.subarray(0, -1).toString('hex')),
  bad('a byte more', {}, `${box.toString('hex')}00`),
  bad('another terminal', { terminal: 'T00002' }),
  bad('another epoch', { epoch: 13 }),
  bad('another operator', { operator: 'sahel' }),
  bad('another product', { product: 'ATLAS-1' }),
  bad('another lot', { lot: 'L000002' }),
  bad('another delivery', { delivery: 5 }),
  bad('the serial after', { serial: serialAt(firstSerial, 1) }),
  bad('another length of the same size', { digits: 13 }),
  bad(
    'well sealed, but 10^14 has fifteen digits',
    {},
    Buffer.from(sealForTerminal(example.safeKey, context, firstSerial, tooLarge)).toString('hex'),
  ),
]
for (const { context: where, sealed: bytes, verdict } of [...goodBoxes, ...badBoxes]) {
  const opened = openCode(
    codeKey(example.safeKey, where as never),
    Buffer.from(bytes, 'hex') as never,
    where.digits,
  )
  if ((opened === 'does-not-open') !== (verdict === 'does-not-open'))
    throw new Error('a vector is not what it says')
}
writeFileSync(
  new URL('seal/index.json', vectors),
  `${JSON.stringify(
    {
      safeKey: example.safeKey.export().toString('hex'),
      nonce: '00'.repeat(12),
      vectors: [...goodBoxes, ...badBoxes],
    },
    null,
    2,
  )}\n`,
)
process.stdout.write(`${index.length} supply vectors, ${goodBoxes.length + badBoxes.length} code boxes\n`)
