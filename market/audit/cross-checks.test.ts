import { expect, test } from 'vitest'
import { crossCheck } from './cross-checks.ts'
import type { MarketFacts } from './facts.ts'

const before = new Date('2026-11-22T18:00:00Z')
const readAt = new Date('2026-11-22T19:00:00Z')
const FIRST = 100_000_000_000n
const DELIVERY = 'a-delivery'
const ORDER = 'an-order'

/** A lot of 100: 60 stay, 40 go to the centre, which gives 10 to the first terminal and has 5 on the way to it. */
function market() {
  return {
    terminals: [
      {
        terminal: 'T00001',
        readAt,
        runs: [
          { delivery: 2, operator: 'atlas', product: 'ATLAS-5', lot: 'L1', firstSerial: FIRST, count: 10 },
        ],
        sales: [
          {
            number: 1,
            operator: 'atlas',
            serial: FIRST,
            product: 'ATLAS-5',
            state: 'printed',
            acknowledged: true,
          },
          {
            number: 2,
            operator: 'atlas',
            serial: FIRST + 1n,
            product: 'ATLAS-5',
            state: 'in_doubt',
            acknowledged: false,
          },
        ],
        requests: [
          { sequence: 1, kind: 'catalogue-request', state: 'answered', payloadHash: 'p1', answerHash: 'a1' },
          { sequence: 2, kind: 'supply-order', state: 'answered', payloadHash: 'p2', answerHash: 'a2' },
          { sequence: 3, kind: 'supply-receipt', state: 'answered', payloadHash: 'p3', answerHash: 'a3' },
          { sequence: 4, kind: 'sales-report', state: 'answered', payloadHash: 'p4', answerHash: 'a4' },
          { sequence: 5, kind: 'supply-order', state: 'asked', payloadHash: 'p5', answerHash: null },
        ],
        receipted: [2],
      },
      { terminal: 'T00002', readAt, runs: [] as never[], sales: [], requests: [], receipted: [] },
    ],
    centre: {
      readAt,
      terminals: [{ id: 'T00001', lastSequence: 5n }],
      messages: [1, 2, 3, 4, 5].map((n) => ({
        terminal: 'T00001',
        sequence: BigInt(n),
        takenAt: before,
        payloadHash: `p${n}`,
        answerHash: `a${n}`,
      })),
      supplyOrders: [
        { terminal: 'T00001', sequence: 2n, codes: 10, state: 'delivered', settledAt: before, closed: 10 },
        { terminal: 'T00001', sequence: 5n, codes: 5, state: 'despatched', settledAt: null, closed: 5 },
      ],
      runs: [
        { terminal: 'T00001', sequence: 2n, firstSerial: FIRST, count: 10 },
        { terminal: 'T00001', sequence: 5n, firstSerial: FIRST + 10n, count: 5 },
      ].map((run) => ({ ...run, operator: 'atlas', product: 'ATLAS-5', lot: 'L1' })),
      sales: [
        {
          terminal: 'T00001',
          operator: 'atlas',
          serial: FIRST,
          product: 'ATLAS-5',
          ticket: 1n,
          reportedIn: 4n,
        },
      ],
      packs: [
        {
          operator: 'atlas',
          product: 'ATLAS-5',
          lot: 'L1',
          delivery: DELIVERY,
          firstSerial: FIRST,
          count: 40,
          given: 15,
        },
      ],
      restockLines: [
        { operator: 'atlas', order: ORDER, line: 1, accepted: 40, unitPriceMinor: 4_700n, answered: true },
      ],
      parts: [{ operator: 'atlas', id: DELIVERY, verdict: 'taken', codes: 40 }],
      asked: [{ partner: 'atlas', kind: 'restock-order', id: ORDER, answerHash: 'r1', settledAt: before }],
      answered: [
        { partner: 'atlas', kind: 'restock-delivery', id: DELIVERY, answerHash: 'r2', settledAt: null },
      ],
    },
    operators: [
      {
        operator: 'atlas',
        readAt,
        lots: [{ id: 'L1', product: 'ATLAS-5', codes: 100 }],
        restockLines: [{ order: ORDER, line: 1, accepted: 40, unitPriceMinor: 4_700n }],
        parts: [{ id: DELIVERY, lot: 'L1', codes: 40, state: 'taken', codesTaken: 40, settledAt: before }],
        runs: [{ delivery: DELIVERY, firstSerial: FIRST, count: 40 }],
        asked: [
          { partner: 'centre', kind: 'restock-delivery', id: DELIVERY, answerHash: 'r2', settledAt: before },
        ],
        answered: [
          { partner: 'centre', kind: 'restock-order', id: ORDER, answerHash: 'r1', settledAt: null },
        ],
      },
    ],
  } satisfies MarketFacts
}

