// What the centre answers: each field of each message at both of its bounds.

import type { CborValue } from '../compact/cbor.ts'
import { recipientToCbor } from '../compact/cose.ts'
import {
  AMOUNT,
  amount,
  type BoundedMessage,
  epoch,
  fieldsHoldTheirBounds,
  list,
  type Place,
  phone,
  product,
  products,
  SERIAL,
  standingPlaces,
  text,
  time,
  U32,
} from '../testing/line-bounds.ts'
import * as example from '../testing/supply-examples.ts'
import { acknowledgement } from './acknowledgement.ts'
import { cardLetter } from './card-letter.ts'
import { catalogue } from './catalogue.ts'
import { enrolmentAnswer } from './enrolment-answer.ts'
import { standing } from './standing.ts'
import { statusAnswer } from './status-answer.ts'
import { supplyDelivery } from './supply-delivery.ts'
import { supplyRefusal } from './supply-refusal.ts'

const wrapped = (bytes: number, holder = 'C0000001') =>
  recipientToCbor({ holder, oaepHash: 'sha256', wrapped: Buffer.alloc(bytes, 1) })
const letter = [standing.toLine(example.standing), 4, 12, example.NOW_S, 0, [wrapped(256)]]
const delivered = supplyDelivery.toLine(example.supplyDelivery(2)) as CborValue[]
const codes = (count: number, box = 22) => Buffer.alloc(count * box, 1)
const refusal = (...why: CborValue[]) => [standing.toLine(example.standing), 12_000, why]
const counted = [
  [1, U32],
  [0, U32 + 1],
] as const
const u32 = [
  [0, U32],
  [-1, U32 + 1],
] as const
const operator = ['atlas', 'Atlas Mobile', '#C0341D', '1200']
const catalogueLine = catalogue.toLine(example.catalogue) as CborValue[]
const catalogueProduct = (catalogueLine[7] as CborValue[][])[0]!
const other = (id: string, name = 'zenith') => [id, name, ...catalogueProduct.slice(2)]
const price = (id: number, validFromS: number) => [id, validFromS, 5_000, 300, 4_700, 4_750]
const priced = (n: number, prices: number) => [
  ...other(`ATLAS-${n}`, 'atlas').slice(0, -1),
  Array.from({ length: prices }, (_, at) => price(at, at)),
]
const pricedProducts = (...counts: number[]) => counts.map((count, n) => priced(n, count))

