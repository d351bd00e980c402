// What a terminal asks: each field of each message at both of its bounds.

import { createPublicKey } from 'node:crypto'
import { expect, it } from 'vitest'
import type { CborValue } from '../compact/cbor.ts'
import { Misshapen } from '../compact/shape.ts'
import {
  amount,
  type BoundedMessage,
  fieldsHoldTheirBounds,
  list,
  type Place,
  product,
  products,
  SERIAL,
  text,
  time,
  U32,
} from '../testing/line-bounds.ts'
import * as example from '../testing/supply-examples.ts'
import { cardLetterRequest } from './card-letter-request.ts'
import { catalogueRequest } from './catalogue-request.ts'
import { enrolmentRequest } from './enrolment-request.ts'
import { salesReport } from './sales-report.ts'
import { statusRequest } from './status-request.ts'
import { supplyOrder } from './supply-order.ts'
import { supplyReceipt } from './supply-receipt.ts'

const orderLine = (name: string, quantity: number) => [name, quantity, 4_750]
const run = (count: number, serial = 7, ticket = 7, soldAtS = 7, later = 0) => [
  'ATLAS-5',
  serial,
  ticket,
  '02',
  7,
  soldAtS,
  Array(count - 1).fill(later),
]
const event = ['ATLAS-5', 7, 7, '02', 7, 0, 0]
const counted = ['C0000001', 7]

const messages: readonly BoundedMessage[] = [
  {
    name: 'a card letter request',
    shape: cardLetterRequest,
    line: [0, 0, []],
    places: [
      [
        [0],
        [
          [0, U32],
          [-1, U32 + 1],
        ],
      ],
      [
        [1],
        [
          [0, 65_535],
          [-1, 65_536],
        ],
      ],
      [[2], list('C0000001', 0, 16)],
      [[2], [[['C9999999']], [['T00001'], [''], ['C000001'], 'C0000001']]],
    ],
  },
  {
    name: 'a catalogue request',
    shape: catalogueRequest,
    line: [0],
    places: [
      [
        [0],
        [
          [0, U32],
          [-1, U32 + 1],
        ],
      ],
    ],
  },
  {
    name: 'an enrolment request',
    shape: enrolmentRequest,
    line: enrolmentRequest.toLine(example.enrolmentRequest),
    places: [
      [
        [0],
        [
          [1, U32],
          [0, U32 + 1],
        ],
      ],
      [[1], [[], [null, new Map()]]],
      [[2], [[Buffer.alloc(16)], [Buffer.alloc(15), Buffer.alloc(17)]]],
      [[3], time],
      [[4], text(20)],
    ],
  },
  {
    name: 'a sales report',
    shape: salesReport,
    line: [[run(2)], [event], [counted]],
    places: [
      [
        [0],
        [
          [[], [run(1)], [run(500)]],
          [null, [run(501)]],
        ],
      ],
      // As many sales in all as one report may have, in two runs and in five hundred.
      [
        [0],
        [
          [[run(250), run(250)], Array.from({ length: 500 }, (_, n) => run(1, n * 2))],
          [[run(250), run(251)]],
        ],
      ],
      [[0, 0, 0], product],
      [
        [0, 0, 1],
        [
          [0, SERIAL - 1],
          [-1, SERIAL, SERIAL + 1],
        ],
      ],
      [
        [0, 0, 2],
        [
          [1, U32 - 1],
          [0, U32, U32 + 1],
        ],
      ],
      [
        [0, 0, 3],
        [
          ['00', '99'],
          ['2', '002', 2],
        ],
      ],
      ...[4, 5].map(
        (at): Place => [
          [0, 0, at],
          [
            [0, U32],
            [-1, U32 + 1],
          ],
        ],
      ),
      [
        [0, 0],
        [
          [run(3, 7, 7, U32 - 2, 1), run(2, 7, 7, 0, U32)],
          [run(3, 7, 7, U32 - 1, 1), run(2, 7, 7, 1, U32)],
        ],
      ],
      [
        [0, 0, 6],
        [
          [[0], [5]],
          [[-1], [U32 + 1], null],
        ],
      ],
      [[1], list(event, 0, 100)],
      [[1, 0, 0], product],
      [
        [1, 0, 1],
        [
          [0, SERIAL],
          [-1, SERIAL + 1],
        ],
      ],
      [
        [1, 0, 2],
        [
          [1, U32],
          [0, U32 + 1],
        ],
      ],
      [
        [1, 0, 3],
        [['00', '99'], ['2']],
      ],
      [[1, 0, 4], time],
      [
        [1, 0, 5],
        [
          [0, 2],
          [-1, 4],
        ],
      ],
      // A duplicate says which it is, another event does not.
      [
        [1, 0],
        [
          [
            ['ATLAS-5', 7, 7, '02', 7, 3, 1],
            ['ATLAS-5', 7, 7, '02', 7, 3, 9],
          ],
          [
            ['ATLAS-5', 7, 7, '02', 7, 3, 0],
            ['ATLAS-5', 7, 7, '02', 7, 3, 10],
            ['ATLAS-5', 7, 7, '02', 7, 2, 1],
          ],
        ],
      ],
      [[2], list(counted, 0, 16)],
      [
        [2, 0, 0],
        [['C0000001'], ['T00001', 1]],
      ],
      [
        [2, 0, 1],
        [
          [0, Number.MAX_SAFE_INTEGER],
          [-1, '1'],
        ],
      ],
    ],
  },
  {
    name: 'a status request',
    shape: statusRequest,
    line: [1],
    places: [
      [
        [0],
        [
          [1, U32 - 1],
          [0, U32],
        ],
      ],
    ],
  },
  {
    name: 'a supply order',
    shape: supplyOrder,
    line: supplyOrder.toLine(example.supplyOrder(20)),
    places: [
      [[0], time],
      [
        [1],
        [
          [0, 1, 2],
          [-1, 3, 'person'],
        ],
      ],
      [[2], [[], [[]]]],
      [
        [2],
        [
          [
            products(1, 20)[0][1]!.map((name) => orderLine(name, 1)),
            [orderLine('AB-1', 600), orderLine('AB-2', 400)],
          ],
          [
            products(1, 20)[1][1]!.map((name) => orderLine(name, 1)),
            [orderLine('AB-1', 600), orderLine('AB-2', 401)],
            [orderLine('AB-1', 1), orderLine('AB-1', 2)],
          ],
        ],
      ],
      [[2, 0, 0], product],
      [
        [2, 0, 1],
        [
          [1, 1_000],
          [0, 1_001],
        ],
      ],
      [[2, 0, 2], amount],
    ],
  },
  {
    name: 'a supply receipt',
    shape: supplyReceipt,
    line: [4, Buffer.alloc(8)],
    places: [
      [
        [0],
        [
          [1, U32],
          [0, U32 + 1],
        ],
      ],
      [[1], [[Buffer.alloc(8)], [Buffer.alloc(7), Buffer.alloc(9)]]],
    ],
  },
]

fieldsHoldTheirBounds(messages)

it('every key on the line is one of P-256', () => {
  const line = enrolmentRequest.toLine(example.enrolmentRequest) as CborValue[]
  const content = enrolmentRequest.fromLine(line)
  expect(content.deviceKey.equals(createPublicKey(example.terminalKey))).toBe(true)
  expect(() => enrolmentRequest.fromLine(line.with(1, null))).toThrow(new Misshapen('a P-256 public key'))
})
