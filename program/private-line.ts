// The private line between a program's api process and its vault or card process: a unix socket in the
// party's own folder, length-prefixed CBOR, many calls at once. It is no network protocol: both ends are
// the same release of the same program, and the folder's mode and group say who may speak.
//
// Values: text, numbers, bigints (kept bigints), booleans, null, undefined, arrays, plain objects, bytes.
// Bytes arrive as Uint8Array copies; the frame they came in is zeroed, so a clear code's owner wipes only his own.

import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { type DecodeOptions, decode, type EncodeOptions, encode, Token, Type } from 'cborg'

/** Verbs of a line: each takes one argument (or none) and answers with a value; a refusal is a value too. */
// biome-ignore lint/suspicious/noExplicitAny: the constraint must admit every argument type
export type Verbs = Record<string, (argument: any) => unknown>

/** The far end's view of the verbs. */
export type PrivateLine<V extends Verbs> = {
  readonly [Verb in keyof V]: (...argument: Parameters<V[Verb]>) => Promise<Awaited<ReturnType<V[Verb]>>>
}

export interface PrivateLineConnection<V extends Verbs> {
  readonly verbs: PrivateLine<V>
  close(): void
}

export interface PrivateLineServer {
  close(): Promise<void>
}

/** The verb broke at the far end; the reference finds the reason in that process's log. Not to be retried blindly. */
export class PrivateLineFault extends Error {
  override name = 'PrivateLineFault'
  readonly reference: string
  constructor(verb: string, reference: string) {
    super(`${verb} failed in the other process (reference ${reference})`)
    this.reference = reference
  }
}

/** The line was cut or not there: whether the verb ran is not known; a verb that may be repeated may be retried. */
export class PrivateLineLost extends Error {
  override name = 'PrivateLineLost'
  readonly retryable = true
}

/** A restock delivery of 10,000 codes is under 4 MiB; sixteen times that is room for bulk verbs, not for mistakes. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024
const HEADER_BYTES = 4
/** Linux: sun_path holds 108 bytes with the final zero. */
const MAX_SOCKET_PATH_BYTES = 107
/** The other process restarts in well under this; calls made meanwhile wait for it. */
const CONNECT_WITHIN_MS = 5_000
const RECONNECT_PAUSE_MS = 50

// A bigint always crosses as a bignum (RFC 8949, 3.4.3), because a small one would come back as a number.
const encoding: EncodeOptions = {
  typeEncoders: {
    bigint: (value: bigint) => {
      const hex = (value < 0n ? -1n - value : value).toString(16)
      const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
      return [new Token(Type.tag, value < 0n ? 3 : 2), new Token(Type.bytes, new Uint8Array(bytes))]
    },
  },
}

function bignum(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`)
}

const decoding: DecodeOptions = {
  tags: Object.assign([], {
    2: (inner: () => Uint8Array) => bignum(inner()),
    3: (inner: () => Uint8Array) => -1n - bignum(inner()),
  }),
}

type Request = [id: number, verb: string, argument: unknown]
type Answer = [id: number, kind: 'value', value: unknown] | [id: number, kind: 'fault', reference: string]

// The encoder keeps its first chunk of 256 bytes between calls; this overwrites what a secret left there.
const SCRUB = new Uint8Array(250)

function send(socket: Socket, message: Request | Answer): void {
  const body = encode(message, encoding)
  encode(SCRUB)
  if (body.length > MAX_FRAME_BYTES) throw new RangeError('too large for the private line')
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32BE(body.length)
  socket.cork()
  socket.write(header)
  socket.write(body, () => body.fill(0))
  socket.uncork()
}

type Message = [id: number, word: string, rest: unknown]

/** A message of this line, whichever way it goes; undefined for any other bytes. */
function readMessage(body: Uint8Array): Message | undefined {
  let message: unknown
  try {
    message = decode(body, decoding)
  } catch {
    return undefined // no CBOR
  }
  const [id, word, rest] = Array.isArray(message) ? message : []
  return Number.isSafeInteger(id) && typeof word === 'string' ? [id, word, rest] : undefined
}

/** Cuts a byte stream into decoded frames; every buffer a frame passed through is zeroed. */
function readFrames(socket: Socket, onMessage: (message: Message) => void): void {
  const header = Buffer.alloc(HEADER_BYTES)
  let headerFilled = 0
  let body: Uint8Array | null = null
  let bodyFilled = 0
  socket.on('data', (chunk: Buffer) => {
    let at = 0
    while (at < chunk.length) {
      if (body === null) {
        const taken = Math.min(HEADER_BYTES - headerFilled, chunk.length - at)
        chunk.copy(header, headerFilled, at, at + taken)
        headerFilled += taken
        at += taken
        if (headerFilled < HEADER_BYTES) break
        headerFilled = 0
        const size = header.readUInt32BE()
        if (size === 0 || size > MAX_FRAME_BYTES) {
          socket.destroy(new Error('a frame of impossible size'))
          break
        }
        // Off the engine's heap, so that zeroing it later reaches the only copy.
        body = new Uint8Array(new ArrayBuffer(size))
        bodyFilled = 0
        continue
      }
      const taken = Math.min(body.length - bodyFilled, chunk.length - at)
      body.set(chunk.subarray(at, at + taken), bodyFilled)
      bodyFilled += taken
      at += taken
      if (bodyFilled < body.length) break
      const message = readMessage(body)
      body.fill(0)
      body = null
      // Nothing that this line's far end would write: whoever it is, he is not listened to any longer.
      if (message === undefined) {
        socket.destroy(new Error('a frame that is no message'))
        break
      }
      onMessage(message)
    }
    chunk.fill(0)
  })
}

function assertPathFits(path: string): void {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES)
    throw new RangeError(`a socket's path has at most ${MAX_SOCKET_PATH_BYTES} bytes: ${path}`)
}

