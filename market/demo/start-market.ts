// Starts every program of the market, each as in production, and has them stop together.

import path from 'node:path'
import { createPool } from '@scratchless/office/database/database'
import { addStaff } from '@scratchless/office/staff/staff'
import { startedAsRoot } from '@scratchless/program/account'
import { untilFree } from '@scratchless/program/http/listen'
import { readableByAll } from '@scratchless/program/readable-code'
import type { PrintedPaper } from '../printer/printer.ts'
import { holdCeremony, type MarketSettings } from './ceremony.ts'
import type { DataFolder } from './data-folder.ts'
import { type MarketDatabase, startMarketDatabase } from './database.ts'
import type { HttpPerson } from './http-person.ts'
import { listenersOf, printerOf, type Screen, screenOf } from './listeners.ts'
import { assertMoved, mainOf } from './migrate-market.ts'
import { passphraseOf } from './passphrases.ts'
import { type PrinterTray, startPrinterTray } from './printer-tray.ts'
import { type RunningProgram, startProgram } from './program.ts'
import { buildTouchScreen } from './touch-build.ts'

const root = path.dirname(path.dirname(import.meta.dirname))

/** The demo's staff, the same at each office. Printed with the addresses: this is a demo on this machine. */
export const STAFF = {
  signInName: 'demo',
  fullName: 'Demo',
  password: 'demo-demo-demo',
  roles: ['stock', 'support', 'finance', 'approver', 'security', 'administrator'],
}

export interface MarketOffice {
  readonly party: string
  readonly address: string
  readonly staff: HttpPerson
}

export interface MarketTerminal extends Screen {
  readonly name: string
  readonly dataFolder: string
  readonly tray: PrinterTray
  /** Somebody pulls its plug for a while; its printer stays. */
  switchOff(): Promise<void>
  switchOn(): Promise<void>
}

export interface Market {
  readonly data: DataFolder
  readonly database: MarketDatabase
  readonly settings: MarketSettings
  readonly offices: ReadonlyMap<string, MarketOffice>
  readonly terminals: readonly MarketTerminal[]
  /** Rejects when a program ended for good while the market was open. */
  stop(): Promise<void>
}

export interface MarketOptions {
  readonly databaseUrl: string | null
  readonly terminals: number
  readonly unpaced: boolean
  readonly onPaper: (paper: PrintedPaper) => void
  /** Says what is being done, for whoever waits. */
  readonly say: (progress: string) => void
  /** For terminals whose store is damaged. Default: none begins anew. */
  readonly beginAnew?: boolean
  /** Changes settings before the programs start: a bench puts a line of its own between terminal and centre. */
  readonly adjust?: (settings: MarketSettings) => Promise<void>
}

/** Opens the market on a data folder. Rejects with one sentence, having stopped what it started. */
export async function startMarket(data: DataFolder, options: MarketOptions): Promise<Market> {
  const { say } = options
  const running: RunningProgram[] = []
  let database: MarketDatabase | null = null

  async function stop() {
    // Terminals first: what they are about to send still finds somebody.
    await Promise.all(running.map((program) => program.stop()))
    await database?.stop()
  }

  const screen = buildTouchScreen()
  // Heard below, with the database's own problems first.
  screen.catch(() => undefined)
  try {
    say('database')
    database = await startMarketDatabase(data, options.databaseUrl)
    await assertMoved(data, database)
    say('keys and settings')
    const settings = await holdCeremony(data, database.offices, options.terminals)
    await options.adjust?.(settings)
    await assertPortsFree(settings)
    await screen

    say('programs')
    // Where they need a copy that their accounts may read, it is made before all of them want it.
    if (startedAsRoot()) readableByAll(import.meta.filename)
    const office = ({ party, config }: { party: string; config: string }) =>
      start(data, party, mainOf(party), config)
    const terminals = settings.terminals.map(({ name, config, printerAccount }) => {
      const tray = startPrinterTray({
        name,
        place: printerOf(config),
        trayDir: settings.terminals.length === 1 ? data.path('tickets') : data.path('tickets', name),
        unpaced: options.unpaced,
        logFile: data.path(name, 'printer.log'),
        account: printerAccount,
        onPaper: options.onPaper,
      })
      running.push(tray.program)
      const more = options.beginAnew ? ['--begin-anew'] : []
      const begin = () => {
        const begun = start(data, name, path.join(root, 'terminal', 'src', 'main.ts'), config, more)
        running.push(begun)
        return begun
      }
      let program = begin()
      const terminal: MarketTerminal = {
        name,
        ...screenOf(config, 'http'),
        dataFolder: data.path(name),
        tray,
        switchOff: () => program.stop(),
        async switchOn() {
          program = begin()
          await program.ready
        },
      }
      return terminal
    })
    running.push(...settings.offices.map(office))
    await allReady(running, data)

    const offices = new Map<string, MarketOffice>()
    for (const { party, config } of settings.offices) {
      await hireStaff(database.offices.get(party)!.books.owner)
      const screen = screenOf(config, 'staffHttp')
      const staff = screen.visit()
      await staff.post('/api/sign-in', { signInName: STAFF.signInName, password: STAFF.password })
      offices.set(party, { party, address: screen.address, staff })
    }
    return { data, database, settings, offices, terminals, stop }
  } catch (error) {
    await Promise.allSettled([stop(), screen])
    throw error
  }
}

/** Above what a slow machine needs for the first start of all programs. */
const READY_WITHIN_MS = 60_000

async function allReady(programs: readonly RunningProgram[], data: DataFolder): Promise<void> {
  const waiting = new Set(programs)
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const names = [...waiting].map(({ name }) => name).join(', ')
    reject(
      new Error(
        `Not ready within ${READY_WITHIN_MS / 1000} s: ${names}. Their program.log below ${data.dir} says why.`,
      ),
    )
  }, READY_WITHIN_MS)
  try {
    await Promise.race([
      Promise.all(programs.map((program) => program.ready.then(() => waiting.delete(program)))),
      late,
    ])
  } finally {
    clearTimeout(timer)
  }
}

function start(
  data: DataFolder,
  name: string,
  module: string,
  config: string,
  more: readonly string[] = [],
): RunningProgram {
  return startProgram({
    name,
    module,
    args: ['--config', config, ...more],
    logFile: data.path(name, 'program.log'),
    passphrase: passphraseOf(data, name),
  })
}

/** The office's first member of staff is added where the office is installed; everybody else through its screens. */
async function hireStaff(ownerUrl: string): Promise<void> {
  const pool = createPool({ url: ownerUrl, name: 'installation', max: 1 })
  try {
    const { rowCount } = await pool.query('SELECT FROM staff WHERE sign_in_name = $1', [STAFF.signInName])
    if (rowCount === 0) await addStaff({ pool }, STAFF)
  } finally {
    await pool.end()
  }
}

/** Above what a program takes to stop once its starter is gone. */
const LEFT_WITHIN_MS = 6_000

async function assertPortsFree(settings: MarketSettings): Promise<void> {
  const untilMs = performance.now() + LEFT_WITHIN_MS
  // The programs of a market that was killed see it and stop; a start that comes at once waits for them.
  for (const { setting, ...place } of listenersOf(settings))
    await untilFree(setting, place, Math.max(0, untilMs - performance.now()))
}
