import { createPublicKey } from 'node:crypto'
import { vendorId } from '@scratchless/voucher/ids'
import { productId } from '@scratchless/voucher/product'
import { systemRandom } from '@scratchless/voucher/random'
import { serialFromNumber } from '@scratchless/voucher/serial'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readFrame } from '../compact/frame.ts'
import { decodeShape, encodeShape, Misshapen } from '../compact/shape.ts'
import * as example from '../testing/supply-examples.ts'
import { acknowledgementMessage } from './acknowledgement.ts'
import { verifyAnswer } from './answer.ts'
import { readRecipient, storeRecipient, wrapForCard } from './card-letter.ts'
import { deviceFingerprint, newEnrolmentCode, readEnrolmentCode } from './enrolment-code.ts'
import { type SalesReport, salesReport, salesReportMessage } from './sales-report.ts'
import { supplyDelivery, supplyDeliveryMessage } from './supply-delivery.ts'
import { supplyOrder, supplyOrderMessage } from './supply-order.ts'
import { supplyReceiptMessage } from './supply-receipt.ts'
import { type SupplyRefusalReason, supplyRefusal } from './supply-refusal.ts'

/** The four frames of an order of so many codes of 14 digits in one run. */
function exchangeBytes(count: number): number {
  const { terminal, terminalSigner, centreSigner } = example
  const asks = (sequence: number) => ({ terminal, sequence, answering: null })
  const order = supplyOrderMessage.sign(example.supplyOrder(count), terminalSigner, asks(70_000))
  const answered = { terminal, sequence: 70_000, answering: order.payloadHash }
  const delivery = supplyDeliveryMessage.sign(example.supplyDelivery(count), centreSigner, answered)
  const receipt = { delivery: 70_000, deliveryHash: delivery.payloadHash.subarray(0, 8) }
  const received = supplyReceiptMessage.sign(receipt, terminalSigner, asks(70_001))
  const acknowledged = acknowledgementMessage.sign(example.acknowledgement, centreSigner, {
    terminal,
    sequence: 70_001,
    answering: received.payloadHash,
  })
  return [order, delivery, received, acknowledged].reduce((sum, { frame }) => sum + frame.length, 0)
}

describe('on the line', () => {
  it('an order of 20 codes costs at most 1,000 bytes, all four messages framed', () => {
    expect(exchangeBytes(20)).toBeLessThanOrEqual(1_000)
  })

  it('an order of 50 codes costs at most 1,700 bytes', () => {
    expect(exchangeBytes(50)).toBeLessThanOrEqual(1_700)
  })

  it('thirty sales in two runs are reported in 250 bytes, signature and frame included', () => {
    const sales = Array.from({ length: 30 }, (_, i) => ({
      product: productId(i < 15 ? 'ATLAS-1' : 'ATLAS-5'),
      serial: serialFromNumber(104_822_773_901 + i),
      ticket: 18_342 + i,
      vendor: vendorId('02'),
      priceId: 7,
      soldAtS: example.NOW_S + i * 90,
    }))
    const binding = { terminal: example.terminal, sequence: 9, answering: null }
    const { frame } = salesReportMessage.sign(
      { sales, events: [], cards: [] },
      example.terminalSigner,
      binding,
    )
    expect(frame.length).toBeLessThanOrEqual(250)
  })

  it('the largest delivery fits a frame', () => {
    const { frame } = supplyDeliveryMessage.sign(example.supplyDelivery(1_000), example.centreSigner, {
      terminal: example.terminal,
      sequence: 4,
      answering: Buffer.alloc(32),
    })
    expect(frame.length).toBeLessThan(32_768)
  })
})