type Tampered = ReturnType<typeof market>

const broken = (facts: MarketFacts) =>
  crossCheck(facts)
    .filter(({ ok }) => !ok)
    .map(({ detail }) => /not so: (.+?);/.exec(detail)![1])

test('a market in the middle of its work holds', () => {
  expect(broken(market())).toEqual([])
})

test.each<[string, (facts: Tampered) => void, string[]]>([
  [
    'a run that stands at a second terminal too',
    ({ terminals: [first, second] }) => second!.runs.push({ ...first!.runs[0]! } as never),
    [
      'no serial is at two terminals',
      'what a terminal has the centre gave it',
      'codes at a terminal are closed for it, as many as came',
      'received = sum over places, per lot',
    ],
  ],
  [
    'a run of another delivery than the centre’s',
    ({ centre }) => {
      centre.runs[0]!.sequence = 1n
    },
    ['what a terminal has the centre gave it'],
  ],
  [
    'a run that the vault’s journal does not know',
    ({ centre }) => {
      centre.supplyOrders[0]!.closed = null as never
    },
    ['codes at a terminal are closed for it, as many as came'],
  ],
  [
    'a pack with serials that nobody sent',
    ({ operators: [atlas] }) => {
      atlas!.runs[0]!.count = 39
    },
    ['what the centre has an operator sent it'],
  ],
  [
    'codes that left their shelf and came nowhere',
    ({ centre }) => {
      centre.packs[0]!.given = 16
    },
    ['received = sum over places, per lot'],
  ],
  [
    'a delivery to a terminal that has its answer and no codes',
    ({ terminals: [first] }) => {
      first!.requests[4]!.state = 'answered'
    },
    ['received = sum over places, per lot'],
  ],
  [
    'a sale in the centre’s books that its terminal never made',
    ({ centre }) => {
      centre.sales[0]!.serial = FIRST + 1n
    },
    [
      'every sale in the centre’s books was made at its terminal',
      'every sale acknowledged is in the centre’s books',
    ],
  ],
  [
    'a receipt whose money still waits',
    ({ centre }) => {
      centre.supplyOrders[0]!.state = 'despatched'
    },
    ['what was receipted is paid for'],
  ],
  [
    'a part billed for more than was taken',
    ({ operators: [atlas] }) => {
      atlas!.parts[0]!.codesTaken = 41
    },
    ['what the operator bills is what the centre took'],
  ],
  [
    'two prices for one order line',
    ({ centre }) => {
      centre.restockLines[0]!.unitPriceMinor = 4_701n
    },
    ['both ends of a restock order agree on codes and price'],
  ],
  [
    'an acknowledged sale that the centre has not',
    ({ centre }) => {
      centre.sales.pop()
    },
    ['every sale acknowledged is in the centre’s books'],
  ],
  [
    'an answered message that the centre has not',
    ({ centre }) => {
      centre.messages.shift()
    },
    [
      'every message answered to a terminal is in the centre’s books',
      'a terminal holds the answer that the centre stored',
    ],
  ],
  [
    'an answer made a second time',
    ({ centre }) => {
      centre.messages[2]!.answerHash = 'other'
    },
    ['a terminal holds the answer that the centre stored'],
  ],
  [
    'a receipt that the centre gave otherwise',
    ({ centre }) => {
      centre.answered[0]!.answerHash = 'other'
    },
    ['asker and answerer of a restock message hold one answer'],
  ],
  [
    'a sequence that the terminal never used',
    ({ centre }) => centre.messages.push({ ...centre.messages[4]!, sequence: 6n }),
    ['no sequence was used that its terminal did not give'],
  ],
])('%s is found', (_what, tamper, found) => {
  const facts = market()
  tamper(facts)
  expect(broken(facts)).toEqual(found)
})

test('what came after the earlier books were read breaks nothing', () => {
  const facts = market()
  const later = new Date('2026-11-22T19:00:01Z')
  // Taken, answered and settled while the audit went from book to book.
  facts.centre.parts.pop()
  facts.centre.packs.pop()
  facts.centre.answered.pop()
  facts.operators[0]!.parts[0]!.settledAt = later
  facts.operators[0]!.asked[0]!.settledAt = later
  facts.centre.runs.length = 0
  facts.centre.supplyOrders.length = 0
  facts.centre.sales.length = 0
  facts.centre.messages = [{ ...facts.centre.messages[0]!, sequence: 9n, takenAt: later }]
  facts.terminals.length = 0
  expect(broken(facts)).toEqual([])
})
