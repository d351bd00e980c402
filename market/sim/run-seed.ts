// One seed: some fifty operations of the three parties while everything that can go wrong does, a look at every
// invariant after each, and at the end, once faults have stopped, agreement within ten exchanges.

import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DEPOT } from '@scratchless/centre/settings'
import { LineFault } from '@scratchless/keys/pinned-client'
import { postOnce } from '@scratchless/ledger/post-transfers'
import { bookingAt } from '@scratchless/office/calendar/booking'
import { inTransaction } from '@scratchless/office/database/database'
import { PrivateLineLost } from '@scratchless/program/private-line'
import type { Clock } from '@scratchless/voucher/clock'
import type { Random } from '@scratchless/voucher/random'
import { depositOf } from '../../centre/testing/people.ts'
import { UNIT_PRICE_MINOR } from '../../voucher/testing/example-product.ts'
import { seeded } from '../forgeries/seeded.ts'
import { type BaseWorld, START_MS } from './base-world.ts'
import { type Chance, chanceOf, type FaultCounts } from './faults.ts'
import type { PlantedBug } from './planted-bugs.ts'
import { deliveryWay, lineOf, orderWay, postBy, supplyWay, type Way } from './sim-lines.ts'
import { type SimCentre, type SimOperator, startCentre, startOperator } from './sim-offices.ts'
import { newPrinter, PRINTER_FAULTS } from './sim-printer.ts'
import { Crash, type SimProcess } from './sim-process.ts'
import { newTerminal, type SimTerminal } from './sim-terminal.ts'
import { newWitness, type Violation, type Witness } from './witness.ts'

const OPERATIONS = 50
const FIRST_RESTOCK = 60
const FIRST_ORDER = 4
/** Serials from an office's first one on. */
const HELD_WITHIN = 150
const HELD_AT_ONCE = 30
/** What a till has to say before it comes to a new order: a receipt, a letter, a report. */
const TURNS_BEFORE = 5
/** More than a till has to say on an ordinary morning. */
const MORNING_EXCHANGES = 20
/** Once faults have stopped. */
const MOST_EXCHANGES = 10
const CRASH_SHARE = 0.3
const MOST_WRITES_AHEAD = 3
const SECOND_MS = 1_000
const HOUR_MS = 3_600_000
const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g
/** Longer than every pause that the terminal makes between two requests. */
const REST_MS = 35 * SECOND_MS

export interface SeedResult {
  readonly seed: number
  readonly operations: number
  readonly faults: FaultCounts
  readonly violations: readonly Violation[]
  readonly trace: readonly string[]
}

interface World {
  readonly base: BaseWorld
  readonly chance: Chance
  readonly witness: Witness
  readonly centre: SimCentre
  readonly operator: SimOperator
  readonly terminals: readonly SimTerminal[]
  readonly supply: readonly Way[]
  readonly orders: Way
  readonly deliveries: Way
  readonly presses: string[]
  /** Passes time for everybody. */
  pass(ms: number): void
  /** One party's clock jumps. */
  jump(party: number, ms: number): void
  deposit(codes: bigint): Promise<void>
}

type Operation = (world: World) => Promise<string>

/** Weight, name, what is done, and the processes that may die of it. */
type OperationEntry = readonly [number, string, Operation, 'supply' | 'restock' | 'till' | 'nobody']
const OPERATION_WEIGHTS: readonly OperationEntry[] = [
  [22, 'exchange', (world) => exchange(pickTerminal(world)), 'supply'],
  [8, 'supply order', async (world) => pickTerminal(world).order(1 + world.chance.below(6)), 'till'],
  [18, 'press', press, 'till'],
  [3, 'press again', pressAgain, 'till'],
  [4, 'settle doubts', async (world) => `${pickTerminal(world).settleDoubts()}`, 'till'],
  // Started again while one of two stands still, the centre would wait for what that one has locked.
  [9, 'two orders at once', twoOrders, 'nobody'],
  [22, 'restock', restock, 'restock'],
  [4, 'deposit', deposit, 'nobody'],
  [4, 'clock jump', clockJump, 'nobody'],
  [3, 'partition', partition, 'nobody'],
  [5, 'replay', replay, 'nobody'],
  [2, 'late arrivals', async (world) => `${await pickWay(world).flush()}`, 'nobody'],
  [4, 'hold or release', holdOrRelease, 'nobody'],
  [2, 'settle overdue', async ({ centre }) => `${await centre.settleOverdue()}`, 'supply'],
  [2, 'power cut', powerCut, 'nobody'],
]
const WEIGHTS = OPERATION_WEIGHTS.reduce((sum, [weight]) => sum + weight, 0)

const pickTerminal = ({ chance, terminals }: World) => chance.pick(terminals)
const pickWay = ({ chance, supply, orders, deliveries }: World) =>
  chance.pick([...supply, ...supply, orders, deliveries])

async function exchange(terminal: SimTerminal): Promise<string> {
  try {
    return `${terminal.id} ${await terminal.turn()}`
  } catch (problem) {
    if (problem instanceof LineFault) return `${terminal.id} ${problem.message}`
    throw problem
  }
}

async function press(world: World): Promise<string> {
  const { chance, presses } = world
  const terminal = pickTerminal(world)
  if (chance.faultsOn && chance.chance(0.2)) terminal.printer.fault = chance.pick(PRINTER_FAULTS)
  const saleId = `${terminal.id}-${presses.length}`
  presses.push(saleId)
  return `${terminal.id} ${await terminal.press(saleId)}`
}

