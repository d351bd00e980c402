import { createServer, type Socket } from 'node:net'
import { frameReader } from '@scratchless/wire/compact/frame'

/** A centre's answers over plain TCP frames. */
export function listenWith(answer: (bytes: Buffer) => Buffer): Promise<{ port: number; close(): void }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    const reader = frameReader()
    socket.on('error', () => socket.destroy())
    let held = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      held = Buffer.concat([held, chunk])
      const frames = reader.push(chunk)
      for (const { message } of frames === 'too-long' ? [] : frames) {
        const bytes = held.subarray(0, 7 + message.length)
        held = held.subarray(bytes.length)
        socket.write(answer(bytes))
      }
    })
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      resolve({
        port,
        close() {
          for (const socket of sockets) socket.destroy()
          server.close()
        },
      })
    })
  })
}
