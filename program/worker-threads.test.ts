import { afterEach, expect, test, vi } from 'vitest'
import type { Log } from './log.ts'
import type { ExampleJobs } from './testing/example-jobs.ts'
import { startWorkers, type Workers } from './worker-threads.ts'

const error = vi.fn()
const started: Workers<ExampleJobs>[] = []

function workers(places: readonly number[] = [0]): Workers<ExampleJobs> {
  const one = startWorkers<ExampleJobs>({
    module: new URL('./testing/example-jobs.ts', import.meta.url),
    data: { given: 'once' },
    places: { double: [0], whoAmI: places, fail: [0], die: [0], throwLater: [0], valueOf: [0] } as never,
    log: { error } as unknown as Log,
  })
  started.push(one)
  return one
}

afterEach(async () => {
  error.mockClear()
  await Promise.all(started.splice(0).map((one) => one.stop()))
})

test('each job gets its own answer, whatever the order in which they end', async () => {
  const line = workers()
  const slow = line.run('whoAmI', 50)
  const ended: string[] = []
  await Promise.all([
    slow.then(() => ended.push('slow')),
    line.run('double', 21).then((n) => ended.push(`double ${n}`)),
  ])
  expect(ended).toEqual(['double 42', 'slow'])
  expect((await slow).data).toEqual({ given: 'once' })
})

test('what a job throws reaches whoever asked, with its kind, and the thread goes on', async () => {
  const line = workers()
  const { threadId } = await line.run('whoAmI', 0)
  await expect(line.run('fail', 'out of bounds')).rejects.toThrow(RangeError)
  await expect(line.run('fail', 'out of bounds')).rejects.toThrow('out of bounds')
  expect((await line.run('whoAmI', 0)).threadId).toBe(threadId)
})

test('a name that is no job is said, not waited for', async () => {
  const line = workers() as unknown as { run(name: string, argument: unknown): Promise<unknown> }
  await expect(line.run('valueOf', null)).rejects.toThrow('no job is named valueOf')
})

test('a thread that ends takes its jobs with it, and the next job has a new one', async () => {
  const line = workers()
  const { threadId } = await line.run('whoAmI', 0)
  const waiting = line.run('whoAmI', 60_000)
  const dying = line.run('die', null)
  await expect(dying).rejects.toThrow('a worker thread ended')
  await expect(waiting).rejects.toThrow('a worker thread ended')
  expect((await line.run('whoAmI', 0)).threadId).not.toBe(threadId)
})

test('a fault outside of any job is logged, and rejects what was under way', async () => {
  const line = workers()
  await expect(line.run('throwLater', null)).rejects.toThrow('a worker thread ended')
  expect(error).toHaveBeenCalledTimes(1)
  expect(error.mock.calls[0]![0].err.message).toBe('outside of any job')
})

test('jobs that may go to two threads go to the one with less work', async () => {
  const line = workers([0, 1])
  const [one, other, third] = await Promise.all([
    line.run('whoAmI', 200),
    line.run('whoAmI', 1),
    line.run('whoAmI', 1),
  ])
  expect(other.threadId).not.toBe(one.threadId)
  expect([one.threadId, other.threadId]).toContain(third.threadId)
  const alone = await Promise.all([line.run('whoAmI', 60), line.run('whoAmI', 60)])
  expect(new Set(alone.map(({ threadId }) => threadId)).size).toBe(2)
})

test('a thread that is prepared serves the first job', async () => {
  const line = workers()
  line.prepare('whoAmI')
  line.prepare('double')
  expect(await line.run('double', 4)).toBe(8)
})

test('once stopped, no job is taken and none is left waiting', async () => {
  const line = workers()
  await line.run('double', 1)
  const waiting = line.run('whoAmI', 60_000)
  const seen = expect(waiting).rejects.toThrow('a worker thread ended')
  await line.stop()
  await seen
  await expect(line.run('double', 1)).rejects.toThrow('stopping')
})
