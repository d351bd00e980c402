// The envelope of supply messages: kinds, what a signature binds, and which answers a request may get.

import { createHash } from 'node:crypto'
import { productId } from '@scratchless/voucher/product'
import { describe, expect, it } from 'vitest'
import { encodeCbor } from '../compact/cbor.ts'
import { sign1 } from '../compact/cose.ts'
import { readFrame, writeFrame } from '../compact/frame.ts'
import { Misshapen } from '../compact/shape.ts'
import * as example from '../testing/supply-examples.ts'
import { acknowledgementMessage } from './acknowledgement.ts'
import { ANSWERS, type RequestKind, verifyAnswer } from './answer.ts'
import { cardLetterMessage, wrapForCard } from './card-letter.ts'
import { catalogueMessage, priceAt, productOf } from './catalogue.ts'
import { type Binding, externalData, KIND, kindName, payloadHash, UNACCEPTABLE_FRAME } from './envelope.ts'
import { encodeLevelled, LEVEL } from './level.ts'
import { statusAnswerMessage } from './status-answer.ts'
import { supplyDeliveryMessage } from './supply-delivery.ts'
import { supplyOrder, supplyOrderMessage } from './supply-order.ts'
import { supplyRefusalMessage } from './supply-refusal.ts'

const asks: Binding = { terminal: example.terminal, sequence: 4, answering: null }
const content = example.supplyOrder(20)
const signed = supplyOrderMessage.sign(content, example.terminalSigner, asks)
const frame = readFrame(signed.frame)!
const verify = (given = frame, binding = asks) =>
  supplyOrderMessage.verify(given, example.terminalVerifier, binding)

describe('kinds', () => {
  it('have the numbers of the page, once each', () => {
    expect(KIND).toEqual({
      'enrolment-request': 1,
      'enrolment-answer': 2,
      'card-letter-request': 3,
      'card-letter': 4,
      'catalogue-request': 5,
      catalogue: 6,
      'supply-order': 7,
      'supply-delivery': 8,
      'supply-receipt': 9,
      'sales-report': 10,
      'status-request': 11,
      'status-answer': 12,
      acknowledgement: 13,
      'supply-refusal': 14,
      unacceptable: 15,
      'renewal-request': 16,
      renewal: 17,
      'settings-request': 18,
      'shop-settings': 19,
      'state-report': 20,
      claim: 21,
      'one-code-order': 22,
      'balance-request': 23,
      balance: 24,
      'collection-receipt': 25,
      'payment-declaration': 26,
      'proposal-answer': 27,
      'return-request': 28,
      'card-request': 29,
      'vendor-request': 30,
    })
  })

  it('are named by their number, where there is one', () => {
    const named = (kind: number) => kindName({ kind })
    expect([named(1), named(7), named(15)]).toEqual(['enrolment-request', 'supply-order', 'unacceptable'])
    expect([named(0), named(31), named(255)]).toEqual([undefined, undefined, undefined])
  })

  it('end in the one frame for whoever is not acceptable', () => {
    expect(UNACCEPTABLE_FRAME.toString('hex')).toBe('0f000000000000')
  })
})

describe('what a signature binds', () => {
  it('is kind, who, sequence and the request answered', () => {
    const hash = Buffer.alloc(32, 9)
    expect(externalData('supply-order', 'T00001', 4, null)).toEqual(
      encodeCbor([7, 'T00001', 4, Buffer.alloc(0)]),
    )
    expect(externalData('supply-delivery', 'T00001', 0, hash)).toEqual(encodeCbor([8, 'T00001', 0, hash]))
    expect(externalData('catalogue', 'T00001', 0xffff_ffff, hash)).toEqual(
      encodeCbor([6, 'T00001', 0xffff_ffff, hash]),
    )
    for (const sequence of [-1, 0x1_0000_0000, 1.5])
      expect(() => externalData('supply-order', 'T00001', sequence, null)).toThrow(
        new RangeError('no message has this sequence'),
      )
  })

  it('is not in the hash of a message, which is of its kind and payload', () => {
    const payload = encodeLevelled(supplyOrder, content, LEVEL)
    const hash = createHash('sha256').update(Buffer.of(7)).update(payload).digest()
    expect(payloadHash('supply-order', payload)).toEqual(hash)
    expect(signed.payloadHash).toEqual(hash)
    expect(verify()).toEqual({ kind: 'supply-order', content, payloadHash: hash })
    expect(payloadHash('supply-receipt', payload)).not.toEqual(hash)
  })
})

