import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  MAX_LINE_BYTES,
  MOST_PROBLEMS,
  type StockProduct,
  type StockRow,
  stockFileReader,
} from './stock-file.ts'

const products = new Map<string, StockProduct>([
  ['ATLAS-5', { codeDigits: 14, checkDigit: 'none' }],
  ['ATLAS-10', { codeDigits: 14, checkDigit: 'luhn' }],
])
const HEADER = 'serial,code,product,expires'
const GOOD = '000123456789,00715593826014,ATLAS-5,2027-12-31'

type Seen = Omit<StockRow, 'code'> & { code: string }

function read(file: string | Buffer, chunkBytes = 1 << 16) {
  const rows: Seen[] = []
  const reader = stockFileReader(products, '2026-11-22', (row) =>
    rows.push({ ...row, code: Buffer.from(row.code).toString('latin1') }),
  )
  const bytes = Buffer.from(file)
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    if (!reader.write(Buffer.from(bytes.subarray(at, at + chunkBytes)))) break
  }
  return { problems: reader.end(), rows }
}

const row = (over: Partial<Record<'serial' | 'code' | 'product' | 'expires', string>> = {}) =>
  [
    over.serial ?? '000123456789',
    over.code ?? '00715593826014',
    over.product ?? 'ATLAS-5',
    over.expires ?? '2027-12-31',
  ].join(',')

test('leading zeros live, whatever the chunks, separators, line ends and marks', () => {
  const expected: Seen = {
    line: 2,
    serial: 123456789,
    product: 'ATLAS-5' as never,
    expiresOn: '2027-12-31',
    code: '00715593826014',
  }
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 80 }),
      fc.constantFrom(',', ';', '\t'),
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      fc.boolean(),
      (chunkBytes, separator, ending, marked, last) => {
        const text = `${HEADER}\n${GOOD}${last ? '\n' : ''}`
          .replaceAll(',', separator)
          .replaceAll('\n', ending)
        const { problems, rows } = read(`${marked ? '﻿' : ''}${text}`, chunkBytes)
        expect(problems).toEqual([])
        expect(rows).toEqual([expected])
      },
    ),
  )
})

test('columns may come in another order, and fields in quotes', () => {
  const { problems, rows } = read(
    '"product","serial","expires","code"\n"ATLAS-5","000000000001","2027-01-01","00000000000001"\n',
  )
  expect(problems).toEqual([])
  expect(rows[0]).toMatchObject({ serial: 1, code: '00000000000001', expiresOn: '2027-01-01' })
})

test.each([
  ['a letter in a code', row({ code: '0071559382601A' }), 'code', 'not-digits'],
  ['an empty code', row({ code: '' }), 'code', 'not-digits'],
  ['a code one digit short', row({ code: '0071559382601' }), 'code', 'wrong-length'],
  ['a wrong check digit', row({ product: 'ATLAS-10', code: '00715593826014' }), 'code', 'wrong-check-digit'],
  ['a letter in a serial', row({ serial: '00012345678X' }), 'serial', 'not-digits'],
  ['a serial one digit long', row({ serial: '0001234567890' }), 'serial', 'wrong-length'],
  ['a product nobody has', row({ product: 'ATLAS-7' }), 'product', 'unknown-product'],
  ['a date that passed', row({ expires: '2026-11-21' }), 'expires', 'expiry-past'],
  ['a date that is none', row({ expires: '2027-02-30' }), 'expires', 'expiry-not-a-date'],
  ['a French date', row({ expires: '31/12/2027' }), 'expires', 'expiry-not-a-date'],
  ['a field too few', '000123456789,00715593826014,ATLAS-5', 'expires', 'missing-column'],
  ['a field too many', `${GOOD},x`, 'file', 'extra-column'],
])('%s is named with its line, field and rule', (_, bad, field, rule) => {
  const { problems, rows } = read(`${HEADER}\n${GOOD}\n${bad}\n`)
  expect(problems).toEqual([{ line: 3, field, rule }])
  expect(rows).toHaveLength(1)
})

test.each([
  ['missing column', 'serial,code,product\n1,2,3\n', { line: 1, field: 'expires', rule: 'missing-column' }],
  ['extra column', `${HEADER},note\n${GOOD},x\n`, { line: 1, field: 'header', rule: 'extra-column' }],
  ['column twice', `${HEADER},code\n${GOOD},1\n`, { line: 1, field: 'header', rule: 'extra-column' }],
  ['no bytes', '', { line: 0, field: 'file', rule: 'empty-file' }],
  ['a header only', `${HEADER}\n`, { line: 1, field: 'file', rule: 'empty-file' }],
  [
    'UTF-16',
    Buffer.from(`﻿${HEADER}\n${GOOD}\n`, 'utf16le'),
    { line: 1, field: 'file', rule: 'wrong-encoding' },
  ],
  [
    'Latin-1',
    Buffer.from(`${HEADER}\n${GOOD.replace('ATLAS', 'ÀTLAS')}\n`, 'latin1'),
    { line: 2, field: 'file', rule: 'wrong-encoding' },
  ],
  [
    'a picture',
    Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
    { line: 1, field: 'file', rule: 'binary-file' },
  ],
  ['zeros', Buffer.alloc(5000), { line: 1, field: 'file', rule: 'binary-file' }],
  ['no end of line', 'x'.repeat(MAX_LINE_BYTES * 4), { line: 1, field: 'file', rule: 'line-too-long' }],
])('a file with %s is refused whole', (_, file, problem) => {
  const { problems, rows } = read(file as string)
  expect(problems).toContainEqual(problem)
  expect(rows).toEqual([])
})

test('problems stop at twenty', () => {
  const { problems } = read(`${HEADER}\n${`${row({ code: 'x' })}\n`.repeat(100)}`)
  expect(problems).toHaveLength(MOST_PROBLEMS)
})

test('no problem holds a code', () => {
  const { problems } = read(
    `${HEADER}\n${row({ code: '99887766554433221' })}\n${row({ code: '998877665544AA' })}\n`,
  )
  expect(JSON.stringify(problems)).not.toContain('99887766')
})
