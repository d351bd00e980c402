// Two centre programs on one database, each killed again and again while orders of its own wait, and a fleet of terminals
// that asks both. At the end no order was withheld, no balance overdrawn, no code given twice, and each decided its share.

import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readConfigFile } from '@scratchless/program/config-file'
import { type Place, untilFree } from '@scratchless/program/http/listen'
import { LOOPBACK } from '@scratchless/program/http/listener'
import { makeFolder } from '@scratchless/program/make-folder'
import { toDecimal } from '@scratchless/voucher/money'
import pg from 'pg'
import { auditMarket } from '../audit/audit-market.ts'
import { claimDataFolder } from '../demo/data-folder.ts'
import { freePorts } from '../demo/free-ports.ts'
import { mainOf } from '../demo/migrate-market.ts'
import { CENTRE, OPERATORS, productsOf } from '../demo/parties.ts'
import { passphraseOf } from '../demo/passphrases.ts'
import { type RunningProgram, startProgram } from '../demo/program.ts'
import { type Market, startMarket } from '../demo/start-market.ts'
import { seeded } from '../forgeries/seeded.ts'
import { enrolLightTerminals } from '../load/enrol-light-terminals.ts'
import type { FleetReport } from '../load/fleet.ts'
import { loadStock } from '../load/load-stock.ts'
import { type RunningFleet, startFleet } from '../load/start-fleet.ts'
import { processesOf } from './processes.ts'

export interface TwoCentresSize {
  readonly terminals: number
  readonly orders: number
  /** How often each centre is killed. */
  readonly kills: number
  /** Of all orders, what each centre must have decided. */
  readonly leastShare: number
}

export const ALL_OF_TWO_CENTRES: TwoCentresSize = {
  terminals: 64,
  orders: 10_000,
  kills: 10,
  leastShare: 0.3,
}

export interface TwoCentresResult {
  readonly ok: boolean
  readonly terminals: number
  readonly fleet: FleetReport
  /** By centre: how often it was killed, and how many orders waited for it then, at least. */
  readonly kills: readonly { readonly times: number; readonly leastWaiting: number }[]
  /** Share of all orders that each centre decided for certain. */
  readonly decided: readonly number[]
  readonly withheld: number
  readonly overdrafts: number
  readonly codesTwice: number
  /** What does not hold; empty where everything does. */
  readonly problems: readonly string[]
  readonly seconds: number
}

const PRODUCT = productsOf(OPERATORS[0]!).find(({ id }) => id === 'ATLAS-5')!
const CENTRES = ['centre', 'second'] as const
const TERMINALS_OF_SHOP = 4
const MOST_CODES = 8
const MEAN_CODES = (1 + MOST_CODES) / 2
const RETRIES_OF_100 = 10
const SEED = 20_261_125
/** One shop in so many can pay for half of what its terminals ask. */
const POOR_EVERY = 8
/** The centre's own discount of 4 %. */
const UNIT_PRICE_MINOR = (PRODUCT.publicPrice.amountMinor * 96n) / 100n

export async function runTwoCentres(
  dataDir: string,
  size: TwoCentresSize,
  say: (progress: string) => void,
): Promise<TwoCentresResult> {
  const startedMs = performance.now()
  const data = claimDataFolder(dataDir)
  if ('problem' in data) throw new Error(data.problem)
  const options = { databaseUrl: null, terminals: 0, unpaced: true, onPaper: () => undefined, say }
  let market: Market | null = null
  let second: RunningProgram | null = null
  let fleet: RunningFleet | null = null
  try {
    market = await startMarket(data, options)
    await loadStock(market, PRODUCT, Math.ceil(size.orders * MEAN_CODES * 1.2), say)
    const config = await writeSecondSettings(market)
    second = startProgram({
      name: 'second',
      module: mainOf(CENTRE.party),
      args: ['--config', config],
      logFile: data.path(CENTRE.party, 'second', 'program.log'),
      passphrase: passphraseOf(data, CENTRE.party),
    })
    await second.ready
    const centres = [framesOf(data.path(CENTRE.party, 'config.json')), framesOf(config)]
    say(`${size.terminals} terminals are enrolled`)
    const devices = await enrolLightTerminals(market, centres[0]!, shopsFor(size))
    say(`${size.orders} orders`)
    fleet = startFleet({
      ...{ devices, centres, product: PRODUCT.id, unitPrice: String(UNIT_PRICE_MINOR), orders: size.orders },
      ...{ leastCodes: 1, mostCodes: MOST_CODES, retriesOf100: RETRIES_OF_100, seed: SEED },
    })
    const kills = await killInTurn(fleet, centres, size, say)
    const report = await fleet.report
    const books = await readBooks(market)
    const problems = [...report.problems, ...books.problems]
    const lines = await auditMarket(data.dir)
    for (const { ok, invariant, name, detail } of lines)
      if (!ok) problems.push(`${invariant} ${name}: ${detail}`)
    if (report.orders !== size.orders) problems.push(`${report.orders} orders were answered`)
    if (report.codes !== books.codes)
      problems.push(`${report.codes} codes came to terminals, ${books.codes} were given`)
    for (const [at, { times }] of kills.entries())
      if (times < size.kills) problems.push(`${CENTRES[at]} was killed ${times} times`)
    const decided = report.decidedAlone.map((orders) => orders / report.orders)
    for (const [at, share] of decided.entries())
      if (share < size.leastShare)
        problems.push(`${CENTRES[at]} decided ${Math.round(100 * share)} % of the orders`)
    const { withheld, overdrafts, codesTwice } = books
    return {
      ok: problems.length === 0 && withheld + overdrafts + codesTwice === 0,
      ...{
        terminals: devices.length,
        fleet: report,
        kills,
        decided,
        withheld,
        overdrafts,
        codesTwice,
        problems,
      },
      seconds: Math.round((performance.now() - startedMs) / 1000),
    }
  } finally {
    fleet?.stop()
    await second?.stop()
    await market?.stop()
    data.release()
  }
}

