// For tests only: a till over a terminal's folder, in a process of its own, that sells once and is killed by SIGKILL
// at a named moment of the sale. Nothing of the program knows of it: each moment is found at the seam that the
// sale crosses there (printer, store, card). `node crash-while-selling.ts JSON`

import { createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileCardSlot } from '@scratchless/keys/card-slot'
import { LineFault } from '@scratchless/keys/pinned-client'
import { createLog } from '@scratchless/program/log'
import { systemRandom } from '@scratchless/voucher/random'
import { holdCard } from '../src/card/hold-card.ts'
import { salesIn } from '../src/sale/sale.sql.ts'
import type { SaleForm } from '../src/sale/sales-contract.ts'
import { doubtOpenIntents } from '../src/sale/settle-doubt.ts'
import { connectStore, type Store } from '../src/store/connect-store.ts'
import { terminalClock } from '../src/supply/terminal-clock.ts'
import { connectPrinter, type PrinterLink } from '../src/ticket/printer-link.ts'
import { openTill } from '../src/till/till.ts'
import type { VendorSession } from '../src/vendors/sessions.ts'
import { DEFAULT_PACE, vendorAtHisPace } from './card-pace.ts'
import { DEVICE_KEY, keysInMemory } from './keys-in-memory.ts'

/** In the order in which a sale passes them. */
export const CRASH_POINTS = [
  'printer-asked',
  'intent-saved',
  'card-asked',
  'code-opened',
  'first-byte',
  'half',
  'last-byte',
  'printed-saved',
] as const
export type CrashPoint = (typeof CRASH_POINTS)[number]

export interface CrashTask {
  readonly folder: string
  readonly printerPort: number
  readonly nowMs: number
  readonly pin: string
  readonly session: VendorSession
  readonly form: SaleForm
  /** Null: the sale ends, and what came of it goes to standard output. */
  readonly crashAt: CrashPoint | null
}

export interface CrashReport {
  /** Ticket numbers in doubt when the till opened. */
  readonly doubts: readonly number[]
  readonly outcome: unknown
}

/** What was given to the socket is on its way after this long. */
const SENT_WITHIN_MS = 30

if (import.meta.main) await run(JSON.parse(process.argv[2]!) as CrashTask)

async function run(task: CrashTask): Promise<void> {
  let selling = false
  const passing = (point: CrashPoint) => {
    if (selling && point === task.crashAt) process.kill(process.pid, 'SIGKILL')
  }
  const clockOfMachine = { nowMs: () => task.nowMs }
  const store = connectStore(join(task.folder, 'terminal.sqlite'))
  const clock = terminalClock(clockOfMachine, store)
  doubtOpenIntents({ store, clock })
  const doubts = salesIn(store, 'in_doubt').map(({ number }) => number)
  const verbs = holdCard({
    slot: fileCardSlot(join(task.folder, 'card')),
    openingsPerSecond: DEFAULT_PACE,
    steadyMs: vendorAtHisPace(),
  })
  const till = openTill({
    store: crashingStore(store, task.form, passing),
    log: createLog({ program: 'terminal', process: 'test', clock: clockOfMachine, level: 'silent' }),
    clock,
    random: systemRandom,
    deviceKeys: keysInMemory(createPrivateKey(readFileSync(join(task.folder, DEVICE_KEY)))),
    line: {
      ask: async () => {
        throw new LineFault('cut', new Error('no line in this test'))
      },
      close: () => undefined,
    },
    card: {
      state: async () => verbs.state(),
      givePin: async (argument) => verbs.givePin(argument),
      unwrapSafeKey: async (argument) => verbs.unwrapSafeKey(argument),
      async keyOfCode(argument) {
        const answer = await verbs.keyOfCode(argument)
        passing('card-asked')
        return answer
      },
      lock: async () => verbs.lock(),
    },
    printer: crashingPrinter(
      connectPrinter({ host: '127.0.0.1', port: task.printerPort }, () => undefined),
      task.crashAt,
      passing,
    ),
    locale: 'fr',
    columns: 32,
    minimumStock: 5,
  })
  await till.lookAtCard()
  while ((await till.printer.status()) !== 'ready') await sleep(5)
  await verbs.givePin({ pin: Buffer.from(task.pin) })
  till.sessions.start(task.session)
  selling = true
  const outcome = await till.sell(task.session, task.form)
  const report: CrashReport = { doubts, outcome: typeof outcome === 'string' ? outcome : outcome.state }
  process.stdout.write(`${JSON.stringify(report)}\n`)
  process.exit()
}

function crashingStore(store: Store, { saleId }: SaleForm, passing: (point: CrashPoint) => void): Store {
  return {
    ...store,
    transaction(work) {
      const result = store.transaction(work)
      const sale = store.statement('SELECT state FROM sale WHERE sale_id = ?').get(saleId)
      if (sale?.state === 'intent') passing('intent-saved')
      if (sale?.state === 'printed') passing('printed-saved')
      return result
    },
  }
}

function crashingPrinter(
  link: PrinterLink,
  crashAt: CrashPoint | null,
  passing: (point: CrashPoint) => void,
): PrinterLink {
  return {
    ...link,
    async status() {
      const status = await link.status()
      passing('printer-asked')
      return status
    },
    async print(ticket, marks, onMark) {
      passing('code-opened')
      const part = { 'first-byte': 1, half: Math.floor(ticket.length / 2) } as Record<string, number>
      const bytes = crashAt === null ? undefined : part[crashAt]
      if (bytes !== undefined) {
        void link.print(ticket.subarray(0, bytes), marks, onMark)
        await sleep(SENT_WITHIN_MS)
        passing(crashAt!)
      }
      const outcome = await link.print(ticket, marks, onMark)
      passing('last-byte')
      return outcome
    },
  }
}
