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
import { type RestockDelivery, signRestockDelivery, verifyRestockDelivery } from './restock-delivery.ts'
import { MAX_MESSAGE_BYTES, peekRestockMessage } from './restock-messages.ts'
import { signRestockOrder, verifyRestockOrder } from './restock-order.ts'
import { signRestockOrderResponse, verifyRestockOrderResponse } from './restock-order-response.ts'
import type { RestockSigning, RestockVerifying } from './restock-partner.ts'
import { signRestockReceipt, verifyRestockReceipt } from './restock-receipt.ts'

const suites: Suite[] = ['interop', 'modern']

function signing(suite: Suite, from: 'centre' | 'atlas'): RestockSigning {
  return {
    suite,
    signingKey: signingKeyOf(privateKey(from, 'sign')),
    level: 1,
    receiverKey: publicKey(from === 'centre' ? 'atlas' : 'centre', 'open'),
    random: systemRandom,
  }
}

function verifying(suite: Suite, from: 'centre' | 'atlas'): RestockVerifying {
  const [id, self] =
    from === 'centre' ? [centreId('centre'), operatorId('atlas')] : [operatorId('atlas'), centreId('centre')]
  return {
    partner: { id, suite, level: 1, verifyKey: publicKey(from, 'sign') },
    self,
    unwrappingKey: unwrappingKeyOf(privateKey(from === 'centre' ? 'atlas' : 'centre', 'open')),
  }
}

test.each(suites)('in suite %s each message opens to what was closed', async (suite) => {
  const order = await verifyRestockOrder(
    await signRestockOrder(exampleOrder, signing(suite, 'centre')),
    verifying(suite, 'centre'),
  )
  expect(order).toMatchObject({ content: exampleOrder })
  const refused = { ...exampleResponse, verdict: 'refused', reason: 'order-expired', lines: [] } as const
  for (const answer of [exampleResponse, refused]) {
    const bytes = await signRestockOrderResponse(
      { ...answer, lines: [...answer.lines] },
      signing(suite, 'atlas'),
    )
    expect(await verifyRestockOrderResponse(bytes, verifying(suite, 'atlas'))).toMatchObject({
      content: answer,
    })
  }
  const receipt = await signRestockReceipt(exampleReceipt, signing(suite, 'centre'))
  expect(await verifyRestockReceipt(receipt, verifying(suite, 'centre'))).toMatchObject({
    content: exampleReceipt,
  })
  const delivery = await signRestockDelivery(exampleDelivery, examplePackedCodes(), signing(suite, 'atlas'))
  expect(await verifyRestockDelivery(delivery, verifying(suite, 'atlas'))).toMatchObject({
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
  const bytes = await signRestockDelivery(scattered, Buffer.alloc(60_000, 1), signing('interop', 'atlas'))
  expect(bytes.length).toBeLessThan(MAX_MESSAGE_BYTES.RestockDelivery)
  const verified = await verifyRestockDelivery(bytes, verifying('interop', 'atlas'))
  expect('content' in verified && verified.content.runs.length).toBe(10_000)
})

test('a receipt may name each of 10,000 codes as a duplicate', async () => {
  const receipt = {
    ...exampleReceipt,
    count: 0,
    duplicates: Array.from({ length: 10_000 }, (_, index) => ({ serial: serialFromNumber(index) })),
  }
  const bytes = await signRestockReceipt(receipt, signing('modern', 'centre'))
  expect(bytes.length).toBeLessThan(MAX_MESSAGE_BYTES.RestockReceipt)
  expect(await verifyRestockReceipt(bytes, verifying('modern', 'centre'))).toMatchObject({
    content: { count: 0 },
  })
})

test('the bytes that are signed are the canonical ones, and their hash is the sameness', async () => {
  for (const suite of suites) {
    const bytes = await signRestockDelivery(exampleDelivery, examplePackedCodes(), signing(suite, 'atlas'))
    expect(canonicalBytes(bytes, bytes.length)).toEqual(bytes)
    const verified = await verifyRestockDelivery(bytes, verifying(suite, 'atlas'))
    const payload = bytes.toString().replace(/<ds:Signature .*<\/ds:Signature>/, '')
    expect('payloadHash' in verified && verified.payloadHash).toEqual(
      createHash('sha256').update(payload).digest(),
    )
  }
})

test('a message larger than its bound is refused unread', async () => {
  const bytes = Buffer.alloc(MAX_MESSAGE_BYTES.RestockOrder + 1, 0x20)
  expect(await verifyRestockOrder(bytes, verifying('interop', 'centre'))).toEqual({ refusal: 'too-large' })
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
    expect(await verifyRestockOrder(Buffer.from(text), verifying('interop', 'centre'))).toHaveProperty(
      'refusal',
    )
    expect(peekRestockMessage(Buffer.from(text))).toBeNull()
  }
})

test('keys that answer later, as a token does, serve as well', async () => {
  const now = signing('modern', 'centre')
  const later = { sign: async (suite: Suite, bytes: Buffer) => now.signingKey.sign(suite, bytes) }
  const bytes = await signRestockOrder(exampleOrder, { ...now, signingKey: later })
  const key = verifying('modern', 'centre').unwrappingKey
  const verified = await verifyRestockOrder(bytes, {
    ...verifying('modern', 'centre'),
    unwrappingKey: { unwrap: async (suite, wrapped) => key.unwrap(suite, wrapped) },
  })
  expect(verified).toMatchObject({ content: exampleOrder })
})

test('content that breaks its own rules is not even closed', async () => {
  const twice = { ...exampleOrder, lines: [exampleOrder.lines[0]!, exampleOrder.lines[0]!] }
  await expect(signRestockOrder(twice, signing('interop', 'centre'))).rejects.toThrow()
  const silent = { ...exampleResponse, verdict: 'refused' as const, lines: [] }
  await expect(signRestockOrderResponse(silent, signing('interop', 'atlas'))).rejects.toThrow()
  await expect(
    signRestockDelivery({ ...exampleDelivery, part: 2 }, examplePackedCodes(), signing('interop', 'atlas')),
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
