// The private line at its bounds: frames, paths, faults, waiting and closing, and that what crossed it is wiped.

import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import * as net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as cborg from 'cborg'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  connectPrivateLine,
  type PrivateLineConnection,
  PrivateLineFault,
  PrivateLineLost,
  type PrivateLineServer,
  servePrivateLine,
} from './private-line.ts'

vi.mock(import('cborg'), async (original) => {
  const real = await original()
  return { ...real, encode: vi.fn(real.encode), decode: vi.fn(real.decode) as unknown as typeof real.decode }
})

const verbs = {
  echo: (value: unknown) => value,
  refuse: () => 'not-today' as const,
  break: (): never => {
    throw new Error('the secret reason')
  },
  later: (ms: number) => new Promise((done) => setTimeout(() => done(ms), ms)),
  unsayable: () => Symbol('no'),
}

let folder: string
let path: string
let server: PrivateLineServer | null
let lines: PrivateLineConnection<typeof verbs>[]
let faults: { reference: string; verb: string; error: unknown }[]

const serve = async () => {
  server = await servePrivateLine(path, verbs, (fault) => faults.push(fault))
}
function line(): PrivateLineConnection<typeof verbs> {
  const made = connectPrivateLine<typeof verbs>(path)
  lines.push(made)
  return made
}
const problemOf = (call: Promise<unknown>) => call.then(String, (error: unknown) => error)

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'line-'))
  path = join(folder, 'run', 'vault.sock')
  lines = []
  faults = []
  await serve()
  vi.clearAllMocks()
})
afterEach(async () => {
  vi.restoreAllMocks()
  for (const one of lines) one.close()
  await server?.close()
  rmSync(folder, { recursive: true })
})

/** Speaks to the server by hand; resolves with what came back once the server hung up, or after some bytes. */
function speak(bytes: Buffer, until = Number.POSITIVE_INFINITY): Promise<Buffer> {
  return new Promise((done) => {
    const socket = net.createConnection(path)
    const chunks: Buffer[] = []
    const end = () => {
      socket.destroy()
      done(Buffer.concat(chunks))
    }
    socket.on('data', (chunk: Buffer) => {
      chunks.push(Buffer.from(chunk))
      if (Buffer.concat(chunks).length >= until) end()
    })
    socket.on('close', end)
    socket.on('error', end)
    socket.write(bytes)
  })
}
function frame(message: unknown): Buffer {
  const body = Buffer.from(cborg.encode(message))
  const head = Buffer.alloc(4)
  head.writeUInt32BE(body.length)
  return Buffer.concat([head, body])
}

/** Sees an event of every socket or server, before they do. */
function watch(all: object, event: string, see: (given: unknown) => void): void {
  const emitting = all as { emit(name: string, ...given: unknown[]): boolean }
  const { emit } = emitting
  vi.spyOn(emitting, 'emit').mockImplementation(function (this: unknown, name, ...given) {
    if (name === event) see(given[0])
    return emit.call(this, name, ...given)
  })
}

describe('a frame', () => {
  it('is its length in four bytes and its body, however the line cuts it', async () => {
    const request = Buffer.concat([frame([1, 'echo', 'a']), frame([2, 'refuse', null])])
    const expected = Buffer.concat([frame([1, 'value', 'a']), frame([2, 'value', 'not-today'])])
    for (let cut = 1; cut < request.length; cut += 3) {
      const answer = await new Promise<Buffer>((done) => {
        const socket = net.createConnection(path)
        const chunks: Buffer[] = []
        socket.on('data', (chunk: Buffer) => {
          chunks.push(Buffer.from(chunk))
          if (Buffer.concat(chunks).length < expected.length) return
          socket.destroy()
          done(Buffer.concat(chunks))
        })
        socket.write(request.subarray(0, cut))
        setTimeout(() => socket.write(request.subarray(cut)), 2)
      })
      expect(answer.equals(expected)).toBe(true)
    }
  })

  it.each([
    ['of nothing', '00000000'],
    ['of more than 64 MiB', '04000001'],
    ['of four gigabytes', 'ffffffff'],
  ])('%s ends the connection', async (_what, head) => {
    expect(await speak(Buffer.from(head, 'hex'))).toEqual(Buffer.alloc(0))
  })

  it('of 64 MiB is waited for', async () => {
    const socket = net.createConnection(path)
    const closed = vi.fn()
    socket.on('close', closed)
    await new Promise<void>((done) => socket.write(Buffer.from('04000000', 'hex'), () => done()))
    await new Promise((done) => setTimeout(done, 50))
    expect(closed).not.toHaveBeenCalled()
    socket.destroy()
  })

  it('too large to be sent is said to its sender, and the line goes on', async () => {
    const { verbs: far } = line()
    vi.mocked(cborg.encode).mockReturnValueOnce({ length: 64 * 1024 * 1024 + 1 } as never)
    expect(await problemOf(far.echo('large'))).toEqual(new RangeError('too large for the private line'))
    expect(await far.echo('small')).toBe('small')
  })
})

