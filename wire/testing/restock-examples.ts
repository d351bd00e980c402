// One market on paper: the parties, keys and messages that tests and vectors share. The keys are published with
// the vectors and protect nothing.

import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { centreId, lotId, messageId, operatorId } from '@scratchless/voucher/ids'
import { money } from '@scratchless/voucher/money'
import { productId } from '@scratchless/voucher/product'
import { serialNumber } from '@scratchless/voucher/serial'
import type { RestockDelivery } from '../restock/restock-delivery.ts'
import type { RestockOrder } from '../restock/restock-order.ts'
import type { RestockOrderResponse } from '../restock/restock-order-response.ts'
import type { RestockReceipt } from '../restock/restock-receipt.ts'

export const VECTORS = pathToFileURL(path.join(import.meta.dirname, '../../vectors/restock/'))

export const PARTIES = ['centre', 'atlas', 'sahel'] as const
export type ExampleParty = (typeof PARTIES)[number]
export type KeyUse = 'sign' | 'open'

export function keyFile(party: ExampleParty, use: KeyUse, half: 'private' | 'public'): URL {
  return new URL(`keys/worthless-${party}-${use}-${half}.pem`, VECTORS)
}

export function privateKey(party: ExampleParty, use: KeyUse): KeyObject {
  return createPrivateKey(readFileSync(keyFile(party, use, 'private')))
}

export function publicKey(party: ExampleParty, use: KeyUse): KeyObject {
  return createPublicKey(readFileSync(keyFile(party, use, 'public')))
}

const centre = centreId('centre')
const atlas = operatorId('atlas')
const orderId = messageId('0b6ed6c5-7d0f-4d6a-9a39-7f0c1d2e3f40')
const deliveryId = messageId('3f1c2a90-52be-4c1d-8e77-0a1b2c3d4e5f')

/** Of chains that nobody has: one for each side. */
const centreHead = { n: 58_214n, hash: Buffer.alloc(32, 0xc5) }
const atlasHead = { n: 1_207n, hash: Buffer.alloc(32, 0xa7) }

export const exampleOrder: RestockOrder = {
  id: orderId,
  issuedAt: '2026-11-22T08:00:00.000Z',
  sender: centre,
  receiver: atlas,
  auditHead: centreHead,
  expiresAt: '2026-11-23T08:00:00.000Z',
  lines: [
    { lineNo: 1, product: productId('ATLAS-5'), quantity: 5 },
    { lineNo: 2, product: productId('ATLAS-10'), quantity: 1000 },
  ],
}

export const exampleResponse: RestockOrderResponse = {
  id: messageId('5a9d1b70-0f63-4e0b-a6a4-9c8b7a695847'),
  issuedAt: '2026-11-22T08:00:01.250Z',
  sender: atlas,
  receiver: centre,
  auditHead: atlasHead,
  orderId,
  verdict: 'partly',
  lines: [
    {
      lineNo: 1,
      product: productId('ATLAS-5'),
      quantityAccepted: 5,
      backOrder: 0,
      unitPrice: money(4_700n, 'TND'),
    },
    {
      lineNo: 2,
      product: productId('ATLAS-10'),
      quantityAccepted: 0,
      backOrder: 0,
      unitPrice: money(9_400n, 'TND'),
      reason: 'not-enough-stock',
    },
  ],
}

export const exampleDelivery: RestockDelivery = {
  id: deliveryId,
  issuedAt: '2026-11-22T08:00:02.500Z',
  sender: atlas,
  receiver: centre,
  auditHead: atlasHead,
  orderId,
  orderLineNo: 1,
  part: 1,
  parts: 1,
  product: productId('ATLAS-5'),
  lot: lotId('L000001'),
  expiresOn: '2027-12-31',
  activatedOn: '2026-11-20T00:00:00.000Z',
  unitPrice: money(4_700n, 'TND'),
  codeDigits: 14,
  runs: [
    { firstSerial: serialNumber('000123456789'), count: 3 },
    { firstSerial: serialNumber('000123456800'), count: 2 },
  ],
}

export const exampleReceipt: RestockReceipt = {
  id: messageId('c4f0e1d2-3b4a-4958-8767-564534231201'),
  issuedAt: '2026-11-22T08:00:03.000Z',
  sender: centre,
  receiver: atlas,
  auditHead: centreHead,
  deliveryId,
  orderId,
  verdict: 'taken',
  count: 4,
  duplicates: [{ serial: serialNumber('000123456801') }],
}

/** Codes of no network, as the delivery's runs need them; the second begins with zeros. */
export const exampleCodes = [
  { digits: '40715593826014', packedHex: '2507d681bede' },
  { digits: '00000000000042', packedHex: '00000000002a' },
  { digits: '99999999999999', packedHex: '5af3107a3fff' },
  { digits: '12345678901234', packedHex: '0b3a73ce2ff2' },
  { digits: '70407155938260', packedHex: '4008f184f3d4' },
] as const

/** The same, packed one after the other: a new buffer each time, for its taker to zero. */
export function examplePackedCodes(): Buffer {
  return Buffer.from(exampleCodes.map((code) => code.packedHex).join(''), 'hex')
}

/** For JSON.stringify: what JSON has not, as the vectors' index writes it. Whole numbers as digits, bytes in hexadecimal. */
export function indexed(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  const isBuffer = typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer'
  return isBuffer ? Buffer.from(value as never).toString('hex') : value
}