/** The same settings, but for the folder of its own and where it listens. */
async function writeSecondSettings(market: Market): Promise<string> {
  const folder = market.data.path(CENTRE.party, 'second')
  makeFolder(folder, 0o700)
  const first = readConfigFile(market.data.path(CENTRE.party, 'config.json')) as object
  const [staff, partner, supply, frames] = await freePorts(4)
  const settings = {
    ...first,
    dataFolder: folder,
    // By the way that the accounts of its processes may go, whatever lies above.
    keysFolder: path.join('..', 'keys'),
    ...{ staffHttp: { port: staff }, partnerHttps: { port: partner } },
    ...{ supplyHttps: { port: supply }, frames: { port: frames } },
  }
  const config = path.join(folder, 'config.json')
  fs.writeFileSync(config, JSON.stringify(settings, null, 2), { mode: 0o600 })
  return config
}

function framesOf(config: string): Place {
  const { frames } = readConfigFile(config) as { frames: { port: number } }
  return { host: LOOPBACK, port: frames.port }
}

function shopsFor({ terminals, orders }: TwoCentresSize) {
  const shops = Math.ceil(terminals / TERMINALS_OF_SHOP)
  const asked = (orders / shops) * MEAN_CODES * Number(UNIT_PRICE_MINOR)
  return Array.from({ length: shops }, (_, index) => {
    const depositMinor = BigInt(Math.round(asked * (index % POOR_EVERY === 0 ? 1 / 2 : 4)))
    return {
      deposit: toDecimal({ ...PRODUCT.publicPrice, amountMinor: depositMinor }),
      terminals: Math.min(TERMINALS_OF_SHOP, terminals - index * TERMINALS_OF_SHOP),
    }
  })
}

/** One centre after the other, each while it is asked, over the whole of the fleet's work. */
async function killInTurn(
  fleet: RunningFleet,
  centres: readonly Place[],
  { orders, kills }: TwoCentresSize,
  say: (progress: string) => void,
): Promise<TwoCentresResult['kills']> {
  const choices = seeded(SEED)
  const killed = centres.map(() => ({ times: 0, leastWaiting: Number.POSITIVE_INFINITY }))
  let over = false
  const ended = () => {
    over = true
  }
  void fleet.report.then(ended, ended)
  for (let n = 0; n < kills * centres.length && !over; n++) {
    const at = n % centres.length
    const due = (orders * (n + 1)) / (kills * centres.length + 2)
    while (!over && (fleet.now()?.done ?? 0) < due) await sleep(LOOK_EVERY_MS)
    // It is there again since it was killed last, and somebody waits for it.
    while (!over && !(await listensAt(centres[at]!))) await sleep(LOOK_EVERY_MS)
    await sleep(choices.below(MOST_WAIT_MS))
    while (!over && (fleet.now()?.ordersAt[at] ?? 0) === 0) await sleep(LOOK_EVERY_MS)
    if (over) break
    const victims = processesOf(process.pid).filter(({ kind }) => kind.startsWith(`${CENTRES[at]}/`))
    const waiting = fleet.now()!.ordersAt[at]!
    for (const { pid } of victims) kill(pid)
    killed[at]!.times++
    killed[at]!.leastWaiting = Math.min(killed[at]!.leastWaiting, waiting)
    say(`${CENTRES[at]} is killed after ${fleet.now()!.done} orders, ${waiting} are waiting for it`)
  }
  return killed
}

const LOOK_EVERY_MS = 3
const MOST_WAIT_MS = 200

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function listensAt(place: Place): Promise<boolean> {
  return untilFree('frames', place, 0).then(
    () => false,
    () => true,
  )
}

/** What the centre's books say once all is quiet. */
async function readBooks(market: Market) {
  const client = new pg.Client({ connectionString: market.database.offices.get(CENTRE.party)!.books.auditor })
  await client.connect()
  const count = async (text: string) => Number((await client.query<{ n: string }>(text)).rows[0]!.n)
  try {
    const open = await count('SELECT count(*) AS n FROM supply_message WHERE answer IS NULL')
    return {
      codes: await count(`SELECT coalesce(sum(codes), 0) AS n FROM supply_order WHERE state <> 'withheld'`),
      withheld: await count(`SELECT count(*) AS n FROM supply_order WHERE state = 'withheld'`),
      overdrafts: await count(
        `SELECT count(*) AS n FROM account WHERE credit_line_minor IS NOT NULL
            AND debits_posted + debits_pending > credits_posted + credit_line_minor`,
      ),
      codesTwice: await count(
        `SELECT count(*) AS n FROM (
           SELECT first_serial < lag(first_serial + count) OVER (PARTITION BY operator ORDER BY first_serial) AS twice
             FROM supply_run) AS run WHERE twice`,
      ),
      problems: open === 0 ? [] : [`${open} orders have no answer`],
    }
  } finally {
    await client.end()
  }
}
