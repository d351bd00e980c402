// A first start where something is wrong with this machine: a sentence that names it, or a start.

import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { whyNoStockFile } from '@scratchless/operator/stock/post-stock-file'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { mayMount, withMounts } from '../../program/testing/own-mounts.ts'

const MINUTE_MS = 60_000
const start = path.join(import.meta.dirname, '..', 'start.ts')

let folder: string
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'trouble-'))
})
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

interface Ended {
  readonly code: number | null
  readonly result: { readonly ok: boolean; readonly problem?: string }
}

function startWith(command: readonly string[]): Ended {
  const [program, ...args] = command
  const { status, stdout, stderr } = spawnSync(program!, args, {
    encoding: 'utf8',
    timeout: 2 * MINUTE_MS,
    killSignal: 'SIGINT',
  })
  const last = stdout.split('\n').findLast((line) => line.startsWith('{'))
  if (last === undefined) throw new Error(`no result: ${stdout}${stderr}`)
  return { code: status, result: JSON.parse(last) }
}

const once = (data: string, ...options: string[]) => [
  ...[process.execPath, '--disable-warning=ExperimentalWarning', start],
  ...['--once', '--json', '--data', data, ...options],
]

/** Where PostgreSQL's first files, the programs' tables and the stock no longer fit. */
test.each([16, 48, 64])(
  'a disk of %i MB is called full, whatever it was that did not fit',
  {
    timeout: 3 * MINUTE_MS,
  },
  (megabytes) => {
    // Where mounting is forbidden the limit of files below stands for it.
    if (!mayMount) return expect(fs.existsSync(folder)).toBe(true)
    const mount = `mount -t tmpfs -o size=${megabytes}m tmpfs ${folder}`
    const { code, result } = startWith(withMounts([mount], once(path.join(folder, 'data'))))
    expect(code).toBe(1)
    expect(result).toMatchObject({ ok: false, problem: expect.stringMatching(/disk .*is full/) })
    expect(result.problem).toContain(path.join(folder, 'data'))
  },
)

test.each([0, 1, 4_096])(
  'a limit of %i kB on each file is named as that',
  { timeout: 3 * MINUTE_MS },
  (limit) => {
    const limited = [
      'bash',
      '-c',
      `ulimit -f ${limit} && exec "$@"`,
      'bash',
      ...once(path.join(folder, 'data')),
    ]
    const { code, result } = startWith(limited)
    expect(code).toBe(1)
    expect(result.problem).toContain('this account may not write files of that size (ulimit -f)')
    expect(result.problem).toContain(path.join(folder, 'data'))
  },
)

test('without a database of its own the same limit is named by the file', { timeout: 3 * MINUTE_MS }, () => {
  const data = path.join(folder, 'data')
  const url = 'postgres://nobody@127.0.0.1:1/none'
  const limited = ['bash', '-c', 'ulimit -f 0 && exec "$@"', 'bash', ...once(data, '--database-url', url)]
  const { code, result } = startWith(limited)
  expect(code).toBe(1)
  expect(result.problem).toBe(`${data}: this account may not write files of that size (ulimit -f)`)
})

const NO_FILE = 'stock is taken from a file, whose size is known and which stays as it is.'

test.each<[string, (place: string) => string, string]>([
  ['missing', (place) => place, ': there is no such file.'],
  ['below a file', (place) => `${touched(place)}/stock.csv`, ': there is no such file.'],
  ['a folder', (place) => made(place, 'mkdir'), ' is a folder: name the stock file in it.'],
  ['a fifo that nobody writes to', (place) => made(place, 'mkfifo'), ` is a pipe: ${NO_FILE}`],
  ['a link to one', linkToFifo, ` is a pipe: ${NO_FILE}`],
  ['a device without an end', () => '/dev/zero', ` is a device: ${NO_FILE}`],
  ['a device without content', () => '/dev/null', ` is a device: ${NO_FILE}`],
])('--stock of what is %s is one sentence, at once', (_, make, said) => {
  const file = make(path.join(folder, 'stock'))
  const data = path.join(folder, 'data')
  const beganMs = performance.now()
  const { code, result } = startWith(once(data, '--stock', file))
  expect(code).toBe(1)
  expect(result).toEqual({ ok: false, problem: `${file}${said}` })
  expect(performance.now() - beganMs).toBeLessThan(15_000)
  expect(fs.existsSync(data)).toBe(false)
})

function touched(place: string): string {
  fs.writeFileSync(place, '')
  return place
}

function made(place: string, command: string): string {
  spawnSync(command, [place])
  return place
}

function linkToFifo(place: string): string {
  fs.symlinkSync(made(`${place}.there`, 'mkfifo'), place)
  return place
}

test('--stock of a shell’s pipe, written or waiting, is one sentence', () => {
  const data = path.join(folder, 'data')
  for (const writer of ['echo serial,code', 'sleep 20']) {
    const script = `"$@" --stock <(exec ${writer} 2> /dev/null)`
    const { code, result } = startWith(['bash', '-c', script, 'bash', ...once(data)])
    expect(code).toBe(1)
    expect(result.problem).toMatch(/^\/dev\/fd\/\d+ is a pipe: stock is taken from a file/)
  }
})

test('--stock of a socket, or of a file that may not be read, is one sentence', async () => {
  const place = path.join(folder, 'socket')
  const server = net.createServer().listen(place)
  await new Promise((listening) => server.once('listening', listening))
  expect(await whyNoStockFile(place)).toBe(`${place}: it is no file.`)
  await new Promise((closed) => server.close(closed))
  const file = touched(path.join(folder, 'file'))
  fs.chmodSync(file, 0)
  expect(await whyNoStockFile(file)).toBe(process.getuid?.() === 0 ? null : `${file}: it may not be read.`)
  fs.chmodSync(file, 0o600)
  expect(await whyNoStockFile(file)).toBeNull()
})
