// The messages about the shop itself, its state, people, money and claims: each field at both of its bounds.

import { createPublicKey } from 'node:crypto'
import type { CborValue } from '../compact/cbor.ts'
import {
  AMOUNT,
  amount,
  type BoundedMessage,
  fieldsHoldTheirBounds,
  list,
  type Place,
  product,
  SERIAL,
  standingPlaces,
  text,
  time,
  U32,
} from '../testing/line-bounds.ts'
import * as example from '../testing/supply-examples.ts'
import { balance } from './balance.ts'
import { balanceRequest } from './balance-request.ts'
import { cardRequest } from './card-request.ts'
import { claim } from './claim.ts'
import { collectionReceipt } from './collection-receipt.ts'
import { oneCodeOrder } from './one-code-order.ts'
import { paymentDeclaration } from './payment-declaration.ts'
import { proposalAnswer } from './proposal-answer.ts'
import { renewal } from './renewal.ts'
import { renewalRequest } from './renewal-request.ts'
import { returnRequest } from './return-request.ts'
import { settingsRequest } from './settings-request.ts'
import { shopSettings } from './shop-settings.ts'
import { standing as standingShape } from './standing.ts'
import { stateReport } from './state-report.ts'
import { vendorRequest } from './vendor-request.ts'

const standing = standingShape.toLine(example.standing)
const upTo = (least: number, most: number) =>
  [
    [least, most],
    [least - 1, most + 1, String(least), null],
  ] as const
const words = (count: number) => upTo(0, count - 1)
const u32 = upTo(0, U32)
const counted = upTo(1, U32)
const keys = [
  [0, Number.MAX_SAFE_INTEGER],
  [-1, '1', null],
] as const
const maybe = (longest: number) =>
  [
    ['', 'x'.repeat(longest)],
    ['x'.repeat(longest + 1), 'a\n', 5, null],
  ] as const
const blob = (least: number, most: number) =>
  [
    [Buffer.alloc(least), Buffer.alloc(most)],
    [...(least > 0 ? [Buffer.alloc(least - 1)] : []), Buffer.alloc(most + 1), 'a'.repeat(least + 1)],
  ] as const
const vendor = [
  ['00', '99'],
  ['2', '002', 2],
] as const
const card = [['C0000001'], ['T00001', 1, '']] as const
const collector = [
  ['E0001', 'E999999'],
  ['E001', 'C0000001', 1],
] as const
const serialAlone = [
  [0, SERIAL],
  [-1, SERIAL + 1],
] as const

const certificate = blob(64, 1_024)
const customer = ['ATLAS-5', 7, 7, '02', 7, 0]
const given = ['ATLAS-5', 7, 1]
const level = ['ATLAS-5', 1, 2]
const mark = [0, 1, '02', 7, 1, 2, 3, 4]
const settings: CborValue[] = [
  ...[standing, 1, 0, 'Africa/Tunis', 0, 0, [level], [[127, 0, 1_440]], [['atlas', ['a']]]],
  ...[[['02', 'Amel', 0, ['C0000001']]], [['E0001', 'Collector', Buffer.alloc(8), 5, 3]]],
  ...[['', 0, ''], [['atlas', 7, 1, 0]], [0, 0], '', ''],
]
const state: CborValue[] = [
  ...['0.1.0', 7, [0, 0, 0], [0, ''], [['C0000001', 0, 3, 0, 7]], [3, [7], [[0, 1, 0]]]],
  ...[[[0, 'ATLAS-5', 7]], [mark]],
]

