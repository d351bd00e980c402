// A printer for tests: it answers status requests, takes tickets, and can fail in the middle of one.

import { createServer, type Socket } from 'node:net'

export interface FakePrinter {
  readonly port: number
  /** Everything received since the start but status requests. */
  received(): Buffer
  setFault(fault: Fault): void
  /** After so many bytes of the next ticket: the cable is pulled, the printer says nothing more, or its roll ends. */
  failAfter(bytes: number, how: Failure['how']): void
  close(): Promise<void>
}

/** `near-end`: the roll is thin; `offline`: its own button was pressed. */
type Fault = 'none' | 'no-paper' | 'cover-open' | 'near-end' | 'offline'

interface Failure {
  readonly bytes: number
  readonly how: 'cut' | 'silent' | 'paper-end'
}

type Request = { readonly kind: 'real-time'; readonly n: number } | { readonly kind: 'mark' }

/** What is printed, and what is asked, in order. The tests' tickets come whole, so no request is cut in two. */
function takeApart(chunk: Buffer): { paper: Buffer; requests: Request[] } {
  const paper: number[] = []
  const requests: Request[] = []
  for (let at = 0; at < chunk.length; at++) {
    const [first, second, third] = chunk.subarray(at, at + 3)
    if (first === 0x10 && second === 0x04) requests.push({ kind: 'real-time', n: third! })
    else if (first === 0x1d && second === 0x72) requests.push({ kind: 'mark' })
    else {
      paper.push(first!)
      continue
    }
    at += 2
  }
  return { paper: Buffer.from(paper), requests }
}

export async function startFakePrinter(): Promise<FakePrinter> {
  let received = Buffer.alloc(0)
  let fault: Fault = 'none'
  let failure: Failure | null = null
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    let silent = false
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (chunk: Buffer) => {
      const { paper, requests } = takeApart(chunk)
      if (failure !== null && paper.length > 0) {
        const { bytes, how } = failure
        failure = null
        received = Buffer.concat([received, paper.subarray(0, bytes)])
        if (how === 'cut') return socket.destroy()
        if (how === 'silent') silent = true
        if (how === 'paper-end') fault = 'no-paper'
      } else received = Buffer.concat([received, paper])
      if (silent) return
      for (const request of requests)
        socket.write(Buffer.of(request.kind === 'mark' ? paperStatus(fault) : realTime(request.n, fault)))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as { port: number }).port,
    received: () => received,
    setFault(next) {
      fault = next
    },
    failAfter(bytes, how) {
      failure = { bytes, how }
    },
    close() {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

/** GS r 1: bits 0 and 1 for a roll that nears its end, 2 and 3 for one that has ended; 4 and 7 are always clear. */
function paperStatus(fault: Fault): number {
  if (fault === 'no-paper') return 0x0f
  return fault === 'near-end' ? 0x03 : 0x00
}

/** DLE EOT 1 (printer), 2 (why it is offline), 4 (paper); bits 1 and 4 are always set, 0 and 7 clear. */
function realTime(n: number, fault: Fault): number {
  if (n === 1) return fault === 'none' || fault === 'near-end' ? 0x16 : 0x1e
  if (n === 2) return fault === 'cover-open' ? 0x16 : fault === 'no-paper' ? 0x32 : 0x12
  if (fault === 'no-paper') return 0x7e
  return fault === 'near-end' ? 0x1e : 0x12
}
