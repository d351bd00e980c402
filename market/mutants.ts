// npm run mutants: plants single bugs, one at a time, and says which of them no test notices.
//
//   npm run mutants -- [--room NAME] [--sql | --planted] [--sample N [--seed S]] [--list] --json
//
// Bugs come from a tool (Stryker's instrumenter, all of its mutators) and from a list of ours. Without --room:
// voucher, ledger, keys, wire/compact, wire/xml, the supply desk's and the sale's rules. A room is a folder
// (`terminal/safe`, `office/inbox`). --sample N takes N of them, spread over the files, the same for the same --seed.
//
// --sql instead leaves out each CHECK, UNIQUE, key, reference, NOT NULL, trigger and single right of every db/ folder.
// --planted instead takes the whole list of ours (mutants/planted/), wherever its bugs stand.
//
// Each bug meets the tests that pass its place, nearest first, until one fails or does not end. `lived` are those that
// no test noticed, those that no test reaches, and those that a comment switches off: none of them has an excuse.
// Not run are whole markets (market/scenarios, sim, hunt, captured) and what would make one bug take minutes; each
// line of a bug that lived says which tests it lived through and which were left out.

import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { Lane, openWorkplace } from './mutants/lanes.ts'
import type { Fate, Mutant } from './mutants/mutant.ts'
import { PLANTED_BUGS, plant } from './mutants/planted/plant.ts'
import { Reach } from './mutants/reach.ts'
import { FIRST_ROOMS, filesOfRoom, isPlantable, roomOf } from './mutants/rooms.ts'
import { runMutants } from './mutants/run-mutants.ts'
import { sample } from './mutants/sample.ts'
import { sqlMutants } from './mutants/sql-mutants.ts'
import { instrument } from './mutants/tool-mutants.ts'
import { filesOfTree } from './mutants/tree.ts'

const root = path.dirname(import.meta.dirname)
/** More lanes than cores only make tests time out. */
const MOST_LANES = 4

interface Count {
  planted: number
  caught: number
  lived: number
  timedOut: number
  share: number
}

const { values } = parseArgs({
  options: {
    room: { type: 'string' },
    sql: { type: 'boolean' },
    planted: { type: 'boolean' },
    sample: { type: 'string' },
    seed: { type: 'string' },
    list: { type: 'boolean' },
    json: { type: 'boolean' },
  },
})
const say = (line: string) => void process.stderr.write(`${line}\n`)
const files = filesOfTree(root)
const count = Number(values.sample ?? Number.MAX_SAFE_INTEGER)
const seed = Number(values.seed ?? 1)
if (!Number.isInteger(count) || count < 1) refuse('--sample takes a whole number above 0.')
if (!Number.isInteger(seed) || seed < 0) refuse('--seed takes a whole number.')

/** The instrumented text of each file that has one. */
let texts: ReadonlyMap<string, string> = new Map()
/** Of those files: a planted bug meets the tests that pass the switches beside it. */
let switches: readonly Mutant[] = []
const all = await bugs()
if (all.length === 0) refuse(`No place for a bug: ${values.room}. A room is a folder, such as terminal/safe.`)
const chosen = sample(all, count, seed)
if (values.list) for (const mutant of chosen) print(shown(mutant))
else process.exitCode = await run(chosen)

/** In the order of file and line. */
async function bugs(): Promise<readonly Mutant[]> {
  if (values.sql)
    return sqlMutants(root, files).filter(
      ({ file }) => values.room === undefined || file.startsWith(`${values.room}/`),
    )
  const rooms = values.room === undefined ? FIRST_ROOMS : [values.room]
  const roomOfFile = new Map(rooms.flatMap((room) => filesOfRoom(room, files).map((file) => [file, room])))
  const wanted = PLANTED_BUGS.filter(({ file }) => values.planted || roomOfFile.has(file))
  const planted = plant(root, wanted, (file) => roomOfFile.get(file) ?? roomOf(file))
  const instrumentedFiles = values.planted
    ? new Set(wanted.map(({ file }) => file).filter(isPlantable))
    : roomOfFile.keys()
  const instrumented = await instrument(
    root,
    [...instrumentedFiles],
    (file) => roomOfFile.get(file) ?? roomOf(file),
  )
  texts = instrumented.texts
  switches = instrumented.mutants
  if (values.planted) return planted
  return [...switches, ...planted].sort((a, b) =>
    a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1,
  )
}

async function run(mutants: readonly Mutant[]): Promise<number> {
  const began = performance.now()
  say(`${all.length} bugs; planting ${mutants.length}`)
  const workplace = openWorkplace()
  const lanes: Lane[] = []
  const stop = async () => {
    await Promise.all(lanes.map((lane) => lane.close()))
    workplace.close()
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void stop().then(() => process.exit(1)))
  try {
    const reach = new Reach(root, files)
    const cores = Math.min(os.availableParallelism(), MOST_LANES, mutants.length)
    for (let n = 0; n < cores; n++) {
      const lane = await Lane.open(root, files, path.join(workplace.folder, String(n)))
      lanes.push(lane)
      for (const [file, text] of texts) lane.write(file, text)
    }
    const fates: { mutant: Mutant; fate: Fate }[] = []
    const tests = await runMutants({
      lanes,
      reach,
      mutants,
      switches,
      say,
      report(mutant, fate) {
        fates.push({ mutant, fate })
        if (fate.is === 'lived') print({ ...shown(mutant), through: fate.through, notRun: fate.notRun })
        const by = fate.is === 'lived' ? '' : `  by ${fate.by.slice(0, 200)}`
        say(
          `${fates.length}/${mutants.length} ${seconds(began)} s  ${fate.is}  ${mutant.file}:${mutant.line} ${mutant.how}${by}`,
        )
      },
    })
    const byRoom = Object.groupBy(fates, ({ mutant }) => mutant.room)
    print({
      ...counted(fates),
      rooms: Object.fromEntries(Object.entries(byRoom).map(([room, some]) => [room, counted(some!)])),
      sample: values.sample === undefined ? 'all' : { count, seed, of: all.length },
      tests: tests.testsUsed,
      leftOut: [...reach.leftOut, ...tests.leftOut],
      seconds: seconds(began),
    })
    return 0
  } finally {
    await stop()
  }
}

function counted(fates: readonly { fate: Fate }[]): Count {
  const number = (is: Fate['is']) => fates.filter(({ fate }) => fate.is === is).length
  const timedOut = number('timedOut')
  // A test that does not end fails `npm test`, too.
  const caught = number('caught') + timedOut
  const share = fates.length === 0 ? 1 : Number((caught / fates.length).toFixed(4))
  return { planted: fates.length, caught, lived: number('lived'), timedOut, share }
}

function shown({ room, file, line, from, to, how, why, isSwitchedOff }: Mutant): object {
  return { room, file, line, from, to, how, ...(why && { why }), ...(isSwitchedOff && { isSwitchedOff }) }
}

function print(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

function seconds(sinceMs: number): number {
  return Math.round((performance.now() - sinceMs) / 1_000)
}

function refuse(problem: string): never {
  process.stderr.write(`${problem}\n`)
  process.exit(1)
}
