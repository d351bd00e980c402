// A first start where something is wrong with this machine: a sentence that names it, or a start.

import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
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
