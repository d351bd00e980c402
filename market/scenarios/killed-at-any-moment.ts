// kill -9 of any process of the market, or of all, at moments of a fixed seed: while a market is made, and then in a row
// on one data folder. After each: the books are audited as they lie, the next start completes, and they are audited
// again; no code is on two tickets, and the demo's vendor settles what is in doubt by looking into the printer's tray.

import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { auditMarket } from '../audit/audit-market.ts'
import { readTerminalFacts } from '../audit/terminal-facts.ts'
import { seeded } from '../forgeries/seeded.ts'
import { MOMENTS, type Moment, storeFileOf } from './moments.ts'
import { processesOf, processesOn } from './processes.ts'
import { type MarketRun, runMarket } from './run-market.ts'

export const SEED = 20_261_122
export const ALL_MOMENTS = 30

export interface Strike {
  readonly moment: number
  /** What was on its way: opening, import, restock, supply, receipt, sale. */
  readonly during: string
  /** Whether it still was when the killer struck. */
  readonly underWay: boolean
  /** What was killed. */
  readonly killed: string
  /** How the market that was struck ended: `ok`, `failed`, `killed`, or `stuck` and then killed. */
  readonly ended: string
  readonly doubts: number
  /** What does not hold; empty where everything does. */
  readonly problems: readonly string[]
  readonly seconds: number
}

/** Above what a market needs that lost one process and goes on. */
const STUCK_AFTER_MS = 45_000
/** How often a full story must strike while one and the same thing is under way. */
export const LEAST_UNDER_WAY = 3

/** Strikes `moments` times, one thing that is on its way after the other, and says each time what came of it. */
export async function killAtAnyMoment(
  storyDir: string,
  moments: number,
  onStrike: (strike: Strike) => void,
): Promise<Strike[]> {
  const choices = seeded(SEED)
  const strikes: Strike[] = []
  for (let number = 1; number <= moments; number++) {
    const startedMs = performance.now()
    const moment = MOMENTS[(number - 1) % MOMENTS.length]!({ dataDir: storyDir, seeded: choices, number })
    const round = Math.floor((number - 1) / MOMENTS.length)
    const victim = moment.victims[round % moment.victims.length]!
    const { dataDir } = moment
    const run = runMarket('--once', '--json', '--data', dataDir, ...moment.options)
    await moment.reached(run)
    await sleep(choices.below(moment.withinMs + 1))
    const { underWay, killed } = await strike(run, moment, victim)
    const ended = await endOf(run)

    // A market that was never open has no books yet.
    const hasBooks = dataDir === storyDir
    // Half of the time the next start comes at once, while what was left behind is still about to end.
    const waits = choices.chance(1 / 2)
    const problems = waits && hasBooks ? await brokenIn(dataDir, 'after the kill') : []
    const doubts = hasBooks ? doubtsIn(dataDir) : 0
    const next = runMarket('--once', '--json', '--data', dataDir, '--sell', '12', ...moment.kept)
    const code = await next.ended
    const result = next.result() as { ok?: boolean; problem?: string }
    if (code !== 0 || result.ok !== true)
      problems.push(`the next start ended with ${code}: ${result.problem ?? next.output.stderr.slice(-300)}`)
    problems.push(...(await brokenIn(dataDir, 'after the next start')), ...paperProblems(dataDir))
    if (problems.length === 0 && moment.leaves !== null)
      fs.rmSync(moment.leaves, { recursive: true, force: true })
    const seconds = Math.round((performance.now() - startedMs) / 100) / 10
    const told = { moment: number, during: moment.name, underWay, killed, ended, doubts, problems, seconds }
    strikes.push(told)
    onStrike(told)
  }
  return strikes
}

/** Kills `all`, or one kind of process. Says what was killed, and whether what it is about was still under way just before. */
async function strike(
  run: MarketRun,
  moment: Moment,
  victim: string,
): Promise<Pick<Strike, 'underWay' | 'killed'>> {
  if (run.process.exitCode !== null) return { underWay: false, killed: 'nothing: it had ended' }
  // Found first: to look at every process of the machine takes longer than some messages are on their way.
  const alive = processesOf(run.process.pid!)
  const isAll = victim === 'all'
  // Of several of one kind, the last started is at work most likely.
  const victims = isAll ? alive : alive.filter(({ kind }) => kind === victim).slice(-1)
  const underWay = await moment.underWay(run).catch(() => false)
  for (const { pid } of victims) kill(pid)
  if (victims.length === 0) return { underWay: false, killed: `nothing: no ${victim} was there` }
  return { underWay, killed: isAll ? `all ${alive.length} processes` : victim }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function endOf(run: MarketRun): Promise<string> {
  const stuck = sleep(STUCK_AFTER_MS, 'stuck' as const, { ref: false })
  const end = await Promise.race([run.ended, stuck])
  if (end === 'stuck') {
    for (const { pid } of processesOf(run.process.pid!)) kill(pid)
    await run.ended
    return 'stuck'
  }
  if (end === null) return 'killed'
  return end === 0 ? 'ok' : `failed: ${(run.result() as { problem?: string }).problem}`
}

async function brokenIn(dataDir: string, when: string): Promise<string[]> {
  try {
    const lines = await auditMarket(dataDir)
    return lines
      .filter(({ ok }) => !ok)
      .map(({ invariant, name, detail }) => `${when}: ${invariant} ${name}: ${detail}`)
  } catch (error) {
    return [`${when}: no audit: ${(error as Error).message}`]
  }
}

function doubtsIn(dataDir: string): number {
  if (!fs.existsSync(storeFileOf(dataDir))) return 0
  const { sales } = readTerminalFacts(storeFileOf(dataDir), new Date(0))
  return sales.filter(({ state }) => state === 'intent' || state === 'in_doubt').length
}

/** The paper against the books: no code on two tickets, each sale printed has its ticket, no doubt is left. */
function paperProblems(dataDir: string): string[] {
  const { sales } = readTerminalFacts(storeFileOf(dataDir), new Date(0))
  const papers = fs
    .readdirSync(path.join(dataDir, 'tickets'))
    .flatMap((name) => /-(No\d{7}-\d{12})\.escpos$/.exec(name)?.[1] ?? [])
  const times = Map.groupBy(papers, (paper) => paper)
  return [
    ...[...times].filter(([, all]) => all.length > 1).map(([paper]) => `${paper} came out twice`),
    ...sales
      .filter(({ state }) => state !== 'printed' && state !== 'damaged')
      .map(({ number, state }) => `sale ${number} is ${state} after the next start`),
    ...sales
      .filter(({ state, number, serial }) => (state === 'printed') !== times.has(paperOf(number, serial)))
      .map(
        ({ number, serial, state }) => `${paperOf(number, serial)} is ${state}, and its paper says otherwise`,
      ),
  ]
}

const paperOf = (number: number, serial: bigint) =>
  `No${String(number).padStart(7, '0')}-${String(serial).padStart(12, '0')}`

/** How long the programs of a market that is gone take to see it, at most. */
const LEFTOVERS_WITHIN_MS = 15_000

/** What still runs on the folder after a while; nothing should. */
export async function leftovers(dataDir: string): Promise<string[]> {
  const endMs = performance.now() + LEFTOVERS_WITHIN_MS
  for (;;) {
    const found = processesOn(dataDir)
    if (found.length === 0 || performance.now() > endMs) return found.map(({ kind }) => kind)
    await sleep(50)
  }
}