describe('a signed message', () => {
  it('stands in a frame of its kind and sequence', () => {
    expect(frame).toMatchObject({ kind: 7, sequence: 4 })
    expect(supplyOrderMessage.kind).toBe('supply-order')
    expect(supplyOrderMessage.shape).toBe(supplyOrder)
  })

  it.each([
    ['another kind', { ...frame, kind: 9 }, asks],
    ['another sequence in its frame', { ...frame, sequence: 5 }, asks],
    ['another sequence expected', frame, { ...asks, sequence: 5 }],
    ['another sequence on both sides', { ...frame, sequence: 5 }, { ...asks, sequence: 5 }],
    ['another terminal', frame, { ...asks, terminal: example.otherTerminal }],
    ['another request answered', frame, { ...asks, answering: Buffer.alloc(32) }],
  ])('with %s is unacceptable', (_what, given, binding) => {
    expect(verify(given, binding)).toBe('unacceptable')
  })

  it('whose payload is not of its shape is unacceptable, though it is well signed', () => {
    const external = externalData('supply-order', asks.terminal, asks.sequence, null)
    for (const payload of [encodeCbor([1]), encodeCbor('order'), Buffer.of(0xff), Buffer.alloc(0)]) {
      const message = sign1(payload, external, example.terminalSigner)
      expect(verify(readFrame(writeFrame({ kind: 7, sequence: 4, message }))!)).toBe('unacceptable')
    }
    const message = sign1(encodeLevelled(supplyOrder, content, LEVEL), external, example.terminalSigner)
    expect(verify(readFrame(writeFrame({ kind: 7, sequence: 4, message }))!)).toMatchObject({ content })
  })

  it('is not made of a content outside its bounds, nor for a sequence that no message has', () => {
    expect(() =>
      supplyOrderMessage.sign({ ...content, expiresAtS: -1 }, example.terminalSigner, asks),
    ).toThrow(Misshapen)
    expect(() =>
      supplyOrderMessage.sign(content, example.terminalSigner, { ...asks, sequence: 2 ** 32 }),
    ).toThrow(RangeError)
  })
})

describe('answers', () => {
  const answered: Binding = { ...asks, answering: Buffer.alloc(32, 3) }
  const { standing, centreSigner } = example
  const recipients = [wrapForCard(example.safeKey, example.card, example.cardKey, 'sha256')]
  const frames = {
    'card-letter': cardLetterMessage.sign(
      { standing, number: 4, epoch: 12, epochEndsS: example.NOW_S, otherCards: 0, recipients },
      centreSigner,
      answered,
    ),
    catalogue: catalogueMessage.sign(example.catalogue, centreSigner, answered),
    'supply-delivery': supplyDeliveryMessage.sign(example.supplyDelivery(2), centreSigner, answered),
    acknowledgement: acknowledgementMessage.sign(example.acknowledgement, centreSigner, answered),
    'status-answer': statusAnswerMessage.sign({ standing, fate: 'burnt' }, centreSigner, answered),
    'supply-refusal': supplyRefusalMessage.sign(example.supplyRefusal, centreSigner, answered),
  }

  it.each([
    ['card-letter-request', ['card-letter', 'supply-refusal']],
    ['catalogue-request', ['catalogue', 'acknowledgement', 'supply-refusal']],
    ['supply-order', ['supply-delivery', 'supply-refusal']],
    ['supply-receipt', ['acknowledgement', 'supply-refusal']],
    ['sales-report', ['acknowledgement', 'supply-refusal']],
    ['status-request', ['status-answer', 'supply-refusal']],
  ] as [RequestKind, string[]][])('to a %s are %j and nothing else, however well signed', (request, good) => {
    const taken = Object.entries(frames)
      .filter(([, { frame: bytes }]) => {
        const verified = verifyAnswer(request, readFrame(bytes)!, example.centreVerifier, answered)
        return verified !== 'unacceptable'
      })
      .map(([kind]) => kind)
    expect(taken.sort()).toEqual([...good].sort())
    expect(ANSWERS[request].map(({ kind }) => kind).sort()).toEqual([...good].sort())
  })

  it('say which they are, and are for one request only', () => {
    const bytes = readFrame(frames['supply-refusal'].frame)!
    expect(verifyAnswer('supply-order', bytes, example.centreVerifier, answered)).toMatchObject({
      kind: 'supply-refusal',
      content: example.supplyRefusal,
    })
    for (const binding of [asks, { ...answered, answering: Buffer.alloc(32, 4) }])
      expect(verifyAnswer('supply-order', bytes, example.centreVerifier, binding)).toBe('unacceptable')
    expect(verifyAnswer('supply-order', bytes, example.terminalVerifier, answered)).toBe('unacceptable')
    const unknown = readFrame(UNACCEPTABLE_FRAME)!
    expect(verifyAnswer('supply-order', unknown, example.centreVerifier, answered)).toBe('unacceptable')
  })
})