async function pressAgain({ chance, presses, terminals }: World): Promise<string> {
  if (presses.length === 0) return 'no press yet'
  const saleId = chance.pick(presses)
  const terminal = terminals.find(({ id }) => saleId.startsWith(`${id}-`))!
  return `${saleId} ${await terminal.press(saleId)}`
}

/** Both tills of the shop order at the same moment: the second while the first one's group is being decided. */
async function twoOrders(world: World): Promise<string> {
  const [first, second] = world.terminals
  for (const terminal of world.terminals)
    for (let turns = 0; turns < TURNS_BEFORE && (await exchange(terminal)).endsWith('taken'); turns++);
  // What is held back would arrive with one of the two and meet the other in its place.
  for (const way of world.supply) await way.flush()
  const ordered = [first!.order(2 + world.chance.below(8)), second!.order(2 + world.chance.below(8))]
  const both = await world.centre.meetAtAccounts(
    () => exchange(first!),
    () => exchange(second!),
  )
  return [...ordered, ...both].join(', ')
}

/** The next step of what is under way between centre and operator; where nothing is, a new order. */
async function restock({ centre, operator, orders, deliveries, chance }: World): Promise<string> {
  const steps = [
    () => centre.turnOutbox(postBy(orders)),
    () => operator.closeNextDelivery(),
    () => operator.turnOutbox(postBy(deliveries)),
  ]
  const from = chance.below(steps.length)
  for (const step of [...steps.slice(from), ...steps.slice(0, from)]) {
    const done = await step()
    if (done !== null) return done
  }
  return centre.orderRestock(10 + chance.below(60))
}

async function deposit(world: World): Promise<string> {
  const codes = BigInt(1 + world.chance.below(15))
  await world.deposit(codes)
  return `for ${codes} codes`
}

/** Offices' clocks only go forward, as those of watched machines do; a shop's goes anywhere. */
async function clockJump({ chance, jump }: World): Promise<string> {
  const party = chance.below(4)
  const hours = party < 2 ? 1 + chance.below(60) : chance.below(144) - 60
  jump(party, hours * HOUR_MS + chance.below(60) * SECOND_MS)
  const what = `party ${party} by ${hours} h`
  chance.note('clock-jump', what)
  return what
}

async function partition(world: World): Promise<string> {
  const exchanges = 1 + world.chance.below(4)
  pickWay(world).cut(exchanges)
  return `${exchanges}`
}

/** Codes that are held at either office are supplied to nobody until they are let go; what is given stays given. */
async function holdOrRelease({ chance, centre, operator }: World): Promise<string> {
  const office = chance.pick([centre, operator])
  const act = chance.pick(['hold', 'release'] as const)
  const [from, count] = [chance.below(HELD_WITHIN), 1 + chance.below(HELD_AT_ONCE)]
  return `${act} ${await office.holdOrRelease(act, from, count)} of ${count} at the ${office === centre ? 'centre' : 'operator'}`
}

async function replay(world: World): Promise<string> {
  return (await pickWay(world).replay()) ? 'replayed' : 'nothing was sent yet'
}

async function powerCut(world: World): Promise<string> {
  const { chance, centre, operator, terminals } = world
  const party = chance.below(2 + terminals.length)
  if (party === 0) await centre.restart()
  else if (party === 1) await operator.restart()
  else terminals[party - 2]!.start()
  const what = `party ${party} between two operations`
  chance.note('crash', what)
  return what
}

/** An ordinary morning, before anything goes wrong: the centre has stock, and both tills have some codes. */
async function startShop({ centre, operator, orders, deliveries, terminals, chance }: World): Promise<void> {
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

function pickOperation(chance: Chance): OperationEntry {
  let at = chance.below(WEIGHTS)
  return OPERATION_WEIGHTS.find(([weight]) => {
    at -= weight
    return at < 0
  })!
}

/** Sets one process that has to do with it to die at one of its next durable writes. */
function armCrash(
  { chance, centre, operator, terminals }: World,
  concerned: OperationEntry[3],
): SimProcess | null {
  const tills = terminals.map((terminal) => terminal.process())
  const processes = {
    supply: [...tills, centre.api(), centre.api(), centre.vault()],
    restock: [centre.api(), centre.vault(), operator.api(), operator.vault()],
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
  const { chance, witness, centre, operator, terminals, supply, orders, deliveries } = world
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
  const centre = await startCentre({ ...office, database: databases.centre, clock: clockOf(0) })
  const operator = await startOperator({ ...office, database: databases.operator, clock: clockOf(1) })
  const terminals: SimTerminal[] = []
  const supply: Way[] = []
  const witnessed = () => witness
  for (const [index, one] of base.terminals.entries()) {
    const terminal = () => terminals[index]!
    supply.push(supplyWay(chance, witnessed, terminal, () => centre, one.id))
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
    writes: () => ({ centre: centre.writes(), operator: operator.writes() }),
  })
  let deposits = 0
  const world: World = {
    ...{ base, chance, witness, centre, operator, terminals, supply },
    orders: orderWay(chance, witnessed, () => operator),
    deliveries: deliveryWay(chance, witnessed, () => centre),
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
  let done = 0
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
  } finally {
    for (const terminal of terminals) terminal.close()
    await bug?.undo?.(databases.centre.pool('owner'))
    rmSync(folder, { recursive: true, force: true })
  }
  const { violations } = witness
  // Ids that a vault's worker thread makes are not the seed's.
  for (const { invariant, what } of violations)
    chance.trace.push(`violation of ${invariant}: ${what.replace(UUID, '…')}`)
  return { seed, operations: done, faults: chance.counts, violations, trace: chance.trace }
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