describe('contents', () => {
  const product = fc.constantFrom('ATLAS-1', 'ATLAS-5', 'SAHEL-20').map(productId)
  const vendor = fc.constantFrom('01', '02').map(vendorId)
  const sale = fc.record({
    product,
    serial: fc.integer({ min: 0, max: 999_999_999_999 }).map(serialFromNumber),
    ticket: fc.integer({ min: 1, max: 0xffff_ffff }),
    vendor,
    priceId: fc.constantFrom(0, 7, 0xffff_ffff),
    soldAtS: fc.integer({ min: 0, max: 0xffff_ffff }),
  })
  const neighbours = fc
    .tuple(
      product,
      vendor,
      fc.integer({ min: 0, max: 999_999 }),
      fc.integer({ min: 1, max: 999_999 }),
      fc.array(fc.integer({ min: -2, max: 400 }), { maxLength: 20 }),
    )
    .map(([product, vendor, serial, ticket, gaps]) => {
      let soldAtS = 1_000
      return gaps.map((gap, i) => {
        soldAtS += gap
        return {
          product,
          vendor,
          serial: serialFromNumber(serial + i),
          ticket: ticket + i,
          priceId: 7,
          soldAtS,
        }
      })
    })

  it('of a sales report come back sale by sale, whatever runs they travelled in', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(neighbours, fc.array(sale, { maxLength: 5 })), { maxLength: 12 }),
        (groups) => {
          const report: SalesReport = { sales: groups.flat(), events: [], cards: [] }
          expect(decodeShape(salesReport, encodeShape(salesReport, report))).toEqual(report)
        },
      ),
    )
  })

  it('of an order come back through its frame', () => {
    const line = fc.record({
      product,
      quantity: fc.integer({ min: 1, max: 300 }),
      unitPriceMinor: fc.bigInt({ min: 0n, max: 999_999_999_999_999n }),
    })
    const order = fc.record({
      expiresAtS: fc.integer({ min: 0, max: 0xffff_ffff }),
      because: fc.constantFrom('person' as const, 'automatic' as const, 'proposal' as const),
      lines: fc.uniqueArray(line, { minLength: 1, maxLength: 3, selector: (one) => one.product }),
    })
    fc.assert(
      fc.property(order, fc.integer({ min: 1, max: 0xffff_ffff }), (content, sequence) => {
        const binding = { terminal: example.terminal, sequence, answering: null }
        const signed = supplyOrderMessage.sign(content, example.terminalSigner, binding)
        const verified = supplyOrderMessage.verify(
          readFrame(signed.frame)!,
          example.terminalVerifier,
          binding,
        )
        expect(verified).toEqual({ kind: 'supply-order', content, payloadHash: signed.payloadHash })
      }),
      { numRuns: 40 },
    )
  })

  it('of a delivery come back with each run as it was sealed', () => {
    const content = example.supplyDelivery(3)
    expect(decodeShape(supplyDelivery, encodeShape(supplyDelivery, content))).toEqual(content)
  })

  const reasons: SupplyRefusalReason[] = [
    { reason: 'terminal-revoked', why: 'stolen' },
    { reason: 'terminal-locked', why: 'behind-card', sinceS: example.NOW_S },
    { reason: 'content-altered' },
    { reason: 'sequence-unexpected', expected: 5 },
    { reason: 'not-understood', highestLevel: 1 },
    { reason: 'not-offered' },
    { reason: 'request-expired' },
    { reason: 'retailer-closed' },
    { reason: 'account-blocked', why: 'overdue', owedMinor: 5n, sinceS: example.NOW_S },
    { reason: 'order-window-closed', opensAtS: example.NOW_S },
    { reason: 'no-card' },
    { reason: 'card-letter-needed', letter: 13 },
    { reason: 'unknown-product', products: [productId('ATLAS-5')] },
    { reason: 'price-changed', prices: [{ product: productId('ATLAS-5'), unitPriceMinor: 4_800n }] },
    { reason: 'ceiling-exceeded', codes: 30, freeAtS: example.NOW_S },
    { reason: 'cap-exceeded', freeMinor: 9n },
    { reason: 'no-stock', products: [productId('ATLAS-5')] },
    { reason: 'balance-too-low', missingMinor: 1n },
    { reason: 'unknown-delivery' },
    { reason: 'unknown-subject' },
  ]

  it.each(reasons.map((why, place) => ({ why, place })))(
    'of a refusal: $why.reason stands as $place',
    ({ why, place }) => {
      const content = { standing: example.standing, availableMinor: 7n, why }
      const bytes = encodeShape(supplyRefusal, content)
      expect(decodeShape(supplyRefusal, bytes)).toEqual(content)
      expect((supplyRefusal.toLine(content) as unknown[][])[2]![0]).toBe(place)
    },
  )

  it('outside their bounds are the writer’s fault', () => {
    const [line] = example.supplyOrder(20).lines
    const twice = { expiresAtS: 1, because: 'person' as const, lines: [line!, line!] }
    expect(() => encodeShape(supplyOrder, twice)).toThrow(Misshapen)
    expect(() => encodeShape(supplyOrder, { expiresAtS: 1, because: 'person' as const, lines: [] })).toThrow(
      Misshapen,
    )
    expect(() =>
      encodeShape(supplyOrder, { expiresAtS: 2 ** 32, because: 'person', lines: [line!] }),
    ).toThrow(Misshapen)
  })
})