describe('words', () => {
  it('stand on the line as their places', () => {
    const { standing } = example
    const fates = (['answered', 'burnt'] as const).map((fate) =>
      statusAnswerMessage.shape.toLine({ standing, fate }),
    )
    expect(fates.map((line) => (line as unknown[])[1])).toEqual([0, 1])
    const [product] = example.catalogue.products
    const digits = (['none', 'luhn'] as const).map((checkDigit) => {
      const line = catalogueMessage.shape.toLine({
        ...example.catalogue,
        products: [{ ...product!, checkDigit }],
      })
      return (line as unknown[][][])[7]![0]![4]
    })
    expect(digits).toEqual([0, 1])
  })

  it.each([
    [
      () => supplyOrderMessage.shape.toLine({ ...content, lines: [...content.lines, ...content.lines] }),
      'each product once, at most 1000 codes in all',
    ],
    [
      () => catalogueMessage.shape.toLine({ ...example.catalogue, operators: [] }),
      'each product once, of an operator that is listed once; at most 500 prices',
    ],
    [
      () => catalogueMessage.shape.toLine({ ...example.catalogue, currency: 'pounds sterling' as 'TND' }),
      'no currency of ours: pounds ste',
    ],
  ])('of a rule that was broken are said: %#', (broken, rule) => {
    expect(broken).toThrow(new Misshapen(rule))
  })
})

describe("a catalogue's product", () => {
  it('has the last price that has begun, and before any has, the first', () => {
    const [line] = example.catalogue.products
    const prices = [10, 20, 30].map((validFromS, n) => ({ ...line!.prices[0]!, priceId: n + 1, validFromS }))
    const at = (nowS: number) => priceAt({ prices }, nowS).priceId
    expect([0, 9, 10, 19, 20, 29, 30, 99].map(at)).toEqual([1, 1, 1, 1, 2, 2, 3, 3])
  })

  it('is a product as all programs know one, in the currency of the catalogue', () => {
    const [line] = example.catalogue.products
    expect(productOf({ ...line!, checkDigit: 'luhn' }, line!.prices[0]!, 'XOF')).toEqual({
      id: productId('ATLAS-5'),
      operator: 'atlas',
      faceValue: { amountMinor: 5_000n, currency: 'XOF' },
      publicPrice: { amountMinor: 5_000n, currency: 'XOF' },
      tax: { amountMinor: 300n, currency: 'XOF' },
      netCredit: { amountMinor: 4_700n, currency: 'XOF' },
      codeDigits: 14,
      checkDigit: 'luhn',
      validityDays: 30,
      refillTemplate: '*123*{code}#',
    })
    const dear = { ...line!, faceValueMinor: 1n }
    const price = { ...line!.prices[0]!, publicPriceMinor: 2n, taxMinor: 3n, netCreditMinor: 4n }
    const { faceValue, publicPrice, tax, netCredit } = productOf(dear, price, 'TND')
    expect([faceValue, publicPrice, tax, netCredit].map(({ amountMinor }) => amountMinor)).toEqual([
      1n,
      2n,
      3n,
      4n,
    ])
  })
})
