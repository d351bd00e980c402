// Beyond the vectors: limits, keys that answer later, and the schema on the closing side.

import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { centreId, operatorId } from '@scratchless/voucher/ids'
import { systemRandom } from '@scratchless/voucher/random'
import { serialFromNumber } from '@scratchless/voucher/serial'
import { expect, test } from 'vitest'
import {
  exampleDelivery,
  exampleOrder,
  examplePackedCodes,
  exampleReceipt,
  exampleResponse,
  privateKey,
  publicKey,
} from '../testing/restock-examples.ts'
import { signingKeyOf, unwrappingKeyOf } from '../xml/rsa-keys.ts'
import { canonicalBytes } from '../xml/strict-document.ts'
import type { Suite } from '../xml/suites.ts'
import { closeRestockDelivery, openRestockDelivery, type RestockDelivery } from './restock-delivery.ts'
import { MAX_MESSAGE_BYTES, peekRestockMessage } from './restock-messages.ts'
import { closeRestockOrder, openRestockOrder } from './restock-order.ts'
import { closeRestockOrderResponse, openRestockOrderResponse } from './restock-order-response.ts'
import type { RestockClosing, RestockOpening } from './restock-partner.ts'
import { closeRestockReceipt, openRestockReceipt } from './restock-receipt.ts'

const suites: Suite[] = ['interop', 'modern']

function closing(suite: Suite, from: 'centre' | 'atlas'): RestockClosing {
  return {
    suite,
    signingKey: signingKeyOf(privateKey(from, 'sign')),
    receiverKey: publicKey(from === 'centre' ? 'atlas' : 'centre', 'open'),
    random: systemRandom,
  }
}

function opening(suite: Suite, from: 'centre' | 'atlas'): RestockOpening {
  const [id, self] =
    from === 'centre' ? [centreId('centre'), operatorId('atlas')] : [operatorId('atlas'), centreId('centre')]
  return {
    partner: { id, suite, verifyKey: publicKey(from, 'sign') },
    self,
    unwrappingKey: unwrappingKeyOf(privateKey(from === 'centre' ? 'atlas' : 'centre', 'open')),
  }
}

test.each(suites)('in suite %s each message opens to what was closed', async (suite) => {
  const order = await openRestockOrder(
    await closeRestockOrder(exampleOrder, closing(suite, 'centre')),
    opening(suite, 'centre'),
  )
  expect(order).toMatchObject({ content: exampleOrder })
  const refused = { ...exampleResponse, verdict: 'refused', reason: 'order-expired', lines: [] } as const
  for (const answer of [exampleResponse, refused]) {
    const bytes = await closeRestockOrderResponse(
      { ...answer, lines: [...answer.lines] },
      closing(suite, 'atlas'),
    )
    expect(await openRestockOrderResponse(bytes, opening(suite, 'atlas'))).toMatchObject({ content: answer })
  }
  const receipt = await closeRestockReceipt(exampleReceipt, closing(suite, 'centre'))
  expect(await openRestockReceipt(receipt, opening(suite, 'centre'))).toMatchObject({
    content: exampleReceipt,
  })
  const delivery = await closeRestockDelivery(exampleDelivery, examplePackedCodes(), closing(suite, 'atlas'))
  expect(await openRestockDelivery(delivery, opening(suite, 'atlas'))).toMatchObject({
    content: exampleDelivery,
    packedCodes: examplePackedCodes(),
  })
})

test('a lot scattered over 10,000 runs fits into one delivery', async () => {
  const scattered: RestockDelivery = {
    ...exampleDelivery,
    runs: Array.from({ length: 10_000 }, (_, index) => ({
      firstSerial: serialFromNumber(index * 2),
      count: 1,
    })),
  }
  const bytes = await closeRestockDelivery(scattered, Buffer.alloc(60_000, 1), closing('interop', 'atlas'))
  expect(bytes.length).toBeLessThan(MAX_MESSAGE_BYTES.RestockDelivery)
  const opened = await openRestockDelivery(bytes, opening('interop', 'atlas'))
  expect('content' in opened && opened.content.runs.length).toBe(10_000)
})

