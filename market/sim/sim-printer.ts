// The printer at the counter: it runs out of paper, loses its cable, tears a ticket, or the power goes while it prints.
// What came out of it is the one witness of which codes were ever open.

import type { PrinterLink } from '@scratchless/terminal/ticket/printer-link'
import { die, type SimProcess } from './sim-process.ts'

export const PRINTER_FAULTS = [
  'no-paper',
  'cover-open',
  'not-connected',
  'torn',
  'unheard',
  'power-cut-before',
  'power-cut-after',
] as const
export type PrinterFault = (typeof PRINTER_FAULTS)[number]

export interface Paper {
  /** How often the ticket of this serial was sent. */
  sent: number
  /** Whether a whole ticket came out. */
  whole: boolean
}

/** The serial as it stands on the ticket: twelve digits after its label. */
const SERIAL = /N\/S [^\d]*(\d{12})/

export interface SimPrinter {
  /** The next ticket, or question, meets this. */
  fault: PrinterFault | null
  readonly paper: Map<string, Paper>
  linkOf(process: SimProcess): PrinterLink
}

export function newPrinter(onFault: (fault: PrinterFault) => void): SimPrinter {
  const paper = new Map<string, Paper>()
  const printer: SimPrinter = {
    fault: null,
    paper,
    linkOf(process) {
      let last: ReturnType<PrinterLink['lastStatus']> = 'ready'
      return {
        async status() {
          const { fault } = printer
          last = fault === 'no-paper' || fault === 'cover-open' || fault === 'not-connected' ? fault : 'ready'
          if (last !== 'ready') meet()
          return last
        },
        lastStatus: () => last,
        async print(ticket) {
          const serial = SERIAL.exec(ticket.toString('latin1'))?.[1]
          if (serial === undefined) throw new Error('a ticket without a serial')
          ticket.fill(0)
          const { fault } = printer
          meet()
          const known = paper.get(serial) ?? { sent: 0, whole: false }
          const whole = fault !== 'torn' && fault !== 'power-cut-before'
          paper.set(serial, { sent: known.sent + 1, whole: known.whole || whole })
          if (fault === 'power-cut-before' || fault === 'power-cut-after') die(process)
          return fault === 'torn' || fault === 'unheard' ? 'doubtful' : 'printed'
        },
        close: () => undefined,
      }
    },
  }
  function meet(): void {
    if (printer.fault !== null) onFault(printer.fault)
    printer.fault = null
  }
  return printer
}
