// The bytes of a whole ticket, as ESC/POS has them: what stands where, how large, and where the printer is asked.

import { ClearCode } from '@scratchless/voucher/clear-code'
import { expect, test } from 'vitest'
import { ATLAS_5 } from '../../../voucher/testing/example-product.ts'
import type { TicketFacts } from './ticket-content.ts'
import { ticketTemplate } from './ticket-template.ts'

const facts: TicketFacts = {
  ...{ locale: 'fr', product: ATLAS_5, operatorName: 'Atlas', careNumber: '1200' },
  ...{ distributorPhone: '71000000', retailerName: 'Épicerie El Amen', terminal: 'T00417', vendor: '02' },
}
const fields = { serial: '000111000111', expires: '31/12/2027', number: '0018342', time: '22/11/26 19:42' }

/** Commands by their names, a line of paper a line; what is not ASCII stands as \xnn. */
function readable(ticket: Buffer): string[] {
  const named: [string, string][] = [
    ['\x1b@', '<init>'],
    ['\x1dr\x01', '<say>'],
    ['\x1dV\x01', '<cut>'],
    ['\x1ba\x00', '<left>'],
    ['\x1ba\x01', '<centre>'],
    ['\x1bE\x01', '<bold>'],
    ['\x1bE\x00', '</bold>'],
  ]
  let text = ticket.toString('latin1')
  for (const [bytes, name] of named) text = text.replaceAll(bytes, name)
  return text
    .split('\n')
    .map((line) =>
      line.replace(/[^\x20-\x7e]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`),
    )
}
const ticket = (columns: 32 | 48, watched: boolean) =>
  readable(
    ticketTemplate(facts, columns, watched).fill(fields, ClearCode.fromAscii(Buffer.from('12345678901234'))),
  )

test('a ticket of 32 columns', () => {
  expect(ticket(32, false)).toMatchInlineSnapshot(`
    [
      "<init>\\x1c.\\x1bM\\x00      <bold>\\x1d!\\x11\\x1bt\\x13Atlas 5 DT</bold>\\x1d!\\x00",
      "<bold></bold>Prix <bold>5,000 DT</bold>",
      "Cr\\x82dit net <bold>4,700 DT</bold>",
      "  <bold>\\x1d!"1234 5678</bold>\\x1d!\\x00",
      "  <bold>\\x1d!"9012 34  </bold>\\x1d!\\x00",
      "<bold></bold>Composez *123*code# puis appel",
      "<centre>\\x1d(k\\x04\\x001A2\\x00\\x1d(k\\x03\\x001C\\x04\\x1d(k\\x03\\x001E0\\x1d(k\\x1d\\x001P0tel:*123*12345678901234%23\\x1d(k\\x03\\x001Q0",
      "<left>N/S 000111000111  Exp 31/12/2027",
      "\\x90picerie El Amen      Vendeur 02",
      "T00417 No0018342  22/11/26 19:42",
      "R\\x82clamation: 72 h avec ce ticket",
      "Client Atlas 1200  Dist 71000000",
      "",
      "",
      "<cut><say>",
    ]
  `)
})

test('a ticket of 48 columns that is watched', () => {
  expect(ticket(48, true)).toMatchInlineSnapshot(`
    [
      "<init>\\x1c.\\x1bM\\x00              <bold>\\x1d!\\x11\\x1bt\\x13Atlas 5 DT</bold>\\x1d!\\x00",
      "<bold></bold><say>\\x1bt\\x13Prix <bold>5,000 DT</bold>",
      "<say>\\x1bt\\x13Cr\\x82dit net <bold>4,700 DT</bold>",
      "          <say><bold>\\x1d!"\\x1bt\\x131234 5678</bold>\\x1d!\\x00",
      "          <bold>\\x1d!"9012 34  </bold>\\x1d!\\x00",
      "<bold></bold><say>\\x1bt\\x13Composez *123*code# puis appel",
      "<say><centre>\\x1d(k\\x04\\x001A2\\x00\\x1d(k\\x03\\x001C\\x04\\x1d(k\\x03\\x001E0\\x1d(k\\x1d\\x001P0tel:*123*12345678901234%23\\x1d(k\\x03\\x001Q0",
      "<left><say>\\x1bt\\x13N/S 000111000111                  Exp 31/12/2027",
      "<say>\\x1bt\\x13\\x90picerie El Amen                      Vendeur 02",
      "<say>\\x1bt\\x13T00417 No0018342                  22/11/26 19:42",
      "<say>\\x1bt\\x13R\\x82clamation: 72 h avec ce ticket",
      "<say>\\x1bt\\x13Client Atlas 1200                  Dist 71000000",
      "<say>",
      "",
      "<cut><say>",
    ]
  `)
})
