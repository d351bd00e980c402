// A telephone line as seen from a socket: so many bytes a second, a delay, and a cut where a story wants one.
// Counts what passes, both ways.

import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface SlowLineOptions {
  readonly to: { readonly host: string; readonly port: number }
  /** Null: as fast as the machine. 2,400 bit/s with 8N1 carries 240. */
  readonly bytesPerSecond: number | null
  /** One way. */
  readonly delayMs: number
}

export interface SlowLine {
  readonly port: number
  /** Bytes that passed since the last `reset`: `up` towards the far end, `down` back. */
  readonly passed: { readonly up: number; readonly down: number }
  reset(): void
  /** From the next bytes on. */
  setPace(bytesPerSecond: number | null): void
  /** Cuts every open call. */
  cut(): void
  /** Cuts every open call and takes no other. */
  goDown(): void
  goUp(): void
  stop(): Promise<void>
}

/** Pieces small enough that a paced line looks steady, large enough that timers keep up. */
const PIECE_BYTES = 24

export async function startSlowLine(options: SlowLineOptions): Promise<SlowLine> {
  const passed = { up: 0, down: 0 }
  let { bytesPerSecond } = options
  let isDown = false
  const calls = new Set<net.Socket>()

  function carry(from: net.Socket, to: net.Socket, direction: 'up' | 'down') {
    let last: Promise<void> = Promise.resolve()
    from.on('data', (chunk) => {
      last = last.then(() => pass(chunk, to, direction))
    })
    from.on('end', () => {
      last = last.then(() => {
        to.end()
      })
    })
    from.on('error', () => to.destroy())
    from.on('close', () => calls.delete(from))
  }

  async function pass(chunk: Buffer, to: net.Socket, direction: 'up' | 'down') {
    if (options.delayMs > 0) await sleep(options.delayMs)
    passed[direction] += chunk.length
    const pace = bytesPerSecond
    if (pace === null) {
      to.write(chunk)
      return
    }
    const began = performance.now()
    for (let at = 0; at < chunk.length && !to.destroyed; at += PIECE_BYTES) {
      const piece = chunk.subarray(at, at + PIECE_BYTES)
      // Against the start, not the last piece: timers that wake late do not slow the line down.
      const dueMs = (1000 * (at + piece.length)) / pace
      const waitMs = began + dueMs - performance.now()
      if (waitMs > 0) await sleep(waitMs)
      to.write(piece)
    }
  }

  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    if (isDown) {
      near.destroy()
      return
    }
    const far = net.connect({ ...options.to, noDelay: true, allowHalfOpen: true })
    calls.add(near)
    calls.add(far)
    carry(near, far, 'up')
    carry(far, near, 'down')
  })
  await new Promise<void>((listening, fail) => {
    server.once('error', fail)
    server.listen(0, '127.0.0.1', listening)
  })

  const cut = () => {
    for (const call of calls) call.destroy()
  }
  return {
    port: (server.address() as net.AddressInfo).port,
    passed,
    reset() {
      passed.up = 0
      passed.down = 0
    },
    setPace(next) {
      bytesPerSecond = next
    },
    cut,
    goDown() {
      isDown = true
      cut()
    },
    goUp() {
      isDown = false
    },
    async stop() {
      cut()
      await new Promise((closed) => server.close(closed))
    },
  }
}
