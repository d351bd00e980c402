import { openSync, readFileSync, readSync } from 'node:fs'
import { platform } from 'node:os'
import { expect, test } from 'vitest'
import { wipeTraces } from './wiped-traces.ts'

const MARK = 0x5eed_c0de

/** Arguments stand on the machine's stack: small integers as they are, in the upper half of a word. */
function leaveOnStack(): void {
  Reflect.apply(
    (): void => {},
    undefined,
    Array.from({ length: 4_000 }, () => MARK >> 1),
  )
}

/** How often the mark stands in the writable memory around this thread's stack pointer. */
function marksOnStack(): number {
  const mapping = readFileSync('/proc/self/maps', 'latin1')
    .split('\n')
    .find((line) => line.endsWith('[stack]'))!
  const [start, end] = mapping
    .split(' ')[0]!
    .split('-')
    .map((hex) => Number(`0x${hex}`)) as [number, number]
  const stack = Buffer.alloc(end - start)
  readSync(openSync('/proc/self/mem', 'r'), stack, 0, stack.length, start)
  let marks = 0
  for (let at = 0; at + 4 <= stack.length; at += 4) if (stack.readInt32LE(at) === MARK >> 1) marks++
  return marks
}

test.runIf(platform() === 'linux')('what stands on the stack below its caller is overwritten', () => {
  leaveOnStack()
  const before = marksOnStack()
  wipeTraces()
  const after = marksOnStack()
  expect(before).toBeGreaterThan(1_000)
  expect(after).toBeLessThan(before / 100)
})
