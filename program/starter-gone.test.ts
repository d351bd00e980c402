// In this very process, with its ends held: what makes a program stop, how often, and how it ends.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { whenToldToStop } from './starter-gone.ts'

const SIGNALS = ['SIGTERM', 'SIGINT', 'disconnect'] as const
let before: Map<string, unknown[]>
let exited: (number | undefined)[]
let parent: number
let said: string

beforeEach(() => {
  vi.useFakeTimers()
  before = new Map(SIGNALS.map((name) => [name, process.listeners(name as 'SIGTERM')]))
  exited = []
  said = ''
  parent = 100
  vi.spyOn(process, 'exit').mockImplementation(((code?: number) => void exited.push(code)) as never)
  vi.spyOn(process, 'ppid', 'get').mockImplementation(() => parent)
  vi.spyOn(process.stderr, 'write').mockImplementation(((text: string) => {
    said += text
    return true
  }) as never)
})
afterEach(() => {
  for (const name of SIGNALS)
    for (const listener of process.listeners(name as 'SIGTERM'))
      if (!before.get(name)!.includes(listener)) process.off(name, listener as () => void)
  vi.restoreAllMocks()
  vi.useRealTimers()
})

/** Calls the listener that was added, and no other of the test run. */
function tell(name: (typeof SIGNALS)[number]): void {
  for (const listener of process.listeners(name as 'SIGTERM'))
    if (!before.get(name)!.includes(listener)) (listener as () => void)()
}
const settled = () => vi.advanceTimersByTimeAsync(0)

describe('a program', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('stops at %s, once, and ends well', async (signal) => {
    const stop = vi.fn()
    whenToldToStop(stop)
    tell(signal)
    tell('SIGTERM')
    tell('SIGINT')
    await settled()
    expect(stop.mock.calls).toEqual([[signal]])
    expect(exited).toEqual([0])
  })

  it('stops when its starter hangs up, where it has a channel to it', async () => {
    const stop = vi.fn()
    const { connected } = process
    Object.defineProperty(process, 'connected', { value: true, configurable: true, writable: true })
    whenToldToStop(stop)
    Object.defineProperty(process, 'connected', { value: connected, configurable: true, writable: true })
    tell('disconnect')
    await settled()
    expect(stop.mock.calls).toEqual([['the starter is gone']])
    expect(exited).toEqual([0])
  })

  it('listens for no hanging up where there is no channel', () => {
    const { connected } = process
    Object.defineProperty(process, 'connected', { value: false, configurable: true, writable: true })
    whenToldToStop(() => undefined)
    Object.defineProperty(process, 'connected', { value: connected, configurable: true, writable: true })
    expect(process.listeners('disconnect')).toEqual(before.get('disconnect'))
  })

  it('notices within half a second that its parent is another', async () => {
    const stop = vi.fn()
    whenToldToStop(stop)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(stop).not.toHaveBeenCalled()
    parent = 1
    await vi.advanceTimersByTimeAsync(499)
    expect(stop).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(stop.mock.calls).toEqual([['the starter is gone']])
    await vi.advanceTimersByTimeAsync(2_000)
    expect(stop).toHaveBeenCalledTimes(1)
    expect(exited).toEqual([0])
  })

  it('waits for its stop', async () => {
    let finish = () => {}
    whenToldToStop(() => new Promise<void>((done) => (finish = done)))
    tell('SIGTERM')
    await vi.advanceTimersByTimeAsync(3_999)
    expect(exited).toEqual([])
    finish()
    await settled()
    expect(exited).toEqual([0])
  })

  it('does not wait for it longer than four seconds', async () => {
    whenToldToStop(() => new Promise(() => undefined))
    tell('SIGINT')
    await vi.advanceTimersByTimeAsync(3_999)
    expect(exited).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(exited).toEqual([1])
  })

  it.each([
    ['a fault', () => Promise.reject(new Error('the disk is full')), 'stopping failed: the disk is full\n'],
    ['something thrown', () => Promise.reject('why not'), 'stopping failed: why not\n'],
    [
      'a fault at once',
      () => {
        throw new Error('no')
      },
      'stopping failed: no\n',
    ],
  ])('says of a stop that failed by %s why, and ends badly', async (_what, stop, text) => {
    whenToldToStop(stop)
    tell('SIGTERM')
    await settled()
    expect(said).toBe(text)
    expect(exited).toEqual([1])
  })
})
