// A ticket laid out before its code is known. The layout is made with a placeholder of the code's length; where
// the digits stand is found by laying out twice with other digits and comparing. At the sale the bytes of code,
// serial, number and time are written over them, in the text and in the QR alike.

import Encoder from '@point-of-sale/receipt-printer-encoder'
import type { ClearCode } from '@scratchless/voucher/clear-code'
import { codeRows, type TicketFacts, type TicketFields, ticketParts } from './ticket-content.ts'

/** GS r 1: the printer says its paper status once everything before it has been printed. */
const SAY_WHEN_PRINTED = [0x1d, 0x72, 0x01]
/** GS V 1: partial cut. */
const CUT = [0x1d, 0x56, 0x01]
/** Two lines of paper below the last, to the cutter. */
const FEED_LINES = 2
/** Dots of a QR's module: 37 modules of a 39-character link are 148 of 384 dots. */
const QR_MODULE_DOTS = 4

/** Two groups of four digits and the space between. */
const CODE_ROW_CHARACTERS = 9

export interface TicketTemplate {
  /** What stands on it: a sale keeps it, so that its ticket can be shown as it was. */
  readonly facts: TicketFacts
  /** How often the printer is asked to speak: after the cut, and before it after each line where somebody watches. */
  readonly marks: number
  /** The whole ticket, open. Whoever asked for it zeroes it once the printer's line has taken it. */
  fill(fields: TicketFields, code: ClearCode): Buffer
}

const PLAIN: TicketFields = {
  serial: '0'.repeat(12),
  expires: '00/00/0000',
  number: '0'.repeat(7),
  time: '00/00/00 00:00',
}

/** `watched`: the printer says each line; a ticket that nobody watches is not kept waiting for that. */
export function ticketTemplate(facts: TicketFacts, columns: 32 | 48, watched: boolean): TicketTemplate {
  const digits = facts.product.codeDigits
  const zeros = '0'.repeat(digits)
  const plain = layOut(facts, PLAIN, zeros, columns, watched)
  const codeAt = differing(plain, layOut(facts, PLAIN, '1'.repeat(digits), columns, watched))
  const fieldNames = Object.keys(PLAIN) as (keyof TicketFields)[]
  const fieldAt = fieldNames.map((name) => {
    const other = { ...PLAIN, [name]: PLAIN[name].replace(/0/g, '1') }
    const at = differing(plain, layOut(facts, other, zeros, columns, watched))
    const places = [...PLAIN[name]].flatMap((letter, place) => (letter === '0' ? [place] : []))
    if (at.length !== places.length) throw new Error(`the ticket does not show its ${name} just once`)
    return { name, at, places }
  })
  if (codeAt.length !== 2 * digits) throw new Error('the ticket does not show its code in text and QR')
  return {
    facts,
    marks: watched ? ticketParts(facts, PLAIN).length + 1 : 1,
    fill(fields, code) {
      if (code.digits !== digits) throw new Error('the code has another length than its product says')
      const ticket = Buffer.from(plain)
      for (const { name, at, places } of fieldAt) {
        const value = fields[name]
        if (value.length !== PLAIN[name].length) throw new Error(`a ${name} of another length`)
        for (let i = 0; i < at.length; i++) ticket[at[i]!] = value.charCodeAt(places[i]!)
      }
      // The text's digits first, then the QR's, each in order.
      for (let i = 0; i < codeAt.length; i++)
        code.copyDigits(ticket, codeAt[i]!, i % digits, (i % digits) + 1)
      return ticket
    },
  }
}

function differing(a: Buffer, b: Buffer): number[] {
  if (a.length !== b.length) throw new Error("a field's content changes the ticket's length")
  const places: number[] = []
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) places.push(i)
  return places
}

function layOut(
  facts: TicketFacts,
  fields: TicketFields,
  code: string,
  columns: 32 | 48,
  watched: boolean,
): Buffer {
  const printer = new Encoder({ language: 'esc-pos', columns, newline: '\n' })
  printer.initialize().codepage('cp858')
  const digits = facts.product.codeDigits
  for (const part of ticketParts(facts, fields)) {
    switch (part.kind) {
      case 'title':
        printer
          .align('center')
          .bold(true)
          .size(2, 2)
          .line(fitted(part.text, columns / 2))
          .size(1, 1)
          .bold(false)
          .align('left')
        break
      case 'text':
        printer.line(fitted(part.text, columns))
        break
      case 'pair':
        printer
          .text(`${part.label} `)
          .bold(true)
          .line(fitted(part.value, columns - part.label.length - 1))
        printer.bold(false)
        break
      case 'sides':
        printer.line(sides(part.left, part.right, columns))
        break
      case 'code': {
        let from = 0
        printer.align('center').bold(true).size(3, 3)
        for (const row of codeRows(digits)) {
          const groups = row.map((size) => {
            from += size
            return code.slice(from - size, from)
          })
          // Filled up, so that the groups of both rows stand in columns.
          printer.line(groups.join(' ').padEnd(CODE_ROW_CHARACTERS))
        }
        printer.size(1, 1).bold(false).align('left')
        break
      }
      case 'qr': {
        const dialled = facts.product.refillTemplate.replace('{code}', code).replaceAll('#', '%23')
        printer.align('center')
        printer.qrcode(`tel:${dialled}`, { model: 2, size: QR_MODULE_DOTS, errorlevel: 'l' })
        printer.align('left')
      }
    }
    if (watched) printer.raw(SAY_WHEN_PRINTED)
  }
  const body = printer.newline(FEED_LINES).encode()
  return Buffer.concat([body, Buffer.from(CUT), Buffer.from(SAY_WHEN_PRINTED)])
}

/** Cut to a line: a shop's long name must not push the rest off the paper. */
function fitted(text: string, columns: number): string {
  return text.slice(0, columns)
}

function sides(left: string, right: string, columns: number): string {
  const room = columns - right.length - 1
  return `${fitted(left, room).padEnd(room)} ${right}`
}
