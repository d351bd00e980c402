import { ClearCode } from '@scratchless/voucher/clear-code'
import type { Product } from '@scratchless/voucher/product'
import { expect, test } from 'vitest'
import { ATLAS_5 } from '../../../voucher/testing/example-product.ts'
import { codeRows, maskedLines, type TicketFacts, ticketFields, ticketParts } from './ticket-content.ts'
import { ticketTemplate } from './ticket-template.ts'

const ESC = String.fromCharCode(0x1b)
const FS = String.fromCharCode(0x1c)
const GS = String.fromCharCode(0x1d)

function product(codeDigits: number): Product {
  return {
    ...ATLAS_5,
    codeDigits,
  }
}

function facts(codeDigits: number, locale: 'fr' | 'en' = 'fr'): TicketFacts {
  return {
    locale,
    product: product(codeDigits),
    operatorName: 'Atlas',
    careNumber: '1200',
    distributorPhone: '71000000',
    // Digits like those of the placeholder, and more letters than a line has.
    retailerName: 'Épicerie 0000 1111 El Amen de la Médina',
    terminal: 'T00417',
    vendor: '02',
  }
}

const sale = { serial: '000111000111', expiresOn: '2027-12-31', number: 18_342, atMs: 1_795_347_600_000 }
const fields = ticketFields(sale)

test.each([10, 12, 14, 16, 18])(
  'a code of %i digits stands once in large groups and once in the QR',
  (length) => {
    const code = '98765432109876543210'.slice(0, length)
    const template = ticketTemplate(facts(length), 32, false)
    const ticket = template.fill(fields, ClearCode.fromAscii(Buffer.from(code))).toString('latin1')
    expect(ticket).toContain(`tel:*123*${code}%23`)
    let from = 0
    for (const row of codeRows(length)) {
      const groups = row.map((size) => {
        from += size
        return code.slice(from - size, from)
      })
      expect(ticket).toContain(groups.join(' '))
    }
    expect(ticket).toContain(`N/S ${sale.serial}`)
    expect(ticket).toContain('Exp 31/12/2027')
    expect(ticket).toContain('T00417 No0018342')
    expect(ticket).toContain(fields.time)
  },
)

test('no line is wider than the paper, and accents are of the code page', () => {
  const ticket = ticketTemplate(facts(14), 32, false)
    .fill(fields, ClearCode.fromAscii(Buffer.from('12345678901234')))
    .toString('latin1')
  expect(ticket).toContain('Cr\x82dit net')
  const lines = ticket
    .replace(new RegExp(`${GS}\\(k[\\s\\S]*1Q0`, 'g'), '') // the QR
    .replace(new RegExp(`${ESC}@|${FS}\\.|${ESC}[EaMt][\\s\\S]|${GS}[!rV][\\s\\S]`, 'g'), '')
    .split('\n')
  expect(lines.length).toBeGreaterThan(10)
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(32)
})

test('where somebody watches, the printer is asked to speak after each line and after the cut', () => {
  const template = ticketTemplate(facts(14), 48, true)
  const ticket = template.fill(fields, ClearCode.fromAscii(Buffer.from('12345678901234')))
  let marks = 0
  for (let at = ticket.indexOf('\x1dr\x01'); at >= 0; at = ticket.indexOf('\x1dr\x01', at + 1)) marks++
  expect(marks).toBe(template.marks)
  expect(marks).toBe(ticketParts(facts(14), fields).length + 1)
})

test('the screen sees the same ticket with code and QR closed, in both languages', () => {
  expect(maskedLines(facts(14), fields).slice(0, 6)).toEqual([
    { kind: 'title', text: 'Atlas 5 DT' },
    { kind: 'pair', label: 'Prix', value: '5,000 DT' },
    { kind: 'pair', label: 'Crédit net', value: '4,700 DT' },
    { kind: 'code', groups: [4, 4, 4, 2] },
    { kind: 'text', text: 'Composez *123*code# puis appel' },
    { kind: 'qr' },
  ])
  expect(maskedLines(facts(16, 'en'), fields).slice(0, 3)).toEqual([
    { kind: 'title', text: 'Atlas TND 5' },
    { kind: 'pair', label: 'Price', value: 'TND 5.000' },
    { kind: 'pair', label: 'Net credit', value: 'TND 4.700' },
  ])
})

test('a code of another length than the product says is not printed', () => {
  const template = ticketTemplate(facts(14), 32, false)
  expect(() => template.fill(fields, ClearCode.fromAscii(Buffer.from('1234567890123456')))).toThrow()
})