/**
 * Serves verbs on a unix socket (mode 0660, its folder made 0700 where it is not there). A verb that throws is given to `onFault`
 * with a reference, and only the reference crosses. A socket file left by a killed process is replaced.
 */
export async function servePrivateLine<V extends Verbs>(
  path: string,
  verbs: V,
  onFault: (fault: { reference: string; verb: string; error: unknown }) => void,
): Promise<PrivateLineServer> {
  assertPathFits(path)
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  rmSync(path, { force: true })
  const sockets = new Set<Socket>()
  let faults = 0
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // The caller has gone or was cut: it knows, and asks again.
    socket.on('error', () => socket.destroy())
    readFrames(socket, (message) => {
      void answer(socket, message)
    })
  })

  async function answer(socket: Socket, [id, verb, argument]: Request): Promise<void> {
    let reply: Answer
    try {
      const run = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined
      if (run === undefined) throw new TypeError(`no such verb: ${verb}`)
      reply = [id, 'value', await run(argument)]
      if (!socket.destroyed) send(socket, reply)
    } catch (error) {
      const reference = `${process.pid}-${++faults}`
      onFault({ reference, verb, error })
      if (!socket.destroyed) send(socket, [id, 'fault', reference])
    }
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      chmodSync(path, 0o660)
      resolve()
    })
  })
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

interface Pending {
  resolve(value: unknown): void
  reject(error: Error): void
  readonly verb: string
}

/**
 * An object with one async method per verb. It connects at the first call and again whenever the other
 * process restarts. Throws PrivateLineLost where the line is cut or absent for five seconds, PrivateLineFault
 * where the verb broke.
 */
export function connectPrivateLine<V extends Verbs>(path: string): PrivateLineConnection<V> {
  assertPathFits(path)
  const pending = new Map<number, Pending>()
  let nextId = 1
  let closed = false
  let connected: Promise<Socket> | null = null

  function lose(problem: string): void {
    connected = null
    const lost = [...pending.values()]
    pending.clear()
    for (const { reject, verb } of lost) reject(new PrivateLineLost(`${verb}: ${problem}`))
  }

  function connectOnce(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(path)
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        socket.on('error', () => socket.destroy())
        socket.once('close', () => lose('the line was cut'))
        readFrames(socket, (message) => settle(message as Answer))
        resolve(socket)
      })
    })
  }

  async function connect(): Promise<Socket> {
    const startedMs = performance.now()
    for (;;) {
      try {
        return await connectOnce()
      } catch (error) {
        if (closed || performance.now() - startedMs > CONNECT_WITHIN_MS) {
          connected = null
          throw new PrivateLineLost('the other process does not answer', { cause: error })
        }
        await new Promise((resolve) => setTimeout(resolve, RECONNECT_PAUSE_MS))
      }
    }
  }

  function settle([id, kind, value]: Answer): void {
    const call = pending.get(id)
    if (call === undefined) return
    pending.delete(id)
    if (kind === 'value') call.resolve(value)
    else call.reject(new PrivateLineFault(call.verb, value))
  }

  async function call(verb: string, argument: unknown): Promise<unknown> {
    if (closed) throw new PrivateLineLost('the line is closed')
    connected ??= connect()
    const socket = await connected
    if (socket.destroyed) throw new PrivateLineLost(`${verb}: the line was cut`)
    const id = nextId++
    return new Promise((resolve, reject) => {
      pending.set(id, { resolve, reject, verb })
      try {
        send(socket, [id, verb, argument])
      } catch (error) {
        pending.delete(id)
        reject(error as Error)
      }
    })
  }

  const verbs = new Proxy({} as PrivateLine<V>, {
    // `then` must stay absent: an awaited line would otherwise call a verb of that name.
    get: (_target, verb) =>
      typeof verb !== 'string' || verb === 'then' ? undefined : (argument: unknown) => call(verb, argument),
  })
  return {
    verbs,
    close() {
      closed = true
      connected?.then(
        (socket) => socket.destroy(),
        () => undefined,
      )
    },
  }
}