const messages: readonly BoundedMessage[] = [
  {
    name: 'a renewal request',
    shape: renewalRequest,
    line: renewalRequest.toLine({
      newKey: createPublicKey(example.otherTerminalKey),
      proof: Buffer.alloc(64),
    }),
    places: [
      [[0], [[], [null, new Map()]]],
      [[1], blob(64, 64)],
    ],
  },
  {
    name: 'a renewal',
    shape: renewal,
    line: [standing, Buffer.alloc(64), Buffer.alloc(64)],
    places: [...standingPlaces([0]), [[1], certificate], [[2], certificate]],
  },
  { name: 'a settings request', shape: settingsRequest, line: [0], places: [[[0], u32]] },
  {
    name: 'shop settings',
    shape: shopSettings,
    line: settings,
    places: [
      ...standingPlaces([0]),
      [[1], counted],
      [[2], words(3)],
      [[3], text(40)],
      [[4], amount],
      [[5], amount],
      [[6], list(level, 0, 200)],
      [[6, 0, 0], product],
      [[6, 0, 1], upTo(0, 65_535)],
      [[6, 0, 2], upTo(0, 65_535)],
      [[7], list([127, 0, 1_440], 0, 28)],
      [[7, 0, 0], upTo(1, 127)],
      // A window begins and ends within a day, in this order.
      [
        [7, 0],
        [
          [
            [1, 0, 1],
            [1, 1_439, 1_440],
          ],
          [
            [1, -1, 1],
            [1, 0, 0],
            [1, 1_440, 1_440],
            [1, 7, 7],
            [1, 0, 1_441],
          ],
        ],
      ],
      [[8], list(['atlas', []], 0, 16)],
      [
        [8, 0, 0],
        [
          ['atlas', null],
          ['Atlas', 0],
        ],
      ],
      [[8, 0, 1], list('', 0, 4)],
      [[8, 0, 1, 0], maybe(48)],
      [[9], list(['02', 'Amel', 0, []], 0, 64)],
      [[9, 0, 0], vendor],
      [[9, 0, 1], text(40)],
      [[9, 0, 2], words(3)],
      [[9, 0, 3], list('C0000001', 0, 4)],
      [[9, 0, 3, 0], card],
      [[10], list(['E0001', 'Collector', Buffer.alloc(0), 5, 3], 0, 64)],
      [[10, 0, 0], collector],
      [[10, 0, 1], text(40)],
      [[10, 0, 2], blob(0, 100)],
      [[10, 0, 3], amount],
      [[10, 0, 4], upTo(0, 255)],
      [[11, 0], maybe(20)],
      [[11, 1], time],
      [[11, 2], maybe(100)],
      [[12], list(['atlas', 7, 1, 0], 0, 64)],
      [
        [12, 0, 0],
        [['atlas'], ['Atlas', null]],
      ],
      [[12, 0, 1], serialAlone],
      [[12, 0, 2], upTo(1, 1_000_000)],
      [[12, 0, 3], words(3)],
      [[13, 0], upTo(0, 500)],
      [[13, 1], upTo(0, 86_400)],
      [[14], maybe(200)],
      [[15], maybe(24)],
    ],
  },
  {
    name: 'a state report',
    shape: stateReport,
    line: state,
    places: [
      [[0], text(20)],
      [[1], time],
      [[2, 0], words(3)],
      [[2, 1], u32],
      [[2, 2], u32],
      [[3, 0], words(7)],
      [[3, 1], maybe(32)],
      [[4], list(['C0000001', 0, 3, 0, 7], 0, 16)],
      [[4, 0, 0], card],
      [[4, 0, 1], words(3)],
      [[4, 0, 2], upTo(0, 15)],
      [[4, 0, 3], upTo(0, 65_535)],
      [[4, 0, 4], keys],
      [[5, 0], u32],
      [[5, 1], list(7, 0, 200)],
      [[5, 1, 0], u32],
      [[5, 2], list([0, 1, 0], 0, 200)],
      [[5, 2, 0, 0], upTo(0, 199)],
      [[5, 2, 0, 1], u32],
      [[5, 2, 0, 2], u32],
      [[6], list([0, '', 7], 0, 32)],
      [[6, 0, 0], words(11)],
      [[6, 0, 1], maybe(16)],
      [[6, 0, 2], time],
      [[7], list(mark, 0, 16)],
      [[7, 0, 0], words(4)],
      [[7, 0, 1], u32],
      [[7, 0, 2], vendor],
      [[7, 0, 3], time],
      [[7, 0, 4], u32],
      [[7, 0, 5], u32],
      [[7, 0, 6], amount],
      [[7, 0, 7], amount],
    ],
  },
  {
    name: 'a claim',
    shape: claim,
    line: [[customer]],
    places: [
      [[0], list(customer, 1, 20)],
      [[0, 0, 0], product],
      [[0, 0, 1], serialAlone],
      [[0, 0, 2], counted],
      [[0, 0, 3], vendor],
      [[0, 0, 4], time],
      [[0, 0, 5], words(4)],
    ],
  },
  {
    name: 'a one-code order',
    shape: oneCodeOrder,
    line: [7, 'ATLAS-5', 4_750],
    places: [
      [[0], time],
      [[1], product],
      [[2], amount],
    ],
  },
  { name: 'a balance request', shape: balanceRequest, line: [], places: [[[], [[[]], [[0], null]]]] },
  {
    name: 'a balance',
    shape: balance,
    line: [standing, 5, 5, 0, 5, null],
    places: [
      ...standingPlaces([0]),
      [[1], amount],
      [[2], amount],
      // A balance or a debt, not both.
      [[3], [[0], [-1, 1, '0']]],
      [[4], amount],
      [
        [5],
        [
          [null, [0, 0, 0], [2, U32, AMOUNT]],
          [[3, 0, 0], [-1, 0, 0], [0, -1, 0], [0, U32 + 1, 0], [0, 0, -1], [0, 0, AMOUNT + 1], [0, 0], 0],
        ],
      ],
    ],
  },
  {
    name: 'the balance of a debtor',
    shape: balance,
    line: [standing, 0, 0, 5, 5, [0, 7, 5]],
    places: [
      [[3], amount],
      [[2], [[0], [1]]],
    ],
  },
  {
    name: 'a collection receipt',
    shape: collectionReceipt,
    line: [1, 'E0001', 5, 0, '', 7, Buffer.alloc(16), Buffer.alloc(16)],
    places: [
      [[0], counted],
      [[1], collector],
      [[2], amount],
      [[3], words(3)],
      [[4], maybe(40)],
      [[5], time],
      ...[6, 7].map((at): Place => [[at], blob(16, 72)]),
    ],
  },
  {
    name: 'a payment declaration',
    shape: paymentDeclaration,
    line: [1, 5, 0, 'a', 7],
    places: [
      [[0], counted],
      [[1], amount],
      [[2], words(4)],
      [[3], text(40)],
      [[4], upTo(0, 65_535)],
    ],
  },
  {
    name: 'a proposal answer',
    shape: proposalAnswer,
    line: [7, [0, 1]],
    places: [
      [[0], u32],
      [
        [1],
        [
          [
            [0, 1],
            [0, U32],
            [1, 0],
            [1, 3],
          ],
          [[0, 0], [0, U32 + 1], [1, -1], [1, 4], [2, 0], [0], [1, 0, 0], null],
        ],
      ],
    ],
  },
  {
    name: 'a return request',
    shape: returnRequest,
    line: [[given], 0],
    places: [
      [[0], list(given, 1, 40)],
      [[0, 0, 0], product],
      [[0, 0, 1], serialAlone],
      [[0, 0, 2], upTo(1, 1_000)],
      [
        [0, 0],
        [[['ATLAS-5', SERIAL, 1]], [['ATLAS-5', SERIAL, 2]]],
      ],
      [[1], words(4)],
    ],
  },
  {
    name: 'a card request',
    shape: cardRequest,
    line: ['02', 0, Buffer.alloc(294), null],
    places: [
      [[0], vendor],
      [[1], words(2)],
      [[2], blob(200, 800)],
      [
        [3],
        [
          [null, 'C0000001'],
          ['', 'T00001', 0],
        ],
      ],
    ],
  },
  {
    name: 'a vendor request',
    shape: vendorRequest,
    line: [[0, 'Amel']],
    places: [
      [
        [0],
        [
          [
            [0, 'a'],
            [0, 'x'.repeat(40)],
            [1, '02'],
            [2, '99'],
          ],
          [[0, ''], [0, 'x'.repeat(41)], [1, '2'], [2, ''], [3, '02'], [1], null],
        ],
      ],
    ],
  },
]

fieldsHoldTheirBounds(messages)
