// The operator at the other end of a test centre's restock line: it speaks through wire's own functions.

import type { KeyObject } from 'node:crypto'
import { inTransaction } from '@scratchless/office/database/database'
import type { OutgoingMessage } from '@scratchless/office/outbox/outbox.sql'
import { type DepotId, lotId, messageId } from '@scratchless/voucher/ids'
import { money } from '@scratchless/voucher/money'
import { newMessageId, systemRandom } from '@scratchless/voucher/random'
import { type SerialRange, serialFromNumber } from '@scratchless/voucher/serial'
import { type RestockDelivery, signRestockDelivery } from '@scratchless/wire/restock/restock-delivery'
import { type RestockOrder, verifyRestockOrder } from '@scratchless/wire/restock/restock-order'
import { signRestockOrderResponse } from '@scratchless/wire/restock/restock-order-response'
import type { RestockSigning, RestockVerifying } from '@scratchless/wire/restock/restock-partner'
import { type RestockReceipt, verifyRestockReceipt } from '@scratchless/wire/restock/restock-receipt'
import { signingKeyOf, unwrappingKeyOf } from '@scratchless/wire/xml/rsa-keys'
import { ATLAS, ATLAS_5 } from '../../voucher/testing/example-product.ts'
import type { CentreNeeds } from '../src/needs.ts'
import { receiveRestockDelivery } from '../src/restock/receive-restock-delivery.ts'
import { sendRestockOrder, takeRestockOrderResponse } from '../src/restock/send-restock-order.ts'

export const RESTOCK_PRICE = money(4_700n, 'TND')
const PACKED_BYTES = 6

export interface TestOperator {
  /** A new id, now, from Atlas to the centre. */
  header(): Pick<RestockDelivery, 'id' | 'issuedAt' | 'sender' | 'receiver' | 'auditHead'>
  signing(): Promise<RestockSigning>
  verifying(): Promise<RestockVerifying>
  /** Orders, and answers the order as the operator does. */
  order(quantity: number, depot?: DepotId): Promise<RestockOrder>
  verifyOrder(bytes: Uint8Array): Promise<RestockOrder>
  /** A part for an order; codes are `firstCode`, `firstCode` + 1, … */
  deliver(order: RestockOrder, part: Part): Promise<Buffer>
  verifyReceipt(bytes: Uint8Array): Promise<RestockReceipt>
  /** Orders, delivers and sees the receipt: `quantity` codes from this serial on. */
  stock(
    firstSerial: number,
    quantity: number,
    change?: Partial<RestockDelivery>,
    depot?: DepotId,
  ): Promise<RestockReceipt>
}

interface Part {
  readonly runs: readonly SerialRange[]
  readonly firstCode: number
  readonly change?: Partial<RestockDelivery>
}

export function packedCodes(first: number, count: number): Buffer {
  const packed = Buffer.alloc(count * PACKED_BYTES)
  for (let i = 0; i < count; i++) packed.writeUIntBE(first + i, i * PACKED_BYTES, PACKED_BYTES)
  return packed
}

export function createTestOperator(
  needs: CentreNeeds,
  keys: { sign: KeyObject; unwrap: KeyObject },
  centreKeys: string,
): TestOperator {
  const centre = needs.settings.party
  const publicKeys = import('@scratchless/keys/party-keys').then(({ readPublicKey }) => ({
    verify: readPublicKey(centreKeys, 'restock-sign'),
    wrap: readPublicKey(centreKeys, 'restock-unwrap'),
  }))
  const verifying = async (): Promise<RestockVerifying> => ({
    partner: { id: centre, suite: 'interop', level: 1, verifyKey: (await publicKeys).verify },
    self: ATLAS,
    unwrappingKey: unwrappingKeyOf(keys.unwrap),
  })
  const signing = async () => ({
    suite: 'interop' as const,
    signingKey: signingKeyOf(keys.sign),
    level: 1,
    receiverKey: (await publicKeys).wrap,
    random: systemRandom,
  })
  const header = () => ({
    id: newMessageId(systemRandom),
    issuedAt: new Date(needs.clock.nowMs()).toISOString(),
    sender: ATLAS,
    receiver: centre,
    auditHead: { n: 1n, hash: Buffer.alloc(32, 1) },
  })

  const operator: TestOperator = {
    header,
    signing,
    verifying,
    async order(quantity, depot) {
      const wish = { operator: ATLAS, depot, lines: [{ product: ATLAS_5.id, quantity }] }
      const sent = await sendRestockOrder(needs, wish, 'demo')
      if (typeof sent === 'string') throw new Error(sent)
      const { id } = sent
      const { rows } = await needs.pool.query<OutgoingMessage>(
        'SELECT id, partner, kind, bytes, attempts FROM message_out WHERE id = $1',
        [id],
      )
      const message = rows[0]!
      const order = await operator.verifyOrder(message.bytes)
      const answer = await signRestockOrderResponse(
        {
          ...header(),
          orderId: order.id,
          verdict: 'accepted',
          lines: order.lines.map(({ lineNo, product, quantity: asked }) => ({
            ...{ lineNo, product, quantityAccepted: asked, backOrder: 0 },
            unitPrice: RESTOCK_PRICE,
          })),
        },
        await signing(),
      )
      await inTransaction(needs.pool, (sql) => takeRestockOrderResponse(needs, sql, message, answer))
      return order
    },
    async verifyOrder(bytes) {
      const verified = await verifyRestockOrder(bytes, await verifying())
      if ('refusal' in verified) throw new Error(verified.refusal)
      return verified.content
    },
    async deliver(order, { runs, firstCode, change }) {
      const count = runs.reduce((sum, run) => sum + run.count, 0)
      return signRestockDelivery(
        {
          ...header(),
          orderId: messageId(order.id),
          orderLineNo: 1,
          part: 1,
          parts: 1,
          product: ATLAS_5.id,
          lot: lotId('L000001'),
          expiresOn: '2028-12-31',
          activatedOn: '2026-01-01T00:00:00.000Z',
          unitPrice: RESTOCK_PRICE,
          codeDigits: 14,
          runs: [...runs],
          ...change,
        },
        packedCodes(firstCode, count),
        await signing(),
      )
    },
    async verifyReceipt(bytes) {
      const verified = await verifyRestockReceipt(bytes, await verifying())
      if ('refusal' in verified) throw new Error(verified.refusal)
      return verified.content
    },
    async stock(firstSerial, quantity, change = {}, depot) {
      const order = await operator.order(quantity, depot)
      const runs = [{ firstSerial: serialFromNumber(firstSerial), count: quantity }]
      const bytes = await operator.deliver(order, { runs, firstCode: firstSerial, change })
      const answer = await receiveRestockDelivery(needs, ATLAS, bytes)
      if (typeof answer === 'string') throw new Error(answer)
      return operator.verifyReceipt(answer.receipt)
    },
  }
  return operator
}