const messages: readonly BoundedMessage[] = [
  {
    name: 'an acknowledgement',
    shape: acknowledgement,
    line: acknowledgement.toLine(example.acknowledgement),
    places: [
      ...standingPlaces([0]),
      [
        [1, 0],
        [
          [0, Number.MAX_SAFE_INTEGER],
          [-1, '1'],
        ],
      ],
      [
        [1, 1],
        [[Buffer.alloc(32)], [Buffer.alloc(31), Buffer.alloc(33), 'a'.repeat(32)]],
      ],
    ],
  },
  {
    name: 'a card letter',
    shape: cardLetter,
    line: letter,
    places: [
      ...standingPlaces([0]),
      [[1], counted],
      [[2], epoch],
      [[3], time],
      [[4], u32],
      [[5], list(wrapped(256), 1, 16)],
      [
        [5, 0],
        [
          [wrapped(256), wrapped(384), wrapped(512)],
          [wrapped(255), wrapped(257), wrapped(0), null, []],
        ],
      ],
      [
        [5, 0],
        [[wrapped(256, 'C9999999')], [wrapped(256, 'T00001'), wrapped(256, ''), wrapped(256, 'C000001')]],
      ],
    ],
  },
  {
    name: 'a catalogue',
    shape: catalogue,
    line: catalogueLine,
    places: [
      ...standingPlaces([0]),
      [
        [1],
        [
          [1, U32],
          [0, U32 + 1],
        ],
      ],
      [
        [2],
        [
          ['TND', 'XOF', 'EUR', 'USD'],
          ['GBP', 'tnd', '', 788, 'toString'],
        ],
      ],
      [[3], text(64)],
      [[4], text(64)],
      [[5], phone],
      [
        [6],
        [
          [[operator], [operator, ['zenith', 'Z', '#000000', '']]],
          [[], [operator, operator]],
        ],
      ],
      [
        [6],
        [
          [[operator, ...Array.from({ length: 15 }, (_, n) => [`op${n}`, 'O', '#FFFFFF', ''])]],
          [[operator, ...Array.from({ length: 16 }, (_, n) => [`op${n}`, 'O', '#FFFFFF', ''])]],
        ],
      ],
      [
        [6, 0, 0],
        [['atlas'], ['zenith', 'Atlas', 1]],
      ],
      [[6, 0, 1], text(64)],
      [
        [6, 0, 2],
        [
          ['#000000', '#ABCDEF', '#098765'],
          ['#abcdef', '000000', '#00000', '#0000000', '#GGGGGG', ' #00000', ''],
        ],
      ],
      [[6, 0, 3], phone],
      [
        [7],
        [
          [[], [catalogueProduct]],
          [[catalogueProduct, catalogueProduct], [other('ZEN-1')]],
        ],
      ],
      [
        [7],
        [
          [Array.from({ length: 200 }, (_, n) => other(`ATLAS-${n}`, 'atlas'))],
          [Array.from({ length: 201 }, (_, n) => other(`ATLAS-${n}`, 'atlas'))],
        ],
      ],
      [[7, 0, 0], product],
      [
        [7, 0, 1],
        [['atlas'], ['zenith', 'ATLAS']],
      ],
      [[7, 0, 2], amount],
      [
        [7, 0, 3],
        [
          [10, 18],
          [9, 19],
        ],
      ],
      [
        [7, 0, 4],
        [
          [0, 1],
          [-1, 2, 'luhn'],
        ],
      ],
      [
        [7, 0, 5],
        [
          [0, 3_650],
          [-1, 3_651],
        ],
      ],
      [
        [7, 0, 6],
        [
          ['*{code}', `${'1'.repeat(12)}{code}${'2'.repeat(12)}`],
          ['{code}', '*123*', '*123*{code}{code}'],
        ],
      ],
      [
        [7, 0, 7],
        [
          [0, 1],
          [-1, 2, true],
        ],
      ],
      [
        [7, 0, 8],
        [
          [0, 1, 2],
          [-1, 3, 'sold'],
        ],
      ],
      // One to four prices, each later than the one before; 500 in all.
      [
        [7, 0, 9],
        [
          [[price(1, 0)], [price(1, 0), price(1, 1)], [1, 2, 3, 4].map((at) => price(at, at))],
          [
            [],
            [price(1, 0), price(2, 0)],
            [price(1, 1), price(2, 0)],
            [1, 2, 3, 4, 5].map((at) => price(at, at)),
          ],
        ],
      ],
      [[7], [[pricedProducts(...Array(125).fill(4))], [pricedProducts(...Array(125).fill(4), 1)]]],
      [[7, 0, 9, 0, 0], u32],
      [[7, 0, 9, 0, 1], time],
      ...[2, 3, 4, 5].map((at): Place => [[7, 0, 9, 0, at], amount]),
    ],
  },
  {
    name: 'a waiting enrolment answer',
    shape: enrolmentAnswer,
    line: [0, 1],
    places: [
      [
        [0],
        [
          [0, 1],
          [-1, 2, 3],
        ],
      ],
      [[1], time],
    ],
  },
  {
    name: 'a welcoming enrolment answer',
    shape: enrolmentAnswer,
    line: enrolmentAnswer.toLine(example.enrolled()),
    places: [
      ...standingPlaces([1]),
      [[2], [['T00001'], ['R00001', 1]]],
      [[3], [['R00001'], ['T00001', 1]]],
      [[4], text(64)],
      [[5], [['centre'], ['Centre', '']]],
      [[6], [[], [null, new Map(), Buffer.alloc(64)]]],
      ...[7, 8].map(
        (at): Place => [
          [at],
          [
            [Buffer.alloc(64), Buffer.alloc(1_024)],
            [Buffer.alloc(63), Buffer.alloc(1_025), 'a'.repeat(64)],
          ],
        ],
      ),
      [
        [9],
        [
          [0, U32 - 1],
          [-1, U32],
        ],
      ],
    ],
  },
  {
    name: 'a status answer',
    shape: statusAnswer,
    line: [standing.toLine(example.standing), 0],
    places: [
      ...standingPlaces([0]),
      [
        [1],
        [
          [0, 1],
          [-1, 2, 'burnt'],
        ],
      ],
    ],
  },
  {
    name: 'a supply delivery',
    shape: supplyDelivery,
    line: delivered,
    places: [
      ...standingPlaces([0]),
      [[1], epoch],
      [[2], amount],
      [[3], amount],
      [[4], list((delivered[4] as CborValue[])[0]!, 1, 40)],
      [[4, 0, 0], product],
      [
        [4, 0, 1],
        [
          ['L000001', 'L000000001'],
          ['L00001', 1],
        ],
      ],
      [
        [4, 0, 2],
        [
          [0, 65_535],
          [-1, 65_536, '2027-12-31'],
        ],
      ],
      [[4, 0, 3], amount],
      [[4, 0, 4], list([7, 2, codes(2)], 1, 100)],
      [
        [4, 0, 4, 0, 0],
        [
          [0, SERIAL - 1],
          [-1, SERIAL, SERIAL + 1],
        ],
      ],
      // A run of 1 to 1,000 whole boxes, of 21 bytes for ten digits to 24 for eighteen.
      [
        [4, 0, 4, 0],
        [
          [
            [SERIAL, 1, codes(1)],
            [7, 1_000, codes(1_000)],
          ],
          [
            [SERIAL, 2, codes(2)],
            [7, 1_001, codes(1_001)],
            [7, 0, codes(1)],
            [7, 2, codes(3)],
            [7, 2, codes(1)],
          ],
        ],
      ],
      [
        [4, 0, 4, 0],
        [
          [
            [7, 2, codes(2, 21)],
            [7, 2, codes(2, 23)],
            [7, 1_000, codes(1_000, 24)],
          ],
          [
            [7, 2, codes(2, 20)],
            [7, 2, codes(2, 25)],
            [7, 2, Buffer.alloc(45)],
            [7, 1, Buffer.alloc(20)],
            [7, 1, null],
          ],
        ],
      ],
    ],
  },
  {
    name: 'a supply refusal',
    shape: supplyRefusal,
    line: refusal(2),
    places: [
      ...standingPlaces([0]),
      [[1], amount],
      [
        [2],
        [
          [[2], [5], [6], [7], [10], [18], [19]],
          [[20], [20, 0], [-1], [2, 0], [5, 0], [6, 0], [7, 0], [10, 0], [18, 0], [19, 0], [], null],
        ],
      ],
      [
        [2],
        [
          [
            [0, 0],
            [0, 3],
          ],
          [[0], [0, -1], [0, 4], [0, 0, 0]],
        ],
      ],
      [
        [2],
        [
          [
            [1, 0, 0],
            [1, 5, U32],
          ],
          [
            [1, 0],
            [1, 6, 0],
            [1, 0, -1],
            [1, 0, U32 + 1],
          ],
        ],
      ],
      // What is next, what letter is needed.
      ...[3, 11].map(
        (at): Place => [
          [2],
          [
            [
              [at, 0],
              [at, U32],
            ],
            [[at], [at, -1], [at, U32 + 1]],
          ],
        ],
      ),
      [
        [2],
        [
          [
            [4, 1],
            [4, 255],
          ],
          [[4], [4, 0], [4, 256]],
        ],
      ],
      [
        [2],
        [
          [
            [8, 0, 0, 0],
            [8, 2, AMOUNT, U32],
          ],
          [
            [8, 3, 0, 0],
            [8, 0, -1, 0],
            [8, 0, AMOUNT + 1, 0],
            [8, 0, 0, -1],
            [8, 0, 0],
          ],
        ],
      ],
      [
        [2],
        [
          [
            [9, 0],
            [9, U32],
          ],
          [[9], [9, -1], [9, U32 + 1]],
        ],
      ],
      ...[12, 16].map(
        (at): Place => [
          [2],
          [products(1, 20)[0].map((names) => [at, names]), products(1, 20)[1].map((names) => [at, names])],
        ],
      ),
      [
        [2],
        [
          [
            [13, [['ATLAS-5', 0]]],
            [13, Array(20).fill(['ATLAS-5', AMOUNT])],
          ],
          [
            [13, []],
            [13, Array(21).fill(['ATLAS-5', 1])],
            [13, [['ATLAS-5', -1]]],
            [13, [['atlas', 1]]],
          ],
        ],
      ],
      [
        [2],
        [
          [
            [14, 0, 0],
            [14, U32, U32],
          ],
          [
            [14, -1, 0],
            [14, U32 + 1, 0],
            [14, 0, -1],
            [14, 0],
          ],
        ],
      ],
      ...[15, 17].map(
        (at): Place => [
          [2],
          [
            [
              [at, 0],
              [at, AMOUNT],
            ],
            [
              [at, -1],
              [at, AMOUNT + 1],
            ],
          ],
        ],
      ),
    ],
  },
]

fieldsHoldTheirBounds(messages)
