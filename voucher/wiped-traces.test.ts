import { spawnSync } from 'node:child_process'
import { Cipheriv } from 'node:crypto'
import { platform } from 'node:os'
import { expect, test, vi } from 'vitest'
import { wipeTraces } from './wiped-traces.ts'

/** Run in a process of its own, whose first thread's stack can be told from its other memory. */
const LOOK_AT_THE_STACK = `
  import { openSync, readFileSync, readSync } from 'node:fs'
  import { wipeTraces } from ${JSON.stringify(new URL('wiped-traces.ts', import.meta.url).href)}
  const MARK = 0x5eed_c0de

  // Arguments stand on the machine's stack: small integers as they are, in the upper half of a word.
  function leaveOnStack() {
    Reflect.apply(() => {}, undefined, Array.from({ length: 4_000 }, () => MARK >> 1))
  }

  // How often the mark stands in the writable memory around this thread's stack pointer.
  function marksOnStack() {
    const mapping = readFileSync('/proc/self/maps', 'latin1').split('\\n').find((line) => line.endsWith('[stack]'))
    const [start, end] = mapping.split(' ')[0].split('-').map((hex) => Number('0x' + hex))
    const stack = Buffer.alloc(end - start)
    readSync(openSync('/proc/self/mem', 'r'), stack, 0, stack.length, start)
    let marks = 0
    for (let at = 0; at + 4 <= stack.length; at += 4) if (stack.readInt32LE(at) === MARK >> 1) marks++
    return marks
  }

  leaveOnStack()
  const before = marksOnStack()
  wipeTraces()
  process.stdout.write(JSON.stringify([before, marksOnStack()]))
`

test.runIf(platform() === 'linux')('what stands on the stack below its caller is overwritten', () => {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', LOOK_AT_THE_STACK], {
    encoding: 'utf8',
  })
  if (stdout === '') throw new Error(stderr)
  const [before, after] = JSON.parse(stdout) as [number, number]
  expect(before).toBeGreaterThan(1_000)
  expect(after).toBeLessThan(before / 100)
})

test('every way that a code went through the processor is gone again, with nothing in hand', () => {
  const update = vi.spyOn(Cipheriv.prototype, 'update')
  const final = vi.spyOn(Cipheriv.prototype, 'final')
  const copy = vi.spyOn(Buffer.prototype, 'copy')
  const apply = vi.spyOn(Reflect, 'apply')
  wipeTraces()
  const updates = update.mock.calls.map(([bytes]) => Buffer.from(bytes as unknown as Buffer))
  const finals = final.mock.calls.length
  const copies = copy.mock.calls.map(([, , from, to]) => [from, to])
  const spread = apply.mock.calls.map(([, , given]) => [...(given as number[])])
  vi.restoreAllMocks()
  // A packed code first, which goes through the cipher's incomplete block; then many blocks at once.
  expect(updates).toEqual([Buffer.alloc(6), Buffer.alloc(256)])
  expect(finals).toBe(1)
  expect(copies).toEqual([6, 7, 14, 16, 32, 64, 128, 256].map((length) => [0, length]))
  expect(spread.some((given) => given.length === 8_192 && given.every((value) => value === 0))).toBe(true)
})