test('a receipt may name each of 10,000 codes as a duplicate', async () => {
  const receipt = {
    ...exampleReceipt,
    count: 0,
    duplicates: Array.from({ length: 10_000 }, (_, index) => ({ serial: serialFromNumber(index) })),
  }
  const bytes = await closeRestockReceipt(receipt, closing('modern', 'centre'))
  expect(bytes.length).toBeLessThan(MAX_MESSAGE_BYTES.RestockReceipt)
  expect(await openRestockReceipt(bytes, opening('modern', 'centre'))).toMatchObject({
    content: { count: 0 },
  })
})

test('the bytes that are signed are the canonical ones, and their hash is the sameness', async () => {
  for (const suite of suites) {
    const bytes = await closeRestockDelivery(exampleDelivery, examplePackedCodes(), closing(suite, 'atlas'))
    expect(canonicalBytes(bytes, bytes.length)).toEqual(bytes)
    const opened = await openRestockDelivery(bytes, opening(suite, 'atlas'))
    const payload = bytes.toString().replace(/<ds:Signature .*<\/ds:Signature>/, '')
    expect('payloadHash' in opened && opened.payloadHash).toEqual(
      createHash('sha256').update(payload).digest(),
    )
  }
})

test('a message larger than its bound is refused unread', async () => {
  const bytes = Buffer.alloc(MAX_MESSAGE_BYTES.RestockOrder + 1, 0x20)
  expect(await openRestockOrder(bytes, opening('interop', 'centre'))).toEqual({ refusal: 'too-large' })
})

test('no bytes at all, and bytes of any kind, are refused without a throw', async () => {
  for (const text of [
    '',
    ' ',
    '<',
    '<a/>',
    '\0',
    '<RestockOrder xmlns="urn:scratchless:restock:1"/>',
    '<a:b/>',
    '<a b="&#0;"/>',
  ]) {
    expect(await openRestockOrder(Buffer.from(text), opening('interop', 'centre'))).toHaveProperty('refusal')
    expect(peekRestockMessage(Buffer.from(text))).toBeNull()
  }
})

test('keys that answer later, as a token does, serve as well', async () => {
  const now = closing('modern', 'centre')
  const later = { sign: async (suite: Suite, bytes: Buffer) => now.signingKey.sign(suite, bytes) }
  const bytes = await closeRestockOrder(exampleOrder, { ...now, signingKey: later })
  const key = opening('modern', 'centre').unwrappingKey
  const opened = await openRestockOrder(bytes, {
    ...opening('modern', 'centre'),
    unwrappingKey: { unwrap: async (suite, wrapped) => key.unwrap(suite, wrapped) },
  })
  expect(opened).toMatchObject({ content: exampleOrder })
})

test('content that breaks its own rules is not even closed', async () => {
  const twice = { ...exampleOrder, lines: [exampleOrder.lines[0]!, exampleOrder.lines[0]!] }
  await expect(closeRestockOrder(twice, closing('interop', 'centre'))).rejects.toThrow()
  const silent = { ...exampleResponse, verdict: 'refused' as const, lines: [] }
  await expect(closeRestockOrderResponse(silent, closing('interop', 'atlas'))).rejects.toThrow()
  await expect(
    closeRestockDelivery({ ...exampleDelivery, part: 2 }, examplePackedCodes(), closing('interop', 'atlas')),
  ).rejects.toThrow()
})

test('short keys and keys of another kind are refused where they are given', () => {
  const short = generateKeyPairSync('rsa', { modulusLength: 1024 })
  expect(() => signingKeyOf(short.privateKey)).toThrow(TypeError)
  expect(() => unwrappingKeyOf(generateKeyPairSync('ed25519').privateKey)).toThrow(TypeError)
  expect(() =>
    signingKeyOf(createPublicKey(publicKey('atlas', 'sign').export({ type: 'spki', format: 'pem' }))),
  ).toThrow(TypeError)
})
