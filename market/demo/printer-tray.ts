// The emulated printer of one terminal, and what lies in its tray.

import fs from 'node:fs'
import path from 'node:path'
import { giveFolder, startedAsRoot } from '@scratchless/program/account'
import type { Place } from '@scratchless/program/http/listen'
import type { PrintedPaper } from '../printer/printer.ts'
import { type RunningProgram, startProgram } from './program.ts'

/** Ten lines a second: what a shop's receipt printer does. */
const SHOP_LINES_PER_SECOND = 10

export interface PrinterTray {
  readonly program: RunningProgram
  /** The whole (not torn) ticket with this number and serial, if the tray has one. Serials are an operator's own. */
  find(ticket: { readonly number: number; readonly serial: string }): TicketFiles | null
}

export interface TicketFiles {
  readonly picture: string
  readonly bytes: string
}

/** Starts the printer's process; `onPaper` is told of each ticket as it falls into the tray. */
export function startPrinterTray(options: {
  name: string
  /** Where it listens. */
  place: Place
  trayDir: string
  unpaced: boolean
  logFile: string
  /** Under which the printer runs, where we are root: the tray is its own. */
  account: number
  onPaper: (paper: PrintedPaper) => void
}): PrinterTray {
  giveFolder(options.trayDir, startedAsRoot() ? options.account : undefined)
  const settings = {
    ...options.place,
    trayDir: '.',
    linesPerSecond: options.unpaced ? null : SHOP_LINES_PER_SECOND,
  }
  const program = startProgram({
    name: `${options.name}'s printer`,
    module: path.join(import.meta.dirname, '..', 'printer', 'main.ts'),
    args: [JSON.stringify(settings)],
    // It works in its tray, which it reaches even where it may not pass through the folders above.
    cwd: options.trayDir,
    account: options.account,
    logFile: options.logFile,
    onMessage: ({ paper }: { paper: PrintedPaper }) => options.onPaper(paper),
  })
  return {
    program,
    find({ number, serial }) {
      const end = `-No${String(number).padStart(7, '0')}-${serial}.escpos`
      const name = fs.readdirSync(options.trayDir).findLast((file) => file.endsWith(end))
      if (!name) return null
      const bytes = path.join(options.trayDir, name)
      return { picture: bytes.replace(/escpos$/, 'svg'), bytes }
    },
  }
}
