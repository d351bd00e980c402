import { createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type FakePrinter, startFakePrinter } from '../../testing/fake-printer.ts'
import { connectPrinter, type PrinterLink } from './printer-link.ts'

let printer: FakePrinter
let link: PrinterLink
beforeEach(async () => {
  printer = await startFakePrinter()
  link = connectPrinter({ host: '127.0.0.1', port: printer.port }, () => undefined)
  while (link.lastStatus() !== 'ready') await sleep(5)
})
afterEach(async () => {
  link.close()
  await printer.close()
})

/** Two lines, the printer asked after each. */
const ticket = () => Buffer.from('4071 5593\n\x1dr\x01N/S 000123456789\n\x1dr\x01', 'latin1')

test('a ticket is printed once every mark is answered, and its bytes are zeroed', async () => {
  const bytes = ticket()
  const marks: number[] = []
  expect(await link.print(bytes, 2, (mark) => marks.push(mark))).toBe('printed')
  expect(marks).toEqual([1])
  expect(bytes.every((byte) => byte === 0)).toBe(true)
  expect(printer.received().toString('latin1')).toBe('4071 5593\nN/S 000123456789\n')
})

test('pulled in the middle it is doubtful, its bytes zeroed all the same', async () => {
  printer.failAfter(4, 'cut')
  const bytes = ticket()
  expect(await link.print(bytes, 2, () => undefined)).toBe('doubtful')
  expect(bytes.every((byte) => byte === 0)).toBe(true)
})

test('without a printer nothing is sent, and what was to be printed is zeroed', async () => {
  await printer.close()
  while (link.lastStatus() !== 'not-connected') await sleep(5)
  const bytes = ticket()
  expect(await link.print(bytes, 2, () => undefined)).toBe('doubtful')
  expect(bytes.every((byte) => byte === 0)).toBe(true)
  expect(await link.status()).toBe('not-connected')
})

test('questions that come together are answered each for itself', async () => {
  printer.setFault('cover-open')
  expect(await Promise.all([link.status(), link.status(), link.status()])).toEqual([
    'cover-open',
    'cover-open',
    'cover-open',
  ])
  printer.setFault('no-paper')
  expect(await link.status()).toBe('no-paper')
})

test.each([
  ['cover-open', 'cover-open'],
  ['no-paper', 'no-paper'],
  ['offline', 'not-connected'],
  ['near-end', 'ready'],
  ['none', 'ready'],
] as const)('a printer that says %s is %s', async (fault, status) => {
  printer.setFault(fault)
  expect(await link.status()).toBe(status)
  expect(link.lastStatus()).toBe(status)
})

test('a thin roll prints, and one that ends within the ticket leaves a doubt', async () => {
  printer.setFault('near-end')
  expect(await link.print(ticket(), 2, () => undefined)).toBe('printed')
  printer.setFault('none')
  printer.failAfter(4, 'paper-end')
  expect(await link.print(ticket(), 2, () => undefined)).toBe('doubtful')
})

