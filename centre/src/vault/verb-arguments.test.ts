// The door of the centre's vault: a good argument of every verb passes, and broken in any of its places it does not.

import { behindSchemas, MisshapenCall } from '@scratchless/office/vault/verb-door'
import { cardId, depotId, lotId, messageId, retailerId, terminalId, vendorId } from '@scratchless/voucher/ids'
import { serialFromNumber } from '@scratchless/voucher/serial'
import type { Standing } from '@scratchless/wire/supply/standing'
import { expect, test } from 'vitest'
import { misshapen } from '../../../office/testing/misshapen-calls.ts'
import { ATLAS, ATLAS_5, CENTRE } from '../../../voucher/testing/example-product.ts'
import { DEPOT } from '../../testing/main-depot.ts'
import { CENTRE_VERB_ARGUMENTS } from './verb-arguments.ts'
import type { VaultVerbs } from './verbs.ts'

const terminal = terminalId('T00001')
const retailer = retailerId('R00001')
const bytes = Buffer.from('some bytes')
const id = messageId('0b6ed6c5-7d0f-4d6a-9a39-7f0c1d2e3f40')
const standing: Standing = {
  ...{ timeS: 1_795_347_600, leaseUntilS: 1_795_952_400, unreportedSales: 500, revokedCards: [] },
  ...{ catalogueVersion: 3, settingsVersion: 1, letter: 1, notices: [] },
}
const signed = { terminal, sequence: 17, frame: bytes }
const answered = { terminal, certificate: 2, sequence: 17, answering: Buffer.alloc(32) }
const approvals = [{ approver: 'one', signature: Buffer.alloc(64) }]
const refusal = {
  standing,
  availableMinor: 5n,
  why: { reason: 'balance-too-low', missingMinor: 7n } as const,
}

type Arguments = { readonly [Verb in keyof VaultVerbs]: Parameters<VaultVerbs[Verb]>[0] }
const GOOD: Arguments = {
  knowProducts: [{ id: ATLAS_5.id, operator: ATLAS, codeDigits: 14, checkDigit: 'none' }],
  signRestockOrder: {
    ...{ id, issuedAt: '2026-11-22T08:00:02.500Z', sender: CENTRE, receiver: ATLAS },
    expiresAt: '2026-11-23T08:00:02.500Z',
    depot: depotId('main'),
    lines: [{ lineNo: 1, product: ATLAS_5.id, quantity: 5 }],
  },
  verifyRestockOrderResponse: { operator: ATLAS, orderId: id, bytes },
  takeRestockDelivery: { operator: ATLAS, bytes },
  examineRestockDelivery: { operator: ATLAS, bytes },
  openRestockNotice: { operator: ATLAS, bytes },
  answerRestockNotice: { operator: ATLAS, bytes, verdict: { verdict: 'taken', ranges: [] } },
  openNotUnderstood: { operator: ATLAS, bytes },
  beginEnrolment: { terminal, retailer, expiresAtS: 1_795_347_600 },
  answerEnrolmentRequest: { frame: bytes, standing, retailerName: 'El Amen', lastSequence: 0 },
  certifyTerminal: { terminal, depot: DEPOT, enrolmentNumber: 1_001, approvals },
  renewTerminal: { ...signed, standing },
  revokeTerminal: terminal,
  registerCard: {
    ...{ card: cardId('C0000001'), retailer, vendor: vendorId('02'), class: 'file' },
    ...{ publicKey: bytes, approvals },
  },
  revokeCard: cardId('C0000001'),
  writeCardLetter: { ...signed, standing },
  closeSupplyDeliveries: {
    depot: DEPOT,
    orders: [
      {
        ...signed,
        decided: {
          ...{ standing, debitedMinor: 4_800n, availableMinor: 0n },
          lots: [
            {
              ...{ operator: ATLAS, product: ATLAS_5.id, lot: lotId('L000001'), expiresOn: '2027-12-31' },
              unitPriceMinor: 4_800n,
              runs: [
                { firstSerial: serialFromNumber(1_007), count: 1, packFirstSerial: serialFromNumber(1_000) },
              ],
            },
          ],
        },
      },
    ],
  },
  signAcknowledgements: [{ ...answered, standing }],
  voidCodes: {
    ...{ number: 1, endsAtS: 1_795_347_600, cause: 'a box is missing', approvals },
    stock: { operator: ATLAS, firstSerial: serialFromNumber(1_007), count: 5 },
  },
  signAnswer: {
    ...answered,
    answer: { kind: 'supply-refusal', content: refusal },
  },
}

/** Other contents of one place that are as good. */
const AS_GOOD: readonly RegExp[] = [
  /^signAnswer answer.kind/,
  // A message has no place for a field that its shape does not name.
  /(standing|answer\.content|answer\.content\.why): one field more$/,
]

test.each(Object.entries(GOOD))('%s', async (verb, argument) => {
  const heard: unknown[] = []
  const verbs = { [verb]: (given: unknown) => heard.push(given) } as unknown as VaultVerbs
  const door = behindSchemas(verbs, CENTRE_VERB_ARGUMENTS) as Record<
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

test('what is wrong is said by its place and its rule, and what stood there is not', async () => {
  const door = behindSchemas({ revokeCard: () => undefined } as unknown as VaultVerbs, CENTRE_VERB_ARGUMENTS)
  await expect(door.revokeCard('40715593826014' as never)).rejects.toThrow(
    'no such argument: revokeCard (custom)',
  )
})
