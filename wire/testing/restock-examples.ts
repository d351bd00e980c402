// One market on paper: the parties, keys and messages that tests and vectors share. The keys are published with
// the vectors and protect nothing.

import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { centreId, depotId, lotId, messageId, operatorId } from '@scratchless/voucher/ids'
import { money } from '@scratchless/voucher/money'
import { productId } from '@scratchless/voucher/product'
import { serialNumber } from '@scratchless/voucher/serial'
import type { LotActivation } from '../restock/lot-activation.ts'
import type { NoticeReceipt } from '../restock/notice-receipt.ts'
import type { PartnerNextKey } from '../restock/partner-next-key.ts'
import type { RangeNotice } from '../restock/range-notice.ts'
import type { RestockDelivery } from '../restock/restock-delivery.ts'
import type { RestockNotUnderstood } from '../restock/restock-not-understood.ts'
import type { RestockOrder } from '../restock/restock-order.ts'
import type { RestockOrderResponse } from '../restock/restock-order-response.ts'
import type { RestockOrderUpdate } from '../restock/restock-order-update.ts'
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
  depot: depotId('main'),
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

const messageOfAtlas = { sender: atlas, receiver: centre, auditHead: atlasHead }
const messageOfCentre = { sender: centre, receiver: atlas, auditHead: centreHead }

/** What was short has come, and the rest never will. */
export const exampleUpdate: RestockOrderUpdate = {
  ...messageOfAtlas,
  id: messageId('2c8e4f60-1a2b-4c3d-9e4f-506172839405'),
  issuedAt: '2026-11-24T09:30:00.000Z',
  orderId,
  updateNo: 1,
  verdict: 'partly',
  lines: exampleResponse.lines.map((line) => (line.lineNo === 2 ? { ...line, quantityAccepted: 400 } : line)),
}

export const exampleActivation: LotActivation = {
  ...messageOfAtlas,
  id: messageId('8d1f0a2b-3c4d-4e5f-8a6b-7c8d9e0f1a2b'),
  issuedAt: '2026-11-25T07:00:00.000Z',
  lot: lotId('L000002'),
  activatedOn: '2026-11-25T08:00:00.000Z',
  runs: [
    { firstSerial: serialNumber('000123460000'), count: 5_000 },
    { firstSerial: serialNumber('000123470000'), count: 1 },
  ],
}

/** The key by which atlas signs from next year on: another worthless one. */
export const exampleNextKey: PartnerNextKey = {
  ...messageOfAtlas,
  id: messageId('b4a39281-7061-4f5e-8d4c-3b2a19080716'),
  issuedAt: '2026-11-25T10:00:00.000Z',
  purpose: 'sign',
  publicKey: publicKey('sahel', 'sign').export({ type: 'spki', format: 'der' }),
  validFrom: '2027-01-01T00:00:00.000Z',
}

export const exampleRangeNotice: RangeNotice = {
  ...messageOfCentre,
  id: messageId('6f5e4d3c-2b1a-4098-8f7e-6d5c4b3a2918'),
  issuedAt: '2026-11-26T16:20:00.000Z',
  case: '2026/0117',
  what: 'voided',
  cause: 'stolen',
  runs: [{ firstSerial: serialNumber('000123456789'), count: 3 }],
}

export const exampleNoticeReceipt: NoticeReceipt = {
  ...messageOfAtlas,
  id: messageId('91827364-5546-4738-a291-08f7e6d5c4b3'),
  issuedAt: '2026-11-26T16:20:01.000Z',
  notice: 'RangeNotice',
  noticeId: exampleRangeNotice.id,
  verdict: 'taken',
  ranges: [
    { firstSerial: serialNumber('000123456789'), count: 2, outcome: 'voided-unredeemed' },
    { firstSerial: serialNumber('000123456791'), count: 1, outcome: 'already-redeemed' },
  ],
}

export const exampleNotUnderstood: RestockNotUnderstood = {
  ...messageOfAtlas,
  id: messageId('0f1e2d3c-4b5a-4697-8879-6a5b4c3d2e1f'),
  issuedAt: '2026-11-27T11:00:00.000Z',
  message: 'RestockForecast',
  messageId: messageId('a0b1c2d3-e4f5-4061-9273-8495a6b7c8d9'),
  messageLevel: 2,
  highestLevel: 1,
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
