// Each field of each restock message at both of its bounds, and each rule between its fields.

import { money } from '@scratchless/voucher/money'
import { productId } from '@scratchless/voucher/product'
import { serialFromNumber } from '@scratchless/voucher/serial'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import {
  exampleDelivery,
  exampleOrder,
  exampleReceipt,
  exampleResponse,
} from '../testing/restock-examples.ts'
import { canonicalReader, UnexpectedContent } from '../xml/canonical-reader.ts'
import { readAmount, writeAmount } from './amount-field.ts'
import { auditHeadField, readAuditHead, writeAuditHead } from './audit-head-field.ts'
import { codesOf, runsRise } from './code-run.ts'
import { restockDelivery } from './restock-delivery.ts'
import { dateField, instantField, linesRise, moneyField } from './restock-fields.ts'
import { restockOrder } from './restock-order.ts'
import { ORDER_LINE_REASONS, ORDER_REFUSALS, restockOrderResponse } from './restock-order-response.ts'
import { DELIVERY_REFUSALS, restockReceipt } from './restock-receipt.ts'

type Path = readonly (string | number)[]
type Field = readonly [path: string, taken: readonly unknown[], refused: readonly unknown[]]

function withAt(content: unknown, [at, ...rest]: Path, value: unknown): unknown {
  if (at === undefined) return value
  if (Array.isArray(content)) return content.with(at as number, withAt(content[at as number], rest, value))
  const { [at]: old, ...others } = content as Record<string, unknown>
  return value === undefined && rest.length === 0 ? others : { ...others, [at]: withAt(old, rest, value) }
}

const MINOR = 999_999_999_999_999n
const id = ['c4f0e1d2-3b4a-4958-8767-564534231201'] as const
const noId = ['C4F0E1D2-3B4A-4958-8767-564534231201', 'c4f0e1d2', '', undefined] as const
const common: Field[] = [
  ['id', id, noId],
  ['issuedAt', ['2026-11-22T07:59:59.999Z'], ['2026-11-22T08:00:00Z', '2026-11-22', '', undefined]],
  ['sender', ['atlas'], ['Atlas', 'a', '', undefined]],
  ['receiver', ['centre'], ['Centre', '', undefined]],
  ['auditHead.n', [0n, 9_007_199_254_740_991n], [-1n, 9_007_199_254_740_992n, 1, undefined]],
  ['auditHead.hash', [Buffer.alloc(32)], [Buffer.alloc(31), Buffer.alloc(33), 'a'.repeat(32), undefined]],
  ['auditHead.more', [], [1]],
  ['more', [], [1]],
]
const price = (path: string, optional = false): Field[] => [
  [
    path,
    [money(0n, 'TND'), money(MINOR, 'XOF')],
    [
      money(-1n, 'TND'),
      money(MINOR + 1n, 'TND'),
      { amountMinor: 1n, currency: 'GBP' },
      { amountMinor: 1n },
      5,
    ],
  ],
  [`${path}.more`, [], [1]],
  ...(optional ? [] : ([[path, [], [undefined]]] as Field[])),
]
const lines = (of: (lineNo: number) => object, least: number): Field => [
  'lines',
  [
    Array.from({ length: least }, (_, n) => of(n + 1)),
    Array.from({ length: 50 }, (_, n) => of(n + 1)),
    [of(1), of(3)],
  ],
  [
    ...(least > 0 ? [Array.from({ length: least - 1 }, (_, n) => of(n + 1))] : []),
    // 51 lines need a number that is none, so a number comes twice or is beyond: either is refused.
    Array.from({ length: 51 }, (_, n) => of(n + 1)),
    [of(1), of(1)],
    [of(2), of(1)],
    undefined,
  ],
]
const run = (firstSerial: number, count: number) => ({ firstSerial: serialFromNumber(firstSerial), count })
const orderLine = (lineNo: number) => ({ lineNo, product: productId('ATLAS-5'), quantity: 1 })
const answerLine = (lineNo: number, more: object = {}) => ({
  lineNo,
  product: productId('ATLAS-5'),
  quantityAccepted: 1,
  backOrder: 0,
  unitPrice: money(1n, 'TND'),
  ...more,
})
const million = 1_000_000
const lineNo = (path: string): Field => [path, [1, 50], [0, 51, 1.5, '1', undefined]]

