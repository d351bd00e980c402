// What Node keeps of a stream's bytes beside the buffers it hands out, and how to have none of it kept.

import { connect, createServer } from 'node:net'
import type { Readable } from 'node:stream'

/**
 * A stream's bytes in the very buffers in which they were made, for whoever wipes them: reading a stream as an
 * iterable would join several into a copy and leave the originals behind. Throws where the stream breaks off.
 */
export async function* piecesOf(stream: Readable): AsyncGenerator<Buffer> {
  let piece: Buffer | null = null
  let ended = false
  let broken: unknown = null
  let wake = () => {}
  stream.on('data', (bytes: Buffer) => {
    stream.pause()
    piece = bytes
    wake()
  })
  stream.on('end', () => {
    ended = true
    wake()
  })
  stream.on('error', (error) => {
    broken = error
    wake()
  })
  stream.on('close', () => {
    if (!ended) broken ??= new Error('the stream broke off')
    wake()
  })
  try {
    for (;;) {
      if (piece !== null) {
        const bytes: Buffer = piece
        piece = null
        yield bytes
        stream.resume()
      } else if (broken !== null) throw broken
      else if (ended) return
      else
        await new Promise<void>((go) => {
          wake = go
        })
    }
  } finally {
    // Whoever stops early wants no more of it.
    if (!ended) stream.destroy()
  }
}

/** What a thread reads from its sockets lies in one buffer of this size until the next reads cover it. */
const READ_BUFFER_BYTES = 65_536
/** Zeros in one go, so that a read finds the buffer's whole length waiting. */
const RINSE_BYTES = 4 * READ_BUFFER_BYTES
/** Then the read buffer has another size than here, and has been covered many times. */
const ENOUGH_BYTES = 16 * RINSE_BYTES

/** Covers the read buffer that all sockets of this thread share with zeros, by reading zeros from a socket. */
export async function rinseReadBuffer(): Promise<void> {
  const server = createServer()
  await new Promise<void>((listening, fail) => {
    server.once('error', fail)
    server.listen(0, '127.0.0.1', listening)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP listener has a port')
  const zeros = Buffer.alloc(RINSE_BYTES)
  const far = connect(address.port, '127.0.0.1')
  try {
    await new Promise<void>((rinsed, fail) => {
      far.on('error', fail)
      server.once('connection', (near) => {
        let readBytes = 0
        near.on('error', fail)
        near.on('data', (chunk) => {
          readBytes += chunk.length
          if (chunk.length < READ_BUFFER_BYTES && readBytes < ENOUGH_BYTES) return
          near.destroy()
          rinsed()
        })
      })
      const pour = () => {
        if (!far.destroyed) far.write(zeros, pour)
      }
      far.on('connect', pour)
    })
  } finally {
    far.destroy()
    server.close()
  }
}
