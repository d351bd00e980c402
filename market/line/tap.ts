// A line that is listened to: passes everything on as it comes, and keeps a copy.

import net from 'node:net'

export interface Tap {
  /** Where to connect instead of the far end. */
  readonly port: number
  /** Everything that passed, one buffer a connection and direction. */
  captured(): Buffer[]
  stop(): Promise<void>
}

type Address = { readonly host: string; readonly port: number } | { readonly path: string }

/** Listens on a free port of this machine or, for a private line, on the path given. */
export async function startTap(to: Address, listenOn?: string): Promise<Tap> {
  const streams: Buffer[][] = []
  const sockets = new Set<net.Socket>()

  function carry(from: net.Socket, onward: net.Socket) {
    const stream: Buffer[] = []
    streams.push(stream)
    sockets.add(from)
    from.on('data', (chunk) => {
      stream.push(Buffer.from(chunk))
      onward.write(chunk)
    })
    from.on('end', () => onward.end())
    from.on('error', () => onward.destroy())
    from.on('close', () => {
      sockets.delete(from)
      onward.destroySoon()
    })
  }

  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = net.connect({ ...to, allowHalfOpen: true, noDelay: true })
    carry(near, far)
    carry(far, near)
  })
  await new Promise<void>((listening, fail) => {
    server.once('error', fail)
    if (listenOn === undefined) server.listen(0, '127.0.0.1', listening)
    else server.listen(listenOn, listening)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    captured: () => streams.filter((stream) => stream.length > 0).map((stream) => Buffer.concat(stream)),
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise((closed) => server.close(closed))
    },
  }
}
