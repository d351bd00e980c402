// A printer for tests: it answers status requests, takes tickets, and can fail in the middle of one.

import { createServer, type Socket } from 'node:net'

export interface FakePrinter {
  readonly port: number
  /** Everything received since the start but status requests. */
  received(): Buffer
  setFault(fault: 'none' | 'no-paper' | 'cover-open'): void
  /** After so many bytes of the next ticket: the cable is pulled, or the printer says nothing more. */
  failAfter(bytes: number, how: 'cut' | 'silent'): void
  close(): Promise<void>
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
  let fault: 'none' | 'no-paper' | 'cover-open' = 'none'
  let failure: { bytes: number; how: 'cut' | 'silent' } | null = null
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    let silent = false
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (chunk: Buffer) => {
      const { paper, requests } = takeApart(chunk)
      if (failure !== null && paper.length > 0) {
        received = Buffer.concat([received, paper.subarray(0, failure.bytes)])
        if (failure.how === 'cut') socket.destroy()
        else silent = true
        failure = null
        return
      }
      received = Buffer.concat([received, paper])
      if (silent) return
      for (const request of requests)
        socket.write(Buffer.of(request.kind === 'mark' ? 0x00 : realTime(request.n, fault)))
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

function realTime(n: number, fault: string): number {
  if (n === 2 && fault === 'cover-open') return 0x16
  if (n === 2 && fault === 'no-paper') return 0x32
  if (n === 4 && fault === 'no-paper') return 0x72
  return n === 1 && fault !== 'none' ? 0x1a : 0x12
}