const messages: { name: string; schema: z.ZodType; content: object; fields: readonly Field[] }[] = [
  {
    name: 'an order',
    schema: restockOrder,
    content: { ...exampleOrder, lines: [orderLine(1)] },
    fields: [
      ...common.filter(([path]) => path !== 'issuedAt'),
      // It expires after it was issued: a millisecond later, and not at the same moment.
      [
        'issuedAt',
        ['2026-11-23T07:59:59.999Z'],
        ['2026-11-23T08:00:00.000Z', '2026-11-23T08:00:00.001Z', 'now'],
      ],
      ['expiresAt', ['2026-11-22T08:00:00.001Z'], ['2026-11-22T08:00:00.000Z', '2026-11-22', undefined]],
      lines(orderLine, 1),
      lineNo('lines.0.lineNo'),
      ['lines.0.product', ['ATLAS-5'], ['atlas-5', '', undefined]],
      ['lines.0.quantity', [1, million], [0, million + 1, 1.5, undefined]],
      ['lines.0.more', [], [1]],
    ],
  },
  {
    name: 'an order response',
    schema: restockOrderResponse,
    content: { ...exampleResponse, verdict: 'accepted', lines: [answerLine(1)] },
    fields: [
      ...common,
      ['orderId', id, noId],
      ['verdict', ['accepted', 'partly'], ['refused', 'taken', undefined]],
      ['reason', [], [...ORDER_REFUSALS, 'why']],
      lines((n) => answerLine(n), 1),
      lineNo('lines.0.lineNo'),
      ['lines.0.product', ['ATLAS-5'], ['atlas-5', undefined]],
      ['lines.0.quantityAccepted', [1, million], [0, -1, million + 1, 1.5, undefined]],
      ['lines.0.backOrder', [0, million], [-1, million + 1, undefined]],
      ...price('lines.0.unitPrice', true),
      ['lines.0.reason', [...ORDER_LINE_REASONS, undefined], ['why', '']],
      ['lines.0.more', [], [1]],
      // What is accepted has a price; what is not needs none.
      [
        'lines',
        [
          [answerLine(1), answerLine(2, { quantityAccepted: 0, unitPrice: undefined })],
          [answerLine(1, { quantityAccepted: 0, backOrder: 1 })],
        ],
        [
          [answerLine(1, { unitPrice: undefined })],
          [answerLine(1, { quantityAccepted: 0, backOrder: 1, unitPrice: undefined })],
          // Nothing accepted is a refusal, and has its reason.
          [answerLine(1, { quantityAccepted: 0 })],
          [],
        ],
      ],
    ],
  },
  {
    name: 'a refusing order response',
    schema: restockOrderResponse,
    content: { ...exampleResponse, verdict: 'refused', reason: 'order-expired', lines: [] },
    fields: [
      ['verdict', ['refused'], ['accepted', 'partly']],
      ['reason', [...ORDER_REFUSALS], [undefined, 'why', 'unknown-product']],
      [
        'lines',
        [[], [answerLine(1, { quantityAccepted: 0 })]],
        [[answerLine(1)], [answerLine(1, { quantityAccepted: 0, backOrder: 1 })]],
      ],
    ],
  },
  {
    name: 'a delivery',
    schema: restockDelivery,
    content: exampleDelivery,
    fields: [
      ...common,
      ['orderId', id, noId],
      lineNo('orderLineNo'),
      // A part is one of the parts.
      ['part', [1], [0, 2, 1.5, undefined]],
      ['parts', [1, 10_000], [0, 10_001, undefined]],
      ['product', ['ATLAS-5'], ['atlas-5', undefined]],
      ['lot', ['L000001', 'L000000001'], ['L00001', 'L0000000001', undefined]],
      ['expiresOn', ['2027-12-31', '2028-02-29'], ['2027-02-29', '2027-12-31T00:00:00.000Z', '', undefined]],
      ['activatedOn', ['2026-11-20T00:00:00.000Z', undefined], ['2026-11-20', '']],
      ...price('unitPrice'),
      ['codeDigits', [10, 18], [9, 19, 14.5, undefined]],
      [
        'runs',
        [
          [run(0, 1)],
          [run(0, 10_000)],
          [run(0, 5_000), run(5_000, 5_000)],
          Array.from({ length: 10_000 }, (_, n) => run(n, 1)),
          [run(999_999_999_999, 1)],
          [run(999_999_990_000, 10_000)],
        ],
        [
          [],
          [run(0, 0)],
          [run(0, 10_001)],
          [run(0, 5_000), run(5_000, 5_001)],
          Array.from({ length: 10_001 }, (_, n) => run(n, 1)),
          [run(0, 2), run(1, 1)],
          [run(5, 1), run(0, 1)],
          [run(999_999_999_999, 2)],
          undefined,
        ],
      ],
      ['runs.0.firstSerial', ['000000000000'], ['1', 1, undefined]],
      ['runs.0.more', [], [1]],
    ],
  },
  {
    name: 'a delivery of parts',
    schema: restockDelivery,
    content: { ...exampleDelivery, part: 9_999, parts: 10_000 },
    fields: [
      ['part', [10_000], [10_001]],
      ['parts', [9_999], [9_998]],
    ],
  },
  {
    name: 'a receipt',
    schema: restockReceipt,
    content: exampleReceipt,
    fields: [
      ...common,
      ['deliveryId', id, noId],
      ['orderId', id, noId],
      ['verdict', ['taken'], ['refused', 'accepted', undefined]],
      ['reason', [], [...DELIVERY_REFUSALS]],
      ['count', [0, 10_000], [-1, 10_001, 1.5, undefined]],
      [
        'duplicates',
        [[], Array(10_000).fill({ serial: '000000000001' })],
        [
          Array(10_001).fill({ serial: '000000000001' }),
          [{ serial: '1' }],
          [{ serial: '000000000001', more: 1 }],
          [{}],
          undefined,
        ],
      ],
    ],
  },
  {
    name: 'a refusing receipt',
    schema: restockReceipt,
    content: { ...exampleReceipt, verdict: 'refused', reason: 'code-known', count: 0 },
    fields: [
      ['verdict', ['refused'], ['taken']],
      ['reason', [...DELIVERY_REFUSALS], [undefined, 'why', 'order-expired']],
      ['count', [0], [1]],
    ],
  },
]

