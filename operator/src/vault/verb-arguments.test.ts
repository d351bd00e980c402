// The door of the operator's vault: a good argument of every verb passes, and broken in any of its places it does not.

import { behindSchemas, MisshapenCall } from '@scratchless/office/vault/verb-door'
import { lotId, messageId } from '@scratchless/voucher/ids'
import { money } from '@scratchless/voucher/money'
import { serialFromNumber } from '@scratchless/voucher/serial'
import { expect, test } from 'vitest'
import { misshapen } from '../../../office/testing/misshapen-calls.ts'
import { ATLAS_5, CENTRE } from '../../../voucher/testing/example-product.ts'
import { OPERATOR_VERB_ARGUMENTS } from './verb-arguments.ts'
import type { VaultVerbs } from './verbs.ts'

const bytes = Buffer.from('some bytes')
const id = messageId('0b6ed6c5-7d0f-4d6a-9a39-7f0c1d2e3f40')
const issuedAt = '2026-11-22T08:00:02.500Z'
const lot = lotId('L000001')
const message = { partner: CENTRE, bytes }

type Arguments = { readonly [Verb in keyof VaultVerbs]: Parameters<VaultVerbs[Verb]>[0] }
const GOOD: Arguments = {
  knowProducts: [{ id: ATLAS_5.id, codeDigits: 14, checkDigit: 'none' }],
  listSealedLots: { known: 3 },
  admitStockFile: { fileName: 'stock.csv', sizeBytes: 1_000, activated: true, actor: 'demo' },
  generateStock: {
    ...{ product: ATLAS_5.id, count: 100, expiresOn: '2027-12-31', activated: true, actor: 'demo' },
  },
  takeRestockOrder: message,
  signRestockOrderResponse: {
    ...{ id, issuedAt, orderId: id, verdict: 'accepted' },
    lines: [
      {
        ...{ lineNo: 1, product: ATLAS_5.id, quantityAccepted: 5, backOrder: 0 },
        unitPrice: money(4_700n, 'TND'),
      },
    ],
  },
  closeRestockDelivery: {
    ...{ id, partner: CENTRE, issuedAt, orderId: id, orderLineNo: 1, part: 1, parts: 2, lot },
    ...{ activatedOn: issuedAt, unitPrice: money(4_700n, 'TND') },
    runs: [{ pack: 1n, firstSerial: serialFromNumber(1_000), count: 5 }],
  },
  verifyRestockReceipt: message,
  openRestockNotice: message,
  answerRestockNotice: { ...message, verdict: { verdict: 'taken', ranges: [] } },
  signLotActivation: { partner: CENTRE, id, issuedAt, lot, activatedOn: issuedAt, runs: [] },
  verifyNoticeReceipt: message,
  openNotUnderstood: message,
  voidCodes: {
    ...{ number: 1, endsAtS: 1_795_347_600, cause: 'a box is missing' },
    stock: { firstSerial: serialFromNumber(1_007), count: 5 },
    approvals: [{ approver: 'one', signature: Buffer.alloc(64) }],
  },
}

/** Other contents of one place that are as good: not every lot is activated yet, and names are any text. */
const AS_GOOD: readonly RegExp[] = [/^closeRestockDelivery activatedOn: null$/]

test.each(Object.entries(GOOD))('%s', async (verb, argument) => {
  const heard: unknown[] = []
  const verbs = { [verb]: (given: unknown) => heard.push(given) } as unknown as VaultVerbs
  const door = behindSchemas(verbs, OPERATOR_VERB_ARGUMENTS) as Record<
    string,
    (given: unknown) => Promise<unknown>
  >
  await door[verb]!(argument)
  expect(heard.splice(0)).toEqual([argument])
  let tried = 0
  for (const { how, argument: broken } of misshapen(argument)) {
    if (AS_GOOD.some((pattern) => pattern.test(`${verb} ${how}`))) continue
    tried++
    await expect(door[verb]!(broken), how).rejects.toThrow(MisshapenCall)
  }
  expect(tried).toBeGreaterThan(3)
  expect(heard).toEqual([])
})
