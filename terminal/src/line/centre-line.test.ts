// Frames over a plain connection such as a modem gives: what comes back, and what becomes of a line that breaks.

import { createServer, type Server, type Socket } from 'node:net'
import { LineFault } from '@scratchless/keys/pinned-client'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createFakeCentre } from '../../testing/fake-centre.ts'
import type { Config } from '../config.ts'
import { type CentreLine, connectCentre } from './centre-line.ts'

const clock = { nowMs: () => 1_795_000_000_000 }
// A frame as the protocol has them: any request of any terminal.
const frame = () => frames[0]!
let frames: Buffer[] = []
let server: Server
let sockets: Socket[]
let line: CentreLine
let onData: (chunk: Buffer, socket: Socket) => void

beforeEach(async () => {
  const { beginToEnrol } = await import('../supply/enrol.ts')
  const { testStore } = await import('../../testing/test-store.ts')
  const { terminalClock } = await import('../supply/terminal-clock.ts')
  const { keysInMemory } = await import('../../testing/keys-in-memory.ts')
  const { systemRandom } = await import('@scratchless/voucher/random')
  const centre = createFakeCentre({ clock, packedCodes: () => Buffer.alloc(0) })
  const world = testStore()
  const needs = { store: world.store, line: centre.line(), clock: terminalClock(clock, world.store) }
  await beginToEnrol({ ...needs, random: systemRandom, deviceKeys: keysInMemory() }, centre.enrolmentCode)
  world.close()
  frames = centre.heard.map((heard) => heard.frame)
  sockets = []
  onData = (chunk, socket) => socket.write(chunk)
  server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: Buffer) => onData(chunk, socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  line = connected()
})
afterEach(async () => {
  vi.useRealTimers()
  line.close()
  for (const socket of sockets) socket.destroy()
  await new Promise((resolve) => server.close(resolve))
})

function connected(): CentreLine {
  const { port } = server.address() as { port: number }
  return connectCentre({ transport: 'frames', frames: { host: '127.0.0.1', port } } as Config['centre'])
}
const problem = async (asked: Promise<unknown>) => {
  const caught = await asked.catch((error: unknown) => error)
  return caught instanceof LineFault ? caught.problem : caught
}

test('the frame that comes back is the answer, on one connection for all', async () => {
  for (let i = 0; i < 3; i++) expect((await line.ask(frame())).message.length).toBe(frame().length - 7)
  expect(sockets).toHaveLength(1)
})

test('an answer in small pieces is put together', async () => {
  onData = (chunk, socket) => {
    for (const byte of chunk) socket.write(Buffer.of(byte))
  }
  expect((await line.ask(frame())).message.length).toBe(frame().length - 7)
})

test('a centre that hangs up after half an answer was cut, and the next request makes a new connection', async () => {
  onData = (chunk, socket) => void socket.end(chunk.subarray(0, 10))
  expect(await problem(line.ask(frame()))).toBe('cut')
  onData = (chunk, socket) => socket.write(chunk)
  expect((await line.ask(frame())).message.length).toBeGreaterThan(0)
  expect(sockets).toHaveLength(2)
})

test('a connection that ended between two requests is made anew', async () => {
  await line.ask(frame())
  sockets[0]!.destroy()
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect((await line.ask(frame())).message.length).toBeGreaterThan(0)
  expect(sockets).toHaveLength(2)
})

test('where nobody listens the centre is unreachable', async () => {
  const nobody = connectCentre({
    transport: 'frames',
    frames: { host: '127.0.0.1', port: 1 },
  } as Config['centre'])
  expect(await problem(nobody.ask(frame()))).toBe('unreachable')
})

test('an answer is waited for two minutes and a half, and no longer', async () => {
  onData = () => undefined
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  let outcome: unknown = 'not yet'
  const asked = problem(line.ask(frame())).then((said) => {
    outcome = said
  })
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve))
  vi.advanceTimersByTime(149_999)
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve))
  expect(outcome).toBe('not yet')
  vi.advanceTimersByTime(1)
  await asked
  expect(outcome).toBe('timed-out')
})