describe('a printer that answers late or never', () => {
  /** What a printer of ours does with each chunk: the bytes are its own to answer. */
  let answer: (chunk: Buffer, socket: Socket) => void
  let server: Server
  let sockets: Socket[]
  let slow: PrinterLink
  const changes: string[] = []
  const READY = Buffer.of(0x12, 0x12, 0x12)
  const isStatus = (chunk: Buffer) => chunk.includes('\x10\x04\x01')

  beforeEach(async () => {
    sockets = []
    answer = (chunk, socket) => isStatus(chunk) && socket.write(READY)
    server = createServer((socket) => {
      sockets.push(socket)
      socket.on('error', () => socket.destroy())
      socket.on('data', (chunk: Buffer) => answer(chunk, socket))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    slow = connectPrinter({ host: '127.0.0.1', port }, () => changes.push(slow.lastStatus()))
    while (slow.lastStatus() !== 'ready') await sleep(5)
    changes.length = 0
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  })
  afterEach(async () => {
    vi.useRealTimers()
    slow.close()
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })

  /** Lets real sockets do what they are about to, with the timers standing still. */
  const settle = async () => {
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve))
  }
  const ended = async (promise: Promise<unknown>) => {
    let outcome: unknown = 'not yet'
    void promise.then((result) => {
      outcome = result
    })
    await settle()
    return outcome
  }

  test('a status that does not come within a second and a half ends the connection, and another is made', async () => {
    answer = () => undefined
    const asked = slow.status()
    await settle()
    vi.advanceTimersByTime(1_499)
    expect(await ended(asked)).toBe('not yet')
    vi.advanceTimersByTime(1)
    expect(await asked).toBe('not-connected')
    await settle()
    expect(changes).toEqual(['not-connected'])
    answer = (chunk, socket) => isStatus(chunk) && socket.write(READY)
    vi.advanceTimersByTime(999)
    await settle()
    expect(sockets).toHaveLength(1)
    vi.advanceTimersByTime(1)
    vi.useRealTimers()
    while (slow.lastStatus() !== 'ready') await sleep(5)
    expect(sockets).toHaveLength(2)
    expect(changes).toEqual(['not-connected', 'ready'])
  })

  test('a mark that does not come within fifteen seconds of the last leaves a doubt', async () => {
    answer = () => undefined
    const marks: number[] = []
    const printing = slow.print(ticket(), 2, (mark) => marks.push(mark))
    await settle()
    vi.advanceTimersByTime(14_999)
    sockets[0]!.write(Buffer.of(0))
    while (marks.length === 0) await settle()
    expect(await ended(printing)).toBe('not yet')
    vi.advanceTimersByTime(14_999)
    expect(await ended(printing)).toBe('not yet')
    vi.advanceTimersByTime(1)
    expect(await printing).toBe('doubtful')
  })

  test('a ticket whose first mark never comes is in doubt', async () => {
    answer = () => undefined
    const printing = slow.print(ticket(), 1, () => undefined)
    await settle()
    vi.advanceTimersByTime(15_000)
    expect(await printing).toBe('doubtful')
  })

  test('marks of a ticket given up do not count for the next', async () => {
    answer = () => undefined
    const first = slow.print(ticket(), 2, () => undefined)
    await settle()
    vi.advanceTimersByTime(15_000)
    expect(await first).toBe('doubtful')
    // Its connection is gone, and with it whatever it would still say.
    expect(await slow.print(ticket(), 2, () => undefined)).toBe('doubtful')
  })

  test('while one ticket prints another is not sent', async () => {
    answer = () => undefined
    const first = slow.print(ticket(), 1, () => undefined)
    const second = ticket()
    expect(await slow.print(second, 1, () => undefined)).toBe('doubtful')
    expect(second.every((byte) => byte === 0)).toBe(true)
    await settle()
    sockets[0]!.write(Buffer.of(0))
    expect(await first).toBe('printed')
  })

  test('the answers to a status between two marks are no marks', async () => {
    const marks: number[] = []
    const printing = slow.print(ticket(), 2, (mark) => marks.push(mark))
    expect(await slow.status()).toBe('ready')
    expect(marks).toEqual([])
    sockets[0]!.write(Buffer.of(0))
    while (marks.length === 0) await settle()
    expect(await ended(printing)).toBe('not yet')
    expect(marks).toEqual([1])
    sockets[0]!.write(Buffer.of(3))
    expect(await printing).toBe('printed')
  })

  test('a paper end that is told by its last mark leaves a doubt too', async () => {
    answer = () => undefined
    const printing = slow.print(ticket(), 2, () => undefined)
    await settle()
    sockets[0]!.write(Buffer.of(0, 0x0c))
    expect(await printing).toBe('doubtful')
  })

  test.each([
    ['the reason for being offline', 0x32, 0x12],
    ['the paper sensor', 0x12, 0x72],
  ])('no paper is told by %s alone', async (_which, offline, paper) => {
    answer = (chunk, socket) => isStatus(chunk) && socket.write(Buffer.of(0x12, offline, paper))
    expect(await slow.status()).toBe('no-paper')
  })

  test('once closed it stays closed', async () => {
    slow.close()
    await settle()
    vi.advanceTimersByTime(60_000)
    await settle()
    expect(sockets).toHaveLength(1)
    expect(await slow.status()).toBe('not-connected')
  })
})