describe('answers', () => {
  it('of a kind that this request never gets are unacceptable, though well signed', () => {
    const binding = { terminal: example.terminal, sequence: 4, answering: Buffer.alloc(32) }
    const { frame } = acknowledgementMessage.sign(example.acknowledgement, example.centreSigner, binding)
    expect(verifyAnswer('supply-receipt', readFrame(frame)!, example.centreVerifier, binding)).toMatchObject({
      kind: 'acknowledgement',
    })
    expect(verifyAnswer('supply-order', readFrame(frame)!, example.centreVerifier, binding)).toBe(
      'unacceptable',
    )
  })
})

describe('the enrolment code', () => {
  it('survives the telephone: case, spaces and look-alike letters', () => {
    expect(readEnrolmentCode('abcd efgh jkmn pqrs')).toEqual(readEnrolmentCode('ABCD-EFGH-JKMN-PQRS'))
    expect(readEnrolmentCode('OIL0-0000-0000-0000')).toEqual(readEnrolmentCode('0110-0000-0000-0000'))
    expect(readEnrolmentCode('ABCD-EFGH-JKMN-PQR')).toBeUndefined()
    expect(readEnrolmentCode('ABCD-EFGH-JKMN-PQRU')).toBeUndefined()
  })

  it('has 80 bits, all of them read back', () => {
    const code = newEnrolmentCode({
      fill: (target) => target.set(Buffer.from('ff00aa55123456789abc', 'hex')),
    })
    expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/)
    expect(readEnrolmentCode(code)?.toString('hex')).toBe('ff00aa55123456789abc')
    expect(newEnrolmentCode(systemRandom)).not.toBe(newEnrolmentCode(systemRandom))
  })

  it('goes with a fingerprint of the device that two people can compare', () => {
    expect(deviceFingerprint(createPublicKey(example.terminalKey))).toMatch(/^(\d{5} ){5}\d{5}$/)
    expect(deviceFingerprint(createPublicKey(example.terminalKey))).not.toBe(
      deviceFingerprint(createPublicKey(example.otherTerminalKey)),
    )
  })
})

describe('a card’s part of a letter', () => {
  it('is stored and read back', () => {
    const part = wrapForCard(example.safeKey, example.card, createPublicKey(example.cardKey), 'sha1')
    const back = readRecipient(storeRecipient(part))
    expect(back?.card).toBe(part.card)
    expect(back?.oaepHash).toBe('sha1')
    expect(Buffer.from(back!.wrapped).equals(part.wrapped)).toBe(true)
    expect(readRecipient(Buffer.of(0x80))).toBeUndefined()
  })
})
