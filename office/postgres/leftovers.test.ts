// A server that nobody keeps any more, found by every name that its folder may have; and a lock file that names a
// process which is none.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemRandom } from '@scratchless/voucher/random'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { mayMount, withMounts } from '../../program/testing/own-mounts.ts'
import { startPostgres } from './start-postgres.ts'

let parent: string
let folder: string
let link: string
const foreign: ChildProcess[] = []
const asRoot = process.getuid?.() === 0
const lockFile = () => join(folder, 'cluster', 'postmaster.pid')

beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), 'leftovers-'))
  folder = join(parent, 'data', 'postgres')
  mkdirSync(join(parent, 'data'))
  link = join(parent, 'link')
  symlinkSync(join(parent, 'data'), link)
  const first = await startPostgres({ folder, random: systemRandom })
  await ask(first.adminUrl, 'CREATE TABLE kept AS SELECT 1 AS n')
  await first.stop()
})
afterAll(() => {
  for (const child of foreign) child.kill('SIGKILL')
  rmSync(parent, { recursive: true })
})

async function ask(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

/** Running, not only waiting to be taken note of by its parent. */
function lives(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
}

function serverPid(): number {
  return Number(readFileSync(lockFile(), 'utf8').split('\n')[0])
}

/** Starts a server and kills its keeper, as a kill -9 of everything but the server does. */
async function leaveServerBehind(): Promise<number> {
  const server = await startPostgres({ folder, random: systemRandom })
  const pid = serverPid()
  const keeper = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1])
  process.kill(keeper, 'SIGKILL')
  await server.died
  expect(lives(pid)).toBe(true)
  return pid
}

test.each([
  ['a link above it', () => join(link, 'postgres')],
  ['a relative path', () => relative(process.cwd(), folder)],
  ['a slash at the end', () => `${folder}/`],
  ['a way there and back', () => join(folder, '..', '..', 'data', '.', 'postgres')],
])('a server that was left behind is ended before another starts, by %s', async (_, name) => {
  const pid = await leaveServerBehind()
  const next = await startPostgres({ folder: name(), random: systemRandom })
  expect(lives(pid)).toBe(false)
  expect(lives(serverPid())).toBe(true)
  expect(await ask(next.adminUrl, 'SELECT n FROM kept')).toEqual([{ n: 1 }])
  await next.stop()
})

/** Starts a server in another process, through a second mount of the folder where this machine lets us mount. */
function startElsewhere(place: string): { status: number | null; said: string } {
  const module = JSON.stringify(new URL('start-postgres.ts', import.meta.url).href)
  const script = `
    import { startPostgres } from ${module}
    import { systemRandom } from '@scratchless/voucher/random'
    try {
      const server = await startPostgres({ folder: ${JSON.stringify(place)}, random: systemRandom })
      process.stdout.write('started')
      await server.stop()
    } catch (error) { process.stdout.write(error.message) }`
  const program = [process.execPath, '--no-warnings', '--input-type=module', '-e', script]
  const [command, ...args] = mayMount ? withMounts([`mount --bind ${folder} ${place}`], program) : program
  const { status, stdout, stderr } = spawnSync(command!, args, {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    encoding: 'utf8',
  })
  return { status, said: stdout + stderr }
}

test('a server that was left behind is ended before another starts, by a second mount', async () => {
  const place = join(parent, 'mounted')
  if (mayMount) mkdirSync(place)
  else symlinkSync(folder, place)
  const pid = await leaveServerBehind()
  expect(startElsewhere(place)).toEqual({ status: 0, said: 'started' })
  expect(lives(pid)).toBe(false)
  // One that is kept is no leftover, by whatever name.
  const kept = await startPostgres({ folder, random: systemRandom })
  expect(startElsewhere(place).said).toBe(`${place} is in use: this market is running already.`)
  expect(await ask(kept.adminUrl, 'SELECT n FROM kept')).toEqual([{ n: 1 }])
  await kept.stop()
})

test('a server whose lock file is gone is ended all the same', async () => {
  const pid = await leaveServerBehind()
  rmSync(lockFile())
  const next = await startPostgres({ folder, random: systemRandom })
  expect(lives(pid)).toBe(false)
  await next.stop()
})

let stranger: ChildProcess
beforeEach(() => {
  // Of the server's own account, so that PostgreSQL itself would take it for a server.
  const { uid, gid } = clusterOwner()
  stranger = spawn('sleep', ['1000'], { stdio: 'ignore', ...(asRoot && { uid, gid }) })
  foreign.push(stranger)
})

function clusterOwner(): { uid: number; gid: number } {
  const [uid, gid] = spawnSync('stat', ['-c', '%u %g', join(folder, 'cluster')], { encoding: 'utf8' })
    .stdout.split(' ')
    .map(Number)
  return { uid: uid!, gid: gid! }
}

test.each([
  ['another program’s', () => String(stranger.pid)],
  ['this very start’s', () => String(process.pid)],
  ['its parent’s', () => String(process.ppid)],
  ['the first process’s', () => '1'],
  ['nobody’s', () => '4194303'],
  ['no number', () => 'x'],
  ['nothing', () => ''],
])('a lock file whose number is %s holds up nobody, and ends nobody', async (_, number) => {
  const content = [number(), '/proc/self/cwd', '1700000000', '5432', '', '127.0.0.1', '12345 678', 'ready']
  writeFileSync(lockFile(), number() === '' ? '' : `${content.join('\n')}\n`)
  const server = await startPostgres({ folder, random: systemRandom })
  expect(await ask(server.adminUrl, 'SELECT n FROM kept')).toEqual([{ n: 1 }])
  expect(lives(stranger.pid!)).toBe(true)
  await server.stop()
})

test.each(['', '{"pass', '{}', 'null'])(
  'a server.json that holds %j is named, with what to do',
  async (content) => {
    const file = join(folder, 'server.json')
    const whole = readFileSync(file)
    writeFileSync(file, content)
    const start = startPostgres({ folder, random: systemRandom })
    await expect(start).rejects.toThrow(
      new RegExp(`^${file}: .*restore the file from a copy, or move ${folder} away to begin anew`),
    )
    expect(readFileSync(file, 'utf8')).toBe(content)
    writeFileSync(file, whole)
  },
)

test('a server.json that is missing is named too', async () => {
  const file = join(folder, 'server.json')
  const whole = readFileSync(file)
  rmSync(file)
  await expect(startPostgres({ folder, random: systemRandom })).rejects.toThrow(
    `${file}: there is no such file`,
  )
  writeFileSync(file, whole)
  await (await startPostgres({ folder, random: systemRandom })).stop()
})
