import { money } from '@scratchless/voucher/money'
import { expect, test } from 'vitest'
import { ATLAS_5 } from '../../../voucher/testing/example-product.ts'
import { codeRows, maskedLines, type TicketFacts, ticketFields } from './ticket-content.ts'

const facts: TicketFacts = {
  ...{
    locale: 'fr',
    product: ATLAS_5,
    operatorName: 'Atlas',
    careNumber: '1200',
    distributorPhone: '71000000',
  },
  ...{ retailerName: 'Épicerie El Amen', terminal: 'T00417', vendor: '02' },
}
const at = new Date(2026, 0, 5, 7, 4).getTime()
const fields = ticketFields({ serial: '000111000111', expiresOn: '2027-02-01', number: 42, atMs: at })

test('figures are of fixed length, the time the terminal’s own', () => {
  expect(fields).toEqual({
    ...{ serial: '000111000111', expires: '01/02/2027', number: '0000042', time: '05/01/26 07:04' },
  })
  expect(ticketFields({ serial: '1', expiresOn: '2027-02-01', number: 10_000_007, atMs: at }).number).toBe(
    '0000007',
  )
})

test('groups of four, two to a line', () => {
  expect([1, 4, 8, 9, 10, 16, 18].map(codeRows)).toEqual([
    [[1]],
    [[4]],
    [[4, 4]],
    [[4, 4], [1]],
    [[4, 4], [2]],
    [
      [4, 4],
      [4, 4],
    ],
    [[4, 4], [4, 4], [2]],
  ])
})

test('the whole ticket, closed, in both languages', () => {
  expect(maskedLines(facts, fields)).toEqual([
    { kind: 'title', text: 'Atlas 5 DT' },
    { kind: 'pair', label: 'Prix', value: '5,000 DT' },
    { kind: 'pair', label: 'Crédit net', value: '4,700 DT' },
    { kind: 'code', groups: [4, 4, 4, 2] },
    { kind: 'text', text: 'Composez *123*code# puis appel' },
    { kind: 'qr' },
    { kind: 'pair', label: 'N/S 000111000111', value: 'Exp 01/02/2027' },
    { kind: 'pair', label: 'Épicerie El Amen', value: 'Vendeur 02' },
    { kind: 'pair', label: 'T00417 No0000042', value: '05/01/26 07:04' },
    { kind: 'text', text: 'Réclamation: 72 h avec ce ticket' },
    { kind: 'pair', label: 'Client Atlas 1200', value: 'Dist 71000000' },
  ])
  expect(maskedLines({ ...facts, locale: 'en' }, fields)).toEqual([
    { kind: 'title', text: 'Atlas TND 5' },
    { kind: 'pair', label: 'Price', value: 'TND 5.000' },
    { kind: 'pair', label: 'Net credit', value: 'TND 4.700' },
    { kind: 'code', groups: [4, 4, 4, 2] },
    { kind: 'text', text: 'Dial *123*code# then press call' },
    { kind: 'qr' },
    { kind: 'pair', label: 'S/N 000111000111', value: 'Exp 01/02/2027' },
    { kind: 'pair', label: 'Épicerie El Amen', value: 'Vendor 02' },
    { kind: 'pair', label: 'T00417 No0000042', value: '05/01/26 07:04' },
    { kind: 'text', text: 'Claims: 72 h, with this ticket' },
    { kind: 'pair', label: 'Atlas care 1200', value: 'Dist. 71000000' },
  ])
})

test.each([
  ['fr', money(5_250n, 'TND'), 'Atlas 5,250 DT', '5,250 DT'],
  ['en', money(5_250n, 'TND'), 'Atlas TND 5.250', 'TND 5.250'],
  ['fr', money(50n, 'TND'), 'Atlas 0,050 DT', '0,050 DT'],
  ['fr', money(1_000n, 'EUR'), 'Atlas 10 EUR', '10,00 EUR'],
  ['en', money(100_000n, 'TND'), 'Atlas TND 100', 'TND 100.000'],
] as const)('an amount in %s as the reader writes it', (locale, value, title, price) => {
  const product = { ...ATLAS_5, faceValue: value, publicPrice: value }
  expect(maskedLines({ ...facts, locale, product }, fields).slice(0, 2)).toMatchObject([
    { text: title },
    { value: price },
  ])
})