describe.each(messages)('$name', ({ schema, content, fields }) => {
  it('is taken as it stands', () => {
    expect(schema.safeParse(content)).toMatchObject({ success: true })
  })

  it.each(fields.map(([path, taken, refused]) => ({ path, taken, refused })))(
    'takes $path up to its bounds and no further',
    ({ path, taken, refused }) => {
      const at = path.split('.').map((name) => (/^\d+$/.test(name) ? Number(name) : name))
      const takes = (value: unknown) => schema.safeParse(withAt(content, at, value)).success
      for (const value of taken) expect([value, takes(value)]).toEqual([value, true])
      for (const value of refused) expect([value, takes(value)]).toEqual([value, false])
    },
  )
})

describe('each rule between fields', () => {
  const { lines: _, ...answered } = exampleResponse
  it.each([
    [
      restockOrder,
      { ...exampleOrder, expiresAt: exampleOrder.issuedAt },
      'an order expires after it was issued',
    ],
    [restockOrder, { ...exampleOrder, lines: [orderLine(1), orderLine(1)] }, 'line numbers rise'],
    [restockOrderResponse, { ...answered, lines: [answerLine(1), answerLine(1)] }, 'line numbers rise'],
    [
      restockOrderResponse,
      { ...answered, lines: [answerLine(1, { unitPrice: undefined, backOrder: 1 })] },
      'what is accepted has a price',
    ],
    [restockOrderResponse, { ...exampleResponse, reason: 'order-expired' }, 'a refusal has a reason'],
    [restockOrderResponse, { ...answered, lines: [] }, 'refused means that nothing is accepted'],
    [restockDelivery, { ...exampleDelivery, part: 2 }, 'a part is one of the parts'],
    [restockDelivery, { ...exampleDelivery, runs: [run(0, 2), run(1, 1)] }, 'runs rise and do not overlap'],
    [
      restockDelivery,
      { ...exampleDelivery, runs: [run(0, 9_999), run(9_999, 2)] },
      'a part has at most 10,000 codes',
    ],
    [restockDelivery, { ...exampleDelivery, issuedAt: 'now' }, 'not a moment in UTC'],
    [restockDelivery, { ...exampleDelivery, expiresOn: 'today' }, 'not a day'],
    [restockReceipt, { ...exampleReceipt, verdict: 'refused', count: 0 }, 'a refusal has a reason'],
    [
      restockReceipt,
      { ...exampleReceipt, verdict: 'refused', reason: 'expired' },
      'what is refused is not counted',
    ],
  ] as [z.ZodType, object, string][])('says which it is: %#', (schema, content, rule) => {
    const issues = schema.safeParse(content).error?.issues.map(({ message }) => message)
    expect(issues).toEqual([rule])
  })

  it('counts what is accepted and what is kept in mind together', () => {
    const half = { quantityAccepted: 1, backOrder: 1 }
    const holds = (line: object) =>
      restockOrderResponse.safeParse({ ...answered, verdict: 'partly', lines: [line] }).success
    expect([holds(answerLine(1, half)), holds(answerLine(1, { ...half, unitPrice: undefined }))]).toEqual([
      true,
      false,
    ])
  })
})

describe('the reasons', () => {
  it('have their order of precedence', () => {
    expect(ORDER_REFUSALS).toEqual([
      'duplicate-content',
      'order-expired',
      'ordering-suspended',
      'headroom-exceeded',
      'no-line-accepted',
    ])
    expect(ORDER_LINE_REASONS).toEqual(['unknown-product', 'product-on-hold', 'not-enough-stock'])
    expect(DELIVERY_REFUSALS).toEqual([
      'duplicate-content',
      'unknown-order',
      'unknown-order-line',
      'product-differs',
      'price-differs',
      'code-length-differs',
      'more-than-accepted',
      'expired',
      'serial-known',
      'code-malformed',
      'code-known',
    ])
  })
})

