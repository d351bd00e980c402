// Opening a vector as whoever it is meant for would: for the tests that walk the vectors, and for the fuzzer.

import { readFileSync } from 'node:fs'
import { centreId, operatorId } from '@scratchless/voucher/ids'
import { verifyRestockDelivery } from '../restock/restock-delivery.ts'
import type { RestockMessageName } from '../restock/restock-messages.ts'
import { verifyRestockOrder } from '../restock/restock-order.ts'
import { verifyRestockOrderResponse } from '../restock/restock-order-response.ts'
import type { RestockVerifying } from '../restock/restock-partner.ts'
import { verifyRestockReceipt } from '../restock/restock-receipt.ts'
import { unwrappingKeyOf } from '../xml/rsa-keys.ts'
import type { Suite } from '../xml/suites.ts'
import { type ExampleParty, privateKey, publicKey, VECTORS } from './restock-examples.ts'

export interface RestockVector {
  readonly file: string
  readonly message: RestockMessageName
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
}

export function vectorBytes(vector: RestockVector): Buffer {
  return readFileSync(new URL(vector.file, VECTORS))
}

function idOf(party: ExampleParty) {
  return party === 'centre' ? centreId(party) : operatorId(party)
}

export function verifyingOf(vector: RestockVector): RestockVerifying {
  return {
    partner: { id: idOf(vector.from), suite: vector.suite, verifyKey: publicKey(vector.from, 'sign') },
    self: idOf(vector.to),
    unwrappingKey: unwrappingKeyOf(privateKey(vector.to, 'open')),
  }
}
