// One seed: some fifty operations of the three parties while everything that can go wrong does, a look at every
// invariant after each, and at the end, once faults have stopped, agreement within ten exchanges.

import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { postOnce } from '@scratchless/ledger/post-transfers'
import { bookingAt } from '@scratchless/office/calendar/booking'
import { inTransaction } from '@scratchless/office/database/database'
import { PrivateLineLost } from '@scratchless/program/private-line'
import type { Clock } from '@scratchless/voucher/clock'
import type { Random } from '@scratchless/voucher/random'
import { DEPOT } from '../../centre/testing/main-depot.ts'
import { depositOf } from '../../centre/testing/people.ts'
import { UNIT_PRICE_MINOR } from '../../voucher/testing/example-product.ts'
import { seeded } from '../forgeries/seeded.ts'
import { type BaseWorld, START_MS } from './base-world.ts'
import { chanceOf, type FaultCounts } from './faults.ts'
import { exchange, type OperationEntry, pickOperation, type World } from './operations.ts'
import type { PlantedBug } from './planted-bugs.ts'
import { deliveryWay, lineOf, orderWay, postBy, supplyWay, type Way } from './sim-lines.ts'
import { type MeetingPlace, type SimCentre, startCentre, startOperator } from './sim-offices.ts'
import { newPrinter } from './sim-printer.ts'
import { Crash, type SimProcess } from './sim-process.ts'
import { newTerminal, type SimTerminal } from './sim-terminal.ts'
import { newWitness, type Violation } from './witness.ts'

const OPERATIONS = 50
const FIRST_RESTOCK = 60
const FIRST_ORDER = 4
/** More than a till has to say on an ordinary morning. */
const MORNING_EXCHANGES = 20
/** Once faults have stopped. */
const MOST_EXCHANGES = 10
const CRASH_SHARE = 0.3
const MOST_WRITES_AHEAD = 3
const SECOND_MS = 1_000
const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g
/** Longer than every pause that the terminal makes between two requests. */
const REST_MS = 35 * SECOND_MS

export interface SeedResult {
  readonly seed: number
  readonly operations: number
  readonly faults: FaultCounts
  /** Certificates that terminals renewed. */
  readonly renewals: number
  readonly violations: readonly Violation[]
  readonly trace: readonly string[]
}

/** An ordinary morning, before anything goes wrong: the centre has stock, and both tills have some codes. */
async function startShop(world: World): Promise<void> {
  const { operator, orders, deliveries, terminals, chance } = world
  const [centre] = world.centres as [SimCentre]
  chance.faultsOn = false
  await centre.orderRestock(FIRST_RESTOCK)
  await centre.turnOutbox(postBy(orders))
  await operator.closeNextDelivery()
  await operator.turnOutbox(postBy(deliveries))
  for (const terminal of terminals) {
    for (const ordered of [false, true]) {
      if (ordered) terminal.order(FIRST_ORDER)
      // A centre that forgets what it answered is asked the same for ever.
      for (let n = 0; n < MORNING_EXCHANGES && (await exchange(terminal)).endsWith('taken'); n++);
    }
  }
  chance.faultsOn = true
}

/** Sets one process that has to do with it to die at one of its next durable writes. */
function armCrash(
  { chance, centres, operator, terminals }: World,
  concerned: OperationEntry[3],
): SimProcess | null {
  const tills = terminals.map((terminal) => terminal.process())
  const [apis, vaults] = [centres.map((centre) => centre.api()), centres.map((centre) => centre.vault())]
  const processes = {
    supply: [...tills, ...apis, ...apis, ...vaults],
    restock: [chance.pick(apis), chance.pick(vaults), operator.api(), operator.vault()],
    till: tills,
    nobody: [],
  }[concerned]
  if (processes.length === 0) return null
  const process = chance.pick(processes)
  process.crashAt = {
    write: 1 + chance.below(MOST_WRITES_AHEAD),
    when: chance.chance(0.5) ? 'before' : 'after',
  }
  return process
}

async function runOperation(world: World): Promise<void> {
  const { chance, witness, terminals } = world
  const [, name, operation, concerned] = pickOperation(chance)
  const armed = chance.chance(CRASH_SHARE) ? armCrash(world, concerned) : null
  const point = armed?.crashAt
  let verdict: string
  try {
    verdict = await operation(world)
  } catch (problem) {
    if (!(problem instanceof Crash || problem instanceof PrivateLineLost)) {
      const text = problem instanceof Error ? (problem.stack ?? problem.message) : String(problem)
      witness.say('fault', `${name}: ${text}`)
    }
    verdict = problem instanceof Error ? problem.name : 'thrown'
  }
  if (armed !== null) {
    armed.crashAt = null
    if (!armed.alive) chance.note('crash', `${armed.name} ${point!.when} write ${point!.write}`)
  }
  for (const terminal of terminals) {
    terminal.printer.fault = null
    if (!terminal.process().alive) terminal.start()
  }
  chance.trace.push(`${name}: ${verdict}`)
}