describe('moments and days', () => {
  it.each([
    '2026-11-22T18:42:07.120Z',
    '2000-01-01T00:00:00.000Z',
    '2999-12-31T23:59:59.999Z',
    '2028-02-29T00:00:00.000Z',
  ])('%s is a moment', (text) => {
    expect(instantField.safeParse(text).success).toBe(true)
  })

  it.each([
    '1999-12-31T23:59:59.999Z',
    '3000-01-01T00:00:00.000Z',
    '2027-02-29T00:00:00.000Z',
    '2026-02-30T00:00:00.000Z',
    '2026-13-01T00:00:00.000Z',
    '2026-00-01T00:00:00.000Z',
    '2026-11-22T24:00:00.000Z',
    '2026-11-22T23:60:00.000Z',
    '2026-11-22T23:59:60.000Z',
    '2026-11-22T18:42:07.12Z',
    '2026-11-22T18:42:07.1200Z',
    '2026-11-22T18:42:07Z',
    '2026-11-22T18:42:07.120',
    '2026-11-22T18:42:07.120+00:00',
    '2026-11-22 18:42:07.120Z',
    'x2026-11-22T18:42:07.120Z',
    '2026-11-22T18:42:07.120Zx',
    '2026-1-22T18:42:07.120Z',
    '',
  ])('%s is none', (text) => {
    expect(instantField.safeParse(text).success).toBe(false)
  })

  it('a day is one of the calendar and nothing more', () => {
    for (const day of ['2027-12-31', '2028-02-29']) expect(dateField.safeParse(day).success).toBe(true)
    for (const day of ['2027-02-29', '2027-12-32', '27-12-31', '2027-12-31T00:00:00.000Z', ''])
      expect(dateField.safeParse(day).success).toBe(false)
  })
})

describe('amounts', () => {
  const read = (text: string) => readAmount(canonicalReader(text), 'Price')

  it('are written with all digits of their currency, and read so', () => {
    for (const [amount, text] of [
      [money(940n, 'TND'), '<Price currencyID="TND">0.940</Price>'],
      [money(500n, 'XOF'), '<Price currencyID="XOF">500</Price>'],
      [money(0n, 'EUR'), '<Price currencyID="EUR">0.00</Price>'],
    ] as const) {
      expect(writeAmount('Price', amount)).toBe(text)
      expect(read(text)).toEqual(amount)
    }
  })

  it.each([
    'TND">0.94',
    'TND">00.940',
    'TND">.940',
    'TND">0.9400',
    'XOF">500.0',
    'GBP">5.00',
    'tnd">0.940',
    'TND">',
    'TND">-0.000',
  ])('have no other spelling: %s', (text) => {
    expect(() => read(`<Price currencyID="${text}</Price>`)).toThrow(
      new UnexpectedContent('no amount in Price'),
    )
  })

  it('are not there where another element is next', () => {
    expect(read('<Other>1</Other>')).toBeUndefined()
    expect(moneyField.safeParse(undefined).success).toBe(false)
  })
})

describe('the head of a chain', () => {
  it('is written as its number and its hash in lower case, and read so', () => {
    const head = { n: 42n, hash: Buffer.alloc(32, 0xab) }
    const text = `<AuditHead><N>42</N><Hash>${'ab'.repeat(32)}</Hash></AuditHead>`
    expect(writeAuditHead(head)).toBe(text)
    expect(auditHeadField.parse(readAuditHead(canonicalReader(text)))).toEqual(head)
    for (const broken of [text.replace('<AuditHead>', ''), text.replace('</AuditHead>', '')])
      expect(() => readAuditHead(canonicalReader(broken))).toThrow(UnexpectedContent)
  })
})

describe('runs and lines', () => {
  it('hold as many codes as all of them together', () => {
    expect([codesOf([]), codesOf([run(0, 3)]), codesOf([run(0, 3), run(9, 4)])]).toEqual([0, 3, 7])
  })

  it('rise without overlap to the last serial', () => {
    expect(
      [[], [run(0, 2), run(2, 1)], [run(0, 2), run(9, 1)], [run(999_999_999_998, 2)]].every(runsRise),
    ).toBe(true)
    expect([[run(0, 2), run(1, 1)], [run(2, 1), run(0, 1)], [run(999_999_999_999, 2)]].some(runsRise)).toBe(
      false,
    )
    const numbered = (...numbers: number[]) => linesRise(numbers.map((no) => ({ lineNo: no })))
    expect([numbered(), numbered(7), numbered(1, 2), numbered(1, 5, 9)]).toEqual([true, true, true, true])
    expect([numbered(1, 1), numbered(2, 1), numbered(1, 3, 2)]).toEqual([false, false, false])
  })
})
