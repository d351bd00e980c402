import { expect, test } from 'vitest'
import {
  cardId,
  centreId,
  collectorId,
  depotId,
  idPattern,
  lotId,
  messageId,
  operatorId,
  retailerId,
  terminalId,
  vendorId,
} from './ids.ts'

const PARTIES = {
  good: ['at', 'atlas', 'a1', 'a-1', 'abcdefghij0123456789'],
  bad: [
    'a',
    'Atlas',
    '1a',
    '-a',
    'abcdefghij01234567890',
    'at las',
    'a_b',
    ' atlas',
    'atlas ',
    'atlas\n',
    '',
  ],
}

test.each([
  ['OperatorId', operatorId, PARTIES.good, PARTIES.bad],
  ['CentreId', centreId, PARTIES.good, PARTIES.bad],
  ['DepotId', depotId, PARTIES.good, PARTIES.bad],
  [
    'RetailerId',
    retailerId,
    ['R00000', 'R01288', 'R99999', 'R100000', 'R999999', 'R1000000', 'R9999999'],
    ['R0128', 'R012888', 'R0012888', 'R10000000', 'T01288', 'r01288', 'xR01288', 'R0128a', 'R100000a'],
  ],
  [
    'TerminalId',
    terminalId,
    ['T00417', 'T100000', 'T999999', 'T1000000', 'T9999999'],
    ['T0041', 'T004170', 'T0041700', 'T10000000', 'R00417', 'xT00417', 'T00417x', 'T0041a', 'xT100000'],
  ],
  [
    'CollectorId',
    collectorId,
    ['E0001', 'E00001', 'E999999'],
    ['E001', 'E0000001', 'e0001', 'xE0001', 'E0001x', 'E000a', 'C0001'],
  ],
  ['VendorId', vendorId, ['00', '02'], ['2', '002', 'a2', '2a', 'x02', '02x']],
  ['CardId', cardId, ['C0000417'], ['C000417', 'C00004170', 'c0000417', 'xC0000417', 'C000041a']],
  [
    'LotId',
    lotId,
    ['L000001', 'L0000001', 'L000000001'],
    ['L00001', 'L0000000001', 'l000001', 'xL000001', 'L00000a', 'L000001a'],
  ],
  [
    'MessageId',
    messageId,
    [
      '0f8fad5b-d9cb-469f-a165-70867728950e',
      '00000000-0000-8000-8000-000000000000',
      '9a9a9a9a-0000-1000-b000-9a9a9a9a9a9a',
    ],
    [
      '0F8FAD5B-D9CB-469F-A165-70867728950E',
      '0f8fad5bd9cb469fa16570867728950e',
      // A version and a variant that no UUID has.
      '0f8fad5b-d9cb-069f-a165-70867728950e',
      '0f8fad5b-d9cb-969f-a165-70867728950e',
      '0f8fad5b-d9cb-469f-7165-70867728950e',
      '0f8fad5b-d9cb-469f-c165-70867728950e',
      // A digit more or less in each part.
      'f8fad5b-d9cb-469f-a165-70867728950e',
      '00f8fad5b-d9cb-469f-a165-70867728950e',
      '0f8fad5b-9cb-469f-a165-70867728950e',
      '0f8fad5b-d9cb-69f-a165-70867728950e',
      '0f8fad5b-d9cb-46fg-a165-70867728950e',
      '0f8fad5b-d9cb-469f-a16-70867728950e',
      '0f8fad5b-d9cb-469f-a165-0867728950e',
      '0f8fad5b-d9cb-469f-a165-70867728950e0',
      'g f8fad5b-d9cb-469f-a165-70867728950',
    ],
  ],
] as const)('a %s has its own shape and no other', (name, parse, good, bad) => {
  for (const text of good) {
    expect(parse(text)).toBe(text)
    expect(idPattern(name).test(text)).toBe(true)
  }
  for (const text of bad) {
    expect(() => parse(text), text).toThrow(new TypeError(`not a ${name}: ${JSON.stringify(text)}`))
    expect(idPattern(name).test(text)).toBe(false)
  }
})

test('a long text is not repeated whole in the complaint', () => {
  expect(() => retailerId('x'.repeat(61))).toThrow(
    new TypeError(`not a RetailerId: ${JSON.stringify('x'.repeat(60))}`),
  )
})