/** Faults have stopped: everything that is under way comes to its end, within ten exchanges of each asker. */
async function comeToRest(world: World): Promise<void> {
  const { chance, witness, operator, terminals, supply, orders, deliveries } = world
  const [centre] = world.centres as [SimCentre]
  chance.faultsOn = false
  for (const way of [...supply, orders, deliveries]) {
    way.cut(0)
    await way.flush()
  }
  for (const terminal of terminals) terminal.settleDoubts()
  for (const [index, terminal] of terminals.entries()) {
    const before = supply[index]!.exchanges()
    for (let idle = false; !idle; ) {
      world.pass(REST_MS)
      idle = (await exchange(terminal)).endsWith('nothing-to-ask')
      if (supply[index]!.exchanges() - before > MOST_EXCHANGES) {
        witness.say('agreement', `${terminal.id} is not at rest after ${MOST_EXCHANGES} exchanges`)
        break
      }
    }
  }
  const turns = [
    [orders, () => centre.turnOutbox(postBy(orders))],
    [null, () => operator.closeNextDelivery()],
    [deliveries, () => operator.turnOutbox(postBy(deliveries))],
  ] as const
  for (const [way, turn] of turns) {
    // A message that is answered is one exchange; only those that are not count against the ten.
    for (let failures = 0; failures <= MOST_EXCHANGES; ) {
      const done = await turn()
      if (done === null) break
      if (!done.endsWith('answered') || done.includes('not answered')) failures += way === null ? 0 : 1
    }
  }
}

export async function runSeed(
  base: BaseWorld,
  seed: number,
  bug: PlantedBug | null = null,
  operations = OPERATIONS,
): Promise<SeedResult> {
  const chance = chanceOf(seed)
  const random = randomOf(seed)
  const folder = mkdtempSync(join(base.folder, 'seed-'))
  const databases = await base.freshDatabases()
  let nowMs = START_MS
  const offsetsMs = [0, 0, ...base.terminals.map(() => 0)]
  const clockOf = (party: number): Clock => ({ nowMs: () => nowMs + offsetsMs[party]! })
  if (bug?.prepare) await bug.prepare(databases.centre.pool('owner'))
  const office = { base, random, hook: bug?.statement ?? null }
  const meeting: MeetingPlace = { current: null }
  const atCentre = { ...office, database: databases.centre, clock: clockOf(0) }
  const centres = [await startCentre(atCentre, meeting), await startCentre(atCentre, meeting)]
  const either = () => chance.pick(centres)
  const operator = await startOperator({ ...office, database: databases.operator, clock: clockOf(1) })
  const terminals: SimTerminal[] = []
  const supply: Way[] = []
  const witnessed = () => witness
  for (const [index, one] of base.terminals.entries()) {
    const terminal = () => terminals[index]!
    supply.push(supplyWay(chance, witnessed, terminal, either, one.id))
    terminals.push(
      newTerminal({
        ...{ base: one, folder, random, bug, log: base.log, clock: clockOf(2 + index) },
        printer: newPrinter((fault) => chance.note('printer', `${one.id} ${fault}`)),
        line: lineOf(() => supply[index]!, witnessed, terminal),
      }),
    )
  }
  const witness = newWitness({
    terminals,
    ...{ centre: databases.centre, operator: databases.operator },
    writes: () => ({
      centre: centres.reduce((sum, centre) => sum + centre.writes(), 0),
      operator: operator.writes(),
    }),
  })
  let deposits = 0
  const world: World = {
    ...{ base, chance, witness, centres, meeting, operator, terminals, supply },
    monthsPassed: false,
    orders: orderWay(chance, witnessed, () => operator),
    deliveries: deliveryWay(chance, witnessed, either),
    presses: [],
    pass(ms) {
      nowMs += ms
    },
    jump(party, ms) {
      offsetsMs[party]! += ms
    },
    async deposit(codes) {
      const transfer = depositOf(base.retailer, `${++deposits}`, codes * UNIT_PRICE_MINOR)
      await inTransaction(databases.centre.pool('api'), (sql) =>
        postOnce(sql, DEPOT, transfer, bookingAt(new Date(nowMs), 'UTC')),
      )
    },
  }
  let [done, renewals] = [0, 0]
  try {
    await startShop(world).catch((problem: unknown) => witness.say('fault', `opening: ${problem}`))
    await witness.look()
    while (done < operations && !witness.violations.some(({ invariant }) => invariant !== 'fault')) {
      nowMs += SECOND_MS + chance.below(30 * SECOND_MS)
      await runOperation(world)
      done++
      await witness.look()
    }
    if (done === operations) {
      await comeToRest(world)
      await witness.look()
      await witness.agree()
    }
    for (const { committed } of terminals)
      renewals += committed.statement('SELECT count(*) AS n FROM earlier_identity').get()!.n as number
  } finally {
    for (const terminal of terminals) terminal.close()
    await bug?.undo?.(databases.centre.pool('owner'))
    rmSync(folder, { recursive: true, force: true })
  }
  const { violations } = witness
  // Ids that a vault's worker thread makes are not the seed's.
  for (const { invariant, what } of violations)
    chance.trace.push(`violation of ${invariant}: ${what.replace(UUID, '…')}`)
  return { seed, operations: done, faults: chance.counts, renewals, violations, trace: chance.trace }
}

/** Bytes for ids and keys of the simulation alone. */
function randomOf(seed: number): Random {
  const bytes = seeded(seed ^ 0x5eed)
  return {
    fill(target) {
      for (let i = 0; i < target.length; i++) target[i] = bytes.below(256)
    },
  }
}
