// What the three parties do in a seed, how often, and which of their processes may die of it.

import { LineFault } from '@scratchless/keys/pinned-client'
import type { BaseWorld } from './base-world.ts'
import type { Chance } from './faults.ts'
import { postBy, type Way } from './sim-lines.ts'
import { type MeetingPlace, meetAtAccounts, type SimCentre, type SimOperator } from './sim-offices.ts'
import { PRINTER_FAULTS } from './sim-printer.ts'
import type { SimTerminal } from './sim-terminal.ts'
import type { Witness } from './witness.ts'

/** Serials from an office's first one on. */
const HELD_WITHIN = 150
const HELD_AT_ONCE = 30
/** What a till has to say before it comes to a new order: a receipt, a letter, a report. */
const TURNS_BEFORE = 5
const SECOND_MS = 1_000
const HOUR_MS = 3_600_000
/** A terminal asks for its next certificate 30 days before the end of the one of 90; clocks jump by days besides. */
const MONTHS_MS = 64 * 24 * HOUR_MS

export interface World {
  readonly base: BaseWorld
  readonly chance: Chance
  readonly witness: Witness
  /** Two processes on one database; whoever asks comes to either. */
  readonly centres: readonly SimCentre[]
  readonly meeting: MeetingPlace
  readonly operator: SimOperator
  readonly terminals: readonly SimTerminal[]
  readonly supply: readonly Way[]
  readonly orders: Way
  readonly deliveries: Way
  readonly presses: string[]
  /** Passes time for everybody. */
  pass(ms: number): void
  /** Once in a seed. */
  monthsPassed: boolean
  /** One party's clock jumps. */
  jump(party: number, ms: number): void
  deposit(codes: bigint): Promise<void>
}

type Operation = (world: World) => Promise<string>

/** Weight, name, what is done, and the processes that may die of it. */
export type OperationEntry = readonly [number, string, Operation, 'supply' | 'restock' | 'till' | 'nobody']
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
  [2, 'settle overdue', async (world) => `${await pickCentre(world).settleOverdue()}`, 'supply'],
  [3, 'price', setPrice, 'supply'],
  [3, 'activation', activate, 'restock'],
  [1, 'months pass', passMonths, 'nobody'],
  [2, 'power cut', powerCut, 'nobody'],
]
const WEIGHTS = OPERATION_WEIGHTS.reduce((sum, [weight]) => sum + weight, 0)

const pickCentre = ({ chance, centres }: World) => chance.pick(centres)
const pickTerminal = ({ chance, terminals }: World) => chance.pick(terminals)
const pickWay = ({ chance, supply, orders, deliveries }: World) =>
  chance.pick([...supply, ...supply, orders, deliveries])

export async function exchange(terminal: SimTerminal): Promise<string> {
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
  const both = await meetAtAccounts(
    world.meeting,
    () => exchange(first!),
    () => exchange(second!),
  )
  return [...ordered, ...both].join(', ')
}

/** The next step of what is under way between centre and operator; where nothing is, a new order. */
async function restock(world: World): Promise<string> {
  const { operator, orders, deliveries, chance } = world
  const centre = pickCentre(world)
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
async function holdOrRelease(world: World): Promise<string> {
  const { chance, operator } = world
  const office = chance.pick([pickCentre(world), operator])
  const act = chance.pick(['hold', 'release'] as const)
  const [from, count] = [chance.below(HELD_WITHIN), 1 + chance.below(HELD_AT_ONCE)]
  return `${act} ${await office.holdOrRelease(act, from, count)} of ${count} at the ${office === operator ? 'operator' : 'centre'}`
}

/** From now on, a little more or less; what a terminal asks at the old one is refused until it knows. */
async function setPrice(world: World): Promise<string> {
  return pickCentre(world).setPrice(BigInt(world.chance.below(9) - 4) * 50n)
}

/** The second lot sleeps: codes of it that were delivered are supplied once they, or all of it, wake. */
async function activate({ chance, operator }: World): Promise<string> {
  return operator.activate(chance.below(8), chance.chance(0.3) ? null : 1 + chance.below(40))
}

/** Everybody's time: certificates near their end, leases and epochs are over, and so is what was pending. */
async function passMonths(world: World): Promise<string> {
  if (world.monthsPassed) return 'not again'
  world.monthsPassed = true
  world.pass(MONTHS_MS)
  return `${MONTHS_MS / HOUR_MS} hours`
}

async function replay(world: World): Promise<string> {
  return (await pickWay(world).replay()) ? 'replayed' : 'nothing was sent yet'
}

async function powerCut(world: World): Promise<string> {
  const { chance, operator, terminals } = world
  const party = chance.below(2 + terminals.length)
  if (party === 0) await pickCentre(world).restart()
  else if (party === 1) await operator.restart()
  else terminals[party - 2]!.start()
  const what = `party ${party} between two operations`
  chance.note('crash', what)
  return what
}

export function pickOperation(chance: Chance): OperationEntry {
  let at = chance.below(WEIGHTS)
  return OPERATION_WEIGHTS.find(([weight]) => {
    at -= weight
    return at < 0
  })!
}
