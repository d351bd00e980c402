// Opening a vector as whoever it is meant for would: for the tests that walk the vectors, and for the fuzzer.

import { readFileSync } from 'node:fs'
import { centreId, operatorId } from '@scratchless/voucher/ids'
import { verifyLotActivation } from '../restock/lot-activation.ts'
import { NOTICES, verifyNoticeReceipt } from '../restock/notice-receipt.ts'
import { openNotice } from '../restock/open-notice.ts'
import { verifyPartnerNextKey } from '../restock/partner-next-key.ts'
import { verifyRangeNotice } from '../restock/range-notice.ts'
import { verifyRestockDelivery } from '../restock/restock-delivery.ts'
import type { RestockMessageName } from '../restock/restock-messages.ts'
import { verifyRestockNotUnderstood } from '../restock/restock-not-understood.ts'
import { verifyRestockOrder } from '../restock/restock-order.ts'
import { verifyRestockOrderResponse } from '../restock/restock-order-response.ts'
import { verifyRestockOrderUpdate } from '../restock/restock-order-update.ts'
import type { RestockVerifying, VerifiedRestock } from '../restock/restock-partner.ts'
import { verifyRestockReceipt } from '../restock/restock-receipt.ts'
import { unwrappingKeyOf } from '../xml/rsa-keys.ts'
import type { Suite } from '../xml/suites.ts'
import { type ExampleParty, privateKey, publicKey, VECTORS } from './restock-examples.ts'

export interface RestockVector {
  readonly file: string
  /** `any`: as a receiver who does not know beforehand what it is. */
  readonly message: RestockMessageName | 'any'
  readonly suite: Suite
  readonly from: ExampleParty
  readonly to: ExampleParty
  readonly verdict: 'opens' | 'refused'
  readonly refusal?: string
  readonly content?: object
  readonly codes?: readonly string[]
  readonly payloadSha256?: string
}

export const index = JSON.parse(readFileSync(new URL('index.json', VECTORS), 'utf8')) as {
  vectors: RestockVector[]
}
export const goodVectors = index.vectors.filter((vector) => vector.verdict === 'opens')
export const badVectors = index.vectors.filter((vector) => vector.verdict === 'refused')

export const verifyAs = {
  RestockOrder: verifyRestockOrder,
  RestockOrderResponse: verifyRestockOrderResponse,
  RestockDelivery: verifyRestockDelivery,
  RestockReceipt: verifyRestockReceipt,
  RestockOrderUpdate: verifyRestockOrderUpdate,
  LotActivation: verifyLotActivation,
  PartnerNextKey: verifyPartnerNextKey,
  RangeNotice: verifyRangeNotice,
  NoticeReceipt: verifyNoticeReceipt,
  RestockNotUnderstood: verifyRestockNotUnderstood,
  any: openAny,
}

export function vectorBytes(vector: RestockVector): Buffer {
  return readFileSync(new URL(vector.file, VECTORS))
}

async function openAny(bytes: Uint8Array, verifying: RestockVerifying): Promise<VerifiedRestock<object>> {
  const opened = await openNotice(bytes, verifying, NOTICES)
  return 'notice' in opened && opened.notice === 'not-understood' ? { refusal: opened.notice } : opened
}

function idOf(party: ExampleParty) {
  return party === 'centre' ? centreId(party) : operatorId(party)
}

export function verifyingOf(vector: RestockVector): RestockVerifying {
  return {
    partner: {
      id: idOf(vector.from),
      suite: vector.suite,
      level: 1,
      verifyKey: publicKey(vector.from, 'sign'),
    },
    self: idOf(vector.to),
    unwrappingKey: unwrappingKeyOf(privateKey(vector.to, 'open')),
  }
}
