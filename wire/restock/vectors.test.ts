// The committed vectors are the truth. Each is verified as its entry says; each entry has its file and each file
// its entry.

import { createSecretKey } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { packDigits, packedSize } from '@scratchless/voucher/packed-code'
import { describe, expect, test } from 'vitest'
import { indexed, VECTORS } from '../testing/restock-examples.ts'
import {
  badVectors,
  goodVectors,
  index,
  vectorBytes,
  verifyAs,
  verifyingOf,
} from '../testing/restock-vectors.ts'
import { verifyRestockDelivery } from './restock-delivery.ts'
import { peekRestockMessage } from './restock-messages.ts'

function asJson(content: object): unknown {
  return JSON.parse(JSON.stringify(content, indexed))
}

test('every file has an entry, and every entry a file', () => {
  const files = readdirSync(VECTORS, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.xml'),
  )
  expect(index.vectors.map((vector) => vector.file).sort()).toEqual(files.sort())
  expect(goodVectors.length).toBeGreaterThanOrEqual(21)
  expect(badVectors.length).toBeGreaterThanOrEqual(300)
})

describe.each(goodVectors)('$file', (vector) => {
  test('opens to the content of its entry', async () => {
    const verified = await verifyAs[vector.message](vectorBytes(vector), verifyingOf(vector))
    if ('refusal' in verified) throw new Error(verified.refusal)
    expect(asJson(verified.content)).toEqual(vector.content)
    expect(verified.payloadHash.toString('hex')).toBe(vector.payloadSha256)
    if (vector.codes === undefined) return
    if (!('packedCodes' in verified && Buffer.isBuffer(verified.packedCodes)))
      throw new Error('a delivery gives its codes')
    expect(verified.packedCodes.toString('hex')).toBe(vector.codes.map(packedHex).join(''))
  })

  test('says in clear what is needed to route it', () => {
    const { message, suite, from, to } = vector
    expect(peekRestockMessage(vectorBytes(vector))).toMatchObject({
      message,
      suite,
      sender: from,
      receiver: to,
    })
  })
})

test.each(badVectors)('$file is refused: $why', async (vector) => {
  expect(await verifyAs[vector.message](vectorBytes(vector), verifyingOf(vector))).toEqual({
    refusal: vector.refusal,
  })
})

test('what is not verified is never decrypted', async () => {
  const unverified = [
    'too-large',
    'not-utf8',
    'forbidden-markup',
    'not-well-formed',
    'other-message',
    'signature-shape',
    'digest-differs',
    'signature-wrong',
    'header-differs',
    'not-understood',
    'content-invalid',
  ]
  for (const vector of badVectors.filter((each) => unverified.includes(each.refusal ?? ''))) {
    let asked = 0
    const unwrappingKey = {
      unwrap: () => {
        asked++
        return createSecretKey(Buffer.alloc(32))
      },
    }
    await verifyAs[vector.message](vectorBytes(vector), { ...verifyingOf(vector), unwrappingKey })
    // Only a fully verified message with a foreign EncryptedData may get as far as its key.
    expect([vector.file, asked]).toEqual([vector.file, 0])
  }
})

test('a message with any one byte changed is refused or says the same', async () => {
  const vector = goodVectors.find(({ file }) => file === 'restock-delivery.interop.xml')!
  const bytes = vectorBytes(vector)
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes)
    changed[at] = changed[at]! ^ 0x01
    const verified = await verifyRestockDelivery(changed, verifyingOf(vector))
    // A few changes vanish in canonicalization or in base64, and then nothing that is read has changed.
    if ('content' in verified) expect(asJson(verified.content)).toEqual(vector.content)
  }
})

function packedHex(digits: string): string {
  const packed = Buffer.alloc(packedSize(digits.length))
  packDigits(Buffer.from(digits), packed)
  return packed.toString('hex')
}