describe('a socket', () => {
  it('has a path of 107 bytes at most, at both ends', async () => {
    const at = (length: number) => join(folder, 'x'.repeat(length - folder.length - 1))
    const problem = (path: string) => new RangeError(`a socket's path has at most 107 bytes: ${path}`)
    expect(() => connectPrivateLine(at(108))).toThrow(problem(at(108)))
    await expect(servePrivateLine(at(108), verbs, () => undefined)).rejects.toThrow(problem(at(108)))
    const longest = await servePrivateLine(at(107), verbs, () => undefined)
    const far = connectPrivateLine<typeof verbs>(at(107))
    expect(await far.verbs.echo(1)).toBe(1)
    far.close()
    await longest.close()
    expect(() => connectPrivateLine(join(folder, 'é'.repeat(60)))).toThrow(RangeError)
  })

  it('that a killed process left is replaced', async () => {
    await server!.close()
    writeFileSync(path, 'left behind')
    await serve()
    expect(statSync(path).isSocket()).toBe(true)
    expect(await line().verbs.echo('here')).toBe('here')
  })

  it('that cannot be made is said', async () => {
    writeFileSync(join(folder, 'file'), '')
    await expect(
      servePrivateLine(join(folder, 'file', 'vault.sock'), verbs, () => undefined),
    ).rejects.toThrow()
  })
})

describe('a verb', () => {
  it('may refuse by a value, and breaks with a reference that counts', async () => {
    const { verbs: far } = line()
    expect(await far.refuse()).toBe('not-today')
    const first = (await problemOf(far.break())) as PrivateLineFault
    const second = (await problemOf(far.break())) as PrivateLineFault
    expect(first).toBeInstanceOf(PrivateLineFault)
    expect([first.name, first.reference, second.reference]).toEqual([
      'PrivateLineFault',
      `${process.pid}-1`,
      `${process.pid}-2`,
    ])
    expect(first.message).toBe(`break failed in the other process (reference ${process.pid}-1)`)
    expect(faults).toEqual([
      { reference: `${process.pid}-1`, verb: 'break', error: new Error('the secret reason') },
      { reference: `${process.pid}-2`, verb: 'break', error: new Error('the secret reason') },
    ])
  })

  it('that nobody serves, and one whose answer cannot be said, is a fault; the next is answered', async () => {
    const { verbs: far } = line()
    for (const verb of ['none', 'toString', 'constructor'] as never[])
      expect(await problemOf((far[verb] as () => Promise<unknown>)())).toBeInstanceOf(PrivateLineFault)
    expect(faults.map(({ error }) => (error as Error).message)).toEqual([
      'no such verb: none',
      'no such verb: toString',
      'no such verb: constructor',
    ])
    expect(await problemOf(far.unsayable())).toBeInstanceOf(PrivateLineFault)
    expect(await far.echo(1)).toBe(1)
  })

  it('is not `then`, so that a line may be awaited, nor a symbol', async () => {
    const { verbs: far } = line()
    expect((far as unknown as { then: unknown }).then).toBeUndefined()
    expect((far as unknown as Record<symbol, unknown>)[Symbol.iterator]).toBeUndefined()
    expect(await far).toBe(far)
  })

  it('whose caller has gone is answered to nobody', async () => {
    const gone = line()
    const call = problemOf(gone.verbs.later(30))
    await gone.verbs.echo(1)
    gone.close()
    expect(await call).toEqual(new PrivateLineLost('later: the line was cut'))
    await new Promise((done) => setTimeout(done, 60))
    expect(faults).toEqual([])
  })
})

