import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createTillEvents, type TillEvents } from './till-events.ts'

let events: TillEvents
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  events = createTillEvents()
})
afterEach(() => {
  events.close()
  vi.useRealTimers()
})

function screen() {
  const written: string[] = []
  const head: unknown[] = []
  const response = Object.assign(new EventEmitter(), {
    ended: false,
    writeHead(...args: unknown[]) {
      head.push(...args)
      return response
    },
    write: (text: string) => written.push(text),
    end() {
      response.ended = true
    },
  })
  events.listen(response as unknown as ServerResponse)
  return { written, head, response }
}

test('each screen is told each event, as it happens', () => {
  const made = vi.fn(() => ({ kind: 'home' }) as const)
  events.tell(made)
  expect(made).not.toHaveBeenCalled()
  expect(events.watched()).toBe(false)
  const [one, two] = [screen(), screen()]
  expect(events.watched()).toBe(true)
  events.tell(made)
  expect(made).toHaveBeenCalledTimes(1)
  for (const { written, head } of [one, two]) {
    expect(written).toEqual(['retry: 1000\n\n', 'data: {"kind":"home"}\n\n'])
    expect(head).toEqual([200, expect.objectContaining({ 'content-type': 'text/event-stream' })])
  }
})

test('a screen that went is told nothing more', () => {
  const { written, response } = screen()
  response.emit('close')
  expect(events.watched()).toBe(false)
  events.tell(() => ({ kind: 'home' }))
  expect(written).toHaveLength(1)
})

test('a screen hears every fifteen seconds that the till is there', () => {
  const { written } = screen()
  vi.advanceTimersByTime(14_999)
  expect(written).toHaveLength(1)
  vi.advanceTimersByTime(1)
  expect(written[1]).toBe(': here\n\n')
})

test('sixteen screens watch, and the next is told no', () => {
  const watching = Array.from({ length: 16 }, screen)
  expect(watching.at(-1)!.head[0]).toBe(200)
  const next = screen()
  expect(next.head).toEqual([503])
  expect(next.response.ended).toBe(true)
  watching[0]!.response.emit('close')
  expect(screen().head[0]).toBe(200)
})

test('closing ends every stream and the heartbeat', () => {
  const { response, written } = screen()
  events.close()
  expect([response.ended, events.watched()]).toEqual([true, false])
  vi.advanceTimersByTime(60_000)
  expect(written).toHaveLength(1)
})
