// Each field of each notice at both of its bounds, and each rule between its fields.

import { centreId, operatorId } from '@scratchless/voucher/ids'
import { systemRandom } from '@scratchless/voucher/random'
import { serialFromNumber } from '@scratchless/voucher/serial'
import { expect, test } from 'vitest'
import type { z } from 'zod'
import {
  exampleActivation,
  exampleNextKey,
  exampleNoticeReceipt,
  exampleNotUnderstood,
  exampleRangeNotice,
  exampleUpdate,
  privateKey,
  publicKey,
} from '../testing/restock-examples.ts'
import { signingKeyOf, unwrappingKeyOf } from '../xml/rsa-keys.ts'
import { lotActivation } from './lot-activation.ts'
import { NOTICE_REFUSALS, NOTICES, noticeReceipt, RANGE_OUTCOMES } from './notice-receipt.ts'
import { partnerNextKey } from './partner-next-key.ts'
import { rangeNotice } from './range-notice.ts'
import {
  restockNotUnderstood,
  signRestockNotUnderstood,
  verifyRestockNotUnderstood,
} from './restock-not-understood.ts'
import { restockOrderUpdate } from './restock-order-update.ts'

const run = (first: number, count: number) => ({ firstSerial: serialFromNumber(first), count })
const runs = (count: number) => Array.from({ length: count }, (_, n) => run(n * 2, 1))
const none = [undefined, null]
const id = exampleUpdate.id
const outcome = (first: number, count: number, said = 'held') => ({ ...run(first, count), outcome: said })
const LAST = 999_999_999_999

type Changes = readonly Readonly<Record<string, unknown>>[]

const of = (field: string, values: readonly unknown[]): Changes => values.map((value) => ({ [field]: value }))

const CASES: readonly [name: string, schema: z.ZodType, example: object, taken: Changes, refused: Changes][] =
  [
    [
      'an update',
      restockOrderUpdate,
      exampleUpdate,
      of('updateNo', [1, 1_000]),
      [
        ...of('updateNo', [0, 1_001, 1.5, ...none]),
        { verdict: 'refused' },
        { verdict: 'refused', reason: 'order-expired' },
        { reason: 'order-expired' },
        { lines: [] },
      ],
    ],
    [
      'an activation',
      lotActivation,
      exampleActivation,
      [
        ...of('runs', [[], runs(10_000), [run(0, 1_000_000)], [run(LAST, 1)], [run(5, 5), run(10, 1)]]),
        ...of('activatedOn', ['2000-01-01T00:00:00.000Z', '2999-12-31T23:59:59.999Z']),
      ],
      [
        ...of('runs', [runs(10_001), [run(0, 1_000_001)], [run(0, 0)], [run(LAST, 2)], ...none]),
        ...of('runs', [[run(5, 5), run(9, 1)], [run(10, 1), run(5, 5)], [{ ...run(1, 1), more: 1 }]]),
        ...of('activatedOn', ['2026-11-25', '2026-02-30T00:00:00.000Z', ...none]),
        ...of('lot', ['L00001', 'l000001', ...none]),
        { more: 1 },
      ],
    ],
    [
      'a next key',
      partnerNextKey,
      exampleNextKey,
      [
        ...of('purpose', ['sign', 'open', 'tls']),
        ...of('publicKey', [Buffer.alloc(80), Buffer.alloc(600)]),
        { sender: 'centre', receiver: 'atlas' },
      ],
      [
        ...of('purpose', ['root', '', ...none]),
        ...of('publicKey', [Buffer.alloc(79), Buffer.alloc(601), 'a'.repeat(100), ...none]),
        ...of('validFrom', ['2027-01-01', ...none]),
        { more: 1 },
      ],
    ],
    [
      'a range notice',
      rangeNotice,
      exampleRangeNotice,
      [
        ...of('case', ['1', 'A/7-b.2', 'x'.repeat(24)]),
        ...of('what', ['held', 'released', 'recalled', 'voided']),
        ...of('runs', [runs(10_000), [run(0, 1_000_000)]]),
      ],
      [
        ...of('case', ['', '/1', 'a b', 'x'.repeat(25), ...none]),
        ...of('what', ['sold', ...none]),
        ...of('cause', ['because', ...none]),
        ...of('runs', [[], runs(10_001), [run(3, 3), run(5, 1)], ...none]),
        { more: 1 },
      ],
    ],
    [
      'a notice receipt',
      noticeReceipt,
      exampleNoticeReceipt,
      [
        ...NOTICE_REFUSALS.map((reason) => ({ verdict: 'refused', reason, ranges: [] })),
        ...NOTICES.filter((one) => one !== 'RangeNotice').map((notice) => ({ notice, ranges: [] })),
        ...RANGE_OUTCOMES.map((said) => ({ ranges: [outcome(1, 1, said)] })),
        ...of('ranges', [[outcome(0, 1_000_000)], runs(10_000).map((one) => ({ ...one, outcome: 'held' }))]),
      ],
      [
        { verdict: 'refused', ranges: [] },
        { reason: 'not-offered' },
        { verdict: 'refused', reason: 'no', ranges: [] },
        { verdict: 'refused', reason: 'not-offered' },
        { ranges: [] },
        { notice: 'LotActivation' },
        ...of('notice', ['RestockOrder', ...none]),
        ...of('noticeId', ['7', id.toUpperCase(), ...none]),
        ...of('ranges', [[outcome(5, 5), outcome(9, 1)], [outcome(1, 0)], [outcome(1, 1, 'lost')], ...none]),
        ...of('ranges', [runs(10_001).map((one) => ({ ...one, outcome: 'held' }))]),
        { more: 1 },
      ],
    ],
    [
      'what is not understood',
      restockNotUnderstood,
      exampleNotUnderstood,
      [
        ...of('message', ['Ab', `R${'a'.repeat(39)}`]),
        ...of('messageLevel', [1, 99]),
        ...of('highestLevel', [1, 99]),
      ],
      [
        ...of('message', ['A', 'restock', `R${'a'.repeat(40)}`, 'Restock1', '<a>', ...none]),
        ...of('messageLevel', [0, 100, 1.5, ...none]),
        ...of('highestLevel', [0, 100, '1', ...none]),
        ...of('messageId', ['7', ...none]),
        { more: 1 },
      ],
    ],
  ]

test('that a message is not understood is said in level 1, whatever the signer else writes', async () => {
  const [from, to] = [operatorId('atlas'), centreId('centre')]
  const bytes = await signRestockNotUnderstood(exampleNotUnderstood, {
    ...{ suite: 'modern', level: 7, signingKey: signingKeyOf(privateKey('atlas', 'sign')) },
    ...{ receiverKey: publicKey('centre', 'open'), random: systemRandom },
  })
  const verified = await verifyRestockNotUnderstood(bytes, {
    partner: { id: from, suite: 'modern', level: 1, verifyKey: publicKey('atlas', 'sign') },
    ...{ self: to, unwrappingKey: unwrappingKeyOf(privateKey('centre', 'open')) },
  })
  expect(verified).toMatchObject({ content: { highestLevel: 1, messageLevel: 2 } })
})

test.each(CASES)('%s has its bounds', (_, schema, example, taken, refused) => {
  expect(schema.safeParse(example).success).toBe(true)
  for (const change of taken)
    expect([change, schema.safeParse({ ...example, ...change }).success]).toEqual([change, true])
  for (const change of refused)
    expect([change, schema.safeParse({ ...example, ...change }).success]).toEqual([change, false])
})
