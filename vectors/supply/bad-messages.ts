// The bad ones: each is a good message but for one thing.

import { type CborValue, encodeCbor, Tagged } from '@scratchless/wire/compact/cbor'
import { mac0, sign1 } from '@scratchless/wire/compact/cose'
import { writeFrame } from '@scratchless/wire/compact/frame'
import { acknowledgement } from '@scratchless/wire/supply/acknowledgement'
import { externalData, KIND, payloadHash, UNACCEPTABLE_FRAME } from '@scratchless/wire/supply/envelope'
import { encodeLevelled, LEVEL } from '@scratchless/wire/supply/level'
import { supplyOrder } from '@scratchless/wire/supply/supply-order'
import * as example from '../../wire/testing/supply-examples.ts'
import { delivered, ordered, received } from './good-messages.ts'
import { altered, hex, keep } from './keep-vectors.ts'

const { terminal } = example
const orderPayload = encodeLevelled(supplyOrder, example.supplyOrder(20), LEVEL)
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
const orderMessage = ordered.frame.subarray(7)
const header = encodeCbor(
  new Map<number, number | Uint8Array>([
    [1, -7],
    [4, example.terminalSigner.kid],
  ]),
)
const structure = (protectedBytes: Uint8Array, payload: Uint8Array) =>
  example.terminalSigner.sign(encodeCbor(['Signature1', protectedBytes, orderExternal, payload]))
/** Level, expiry, and because a person wanted it. */
const orderHead = [LEVEL, example.NOW_S + 86_400, 0]
const orderWith = (...line: (string | number)[]) => encodeCbor([...orderHead, [line]])

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
badOrder('no-lines', 'well signed; no line', framed(signed(encodeCbor([...orderHead, []]))))
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
        ...orderHead,
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
const otherOrder = payloadHash('supply-order', encodeLevelled(supplyOrder, example.supplyOrder(21), LEVEL))
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
        encodeCbor([LEVEL, ...payload]),
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