describe('a value', () => {
  it.each([
    0n,
    1n,
    255n,
    256n,
    2n ** 64n,
    -1n,
    -256n,
    -257n,
    -(2n ** 64n),
    [0, -0.5, 2 ** 53 - 1, 'é', null, true],
    { a: [{ b: 5n }] },
  ])('crosses as it is: %s', async (value) => {
    expect(await line().verbs.echo(value)).toEqual(value)
  })

  it('leaves nothing behind: not in what was sent, not in what came, not in the encoder', async () => {
    const { verbs: far } = line()
    await far.echo('warm')
    vi.mocked(cborg.encode).mockClear()
    vi.mocked(cborg.decode).mockClear()
    const came: Buffer[] = []
    watch(net.Socket.prototype, 'data', (chunk) => came.push(chunk as Buffer))
    const secret = Buffer.alloc(300, 0xab)
    expect(await far.echo(secret)).toEqual(new Uint8Array(secret))
    await new Promise((done) => setTimeout(done, 20))
    const isZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0)
    const sent = vi.mocked(cborg.encode)
    const bodies = sent.mock.results
      .map(({ value }) => value as Uint8Array)
      .filter((_, call) => Array.isArray(sent.mock.calls[call]![0]))
    expect(bodies.map((body) => body.length > 300 && isZero(body))).toEqual([true, true])
    // After each message the encoder's own memory is written over.
    expect(
      sent.mock.calls.map(([value]) => (value instanceof Uint8Array ? value.length : 'message')),
    ).toEqual(['message', 250, 'message', 250])
    const received = vi.mocked(cborg.decode).mock.calls.map(([bytes]) => bytes)
    expect(received.map((body) => body.length > 300 && isZero(body))).toEqual([true, true])
    expect(came.length).toBeGreaterThan(1)
    expect(came.every(isZero)).toBe(true)
  })
})

describe('a connection', () => {
  it('is one for calls made at once, and is made again after a cut', async () => {
    let connections = 0
    watch(net.Server.prototype, 'connection', () => connections++)
    const { verbs: far } = line()
    expect(await Promise.all([far.echo(1), far.echo(2), far.echo(3)])).toEqual([1, 2, 3])
    expect(connections).toBe(1)
    const waiting = problemOf(far.later(60_000))
    await far.echo(4)
    await server!.close()
    expect(await waiting).toEqual(new PrivateLineLost('later: the line was cut'))
    expect(await waiting).toMatchObject({ name: 'PrivateLineLost', retryable: true })
    await serve()
    expect(await far.echo(5)).toBe(5)
    expect(connections).toBe(2)
  })

  it('is waited for five seconds and not longer', async () => {
    await server!.close()
    server = null
    let nowMs = 0
    vi.spyOn(performance, 'now').mockImplementation(() => nowMs)
    const { verbs: far } = line()
    const settled = vi.fn()
    const call = problemOf(far.echo(1)).finally(settled)
    nowMs = 5_000
    await new Promise((done) => setTimeout(done, 120))
    expect(settled).not.toHaveBeenCalled()
    nowMs = 5_001
    const lost = (await call) as PrivateLineLost
    expect(lost).toEqual(new PrivateLineLost('the other process does not answer'))
    expect(lost.cause).toMatchObject({ code: 'ENOENT' })
    // A later call begins to wait anew.
    const next = far.echo(2)
    await serve()
    expect(await next).toBe(2)
  })

  it('that was closed takes no call, waits for nobody and lets go of its own', async () => {
    const open = line()
    await open.verbs.echo(1)
    open.close()
    expect(await problemOf(open.verbs.echo(2))).toEqual(new PrivateLineLost('the line is closed'))
    await server!.close()
    server = null
    const waiting = line()
    const call = problemOf(waiting.verbs.echo(1))
    waiting.close()
    expect(await call).toEqual(new PrivateLineLost('the other process does not answer'))
    expect(() => line().close()).not.toThrow()
  })
})
