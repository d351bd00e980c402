import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { connect, createServer } from 'node:net'
import { PassThrough, Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { piecesOf, rinseReadBuffer } from './wiped-pieces.ts'

test('a stream comes in its own pieces, and each that is wiped is wiped where it was made', async () => {
  const stream = new PassThrough()
  const made = Array.from({ length: 50 }, (_, i) => Buffer.alloc(100, i))
  for (const piece of made) stream.write(piece)
  stream.end()
  let seen = 0
  for await (const piece of piecesOf(stream)) {
    expect(piece[0]).toBe(seen++)
    piece.fill(0xff)
  }
  expect(seen).toBe(50)
  expect(made.every((piece) => piece.every((byte) => byte === 0xff))).toBe(true)
})

test('a stream that breaks off throws, and whoever stops early ends it', async () => {
  const broken = new PassThrough()
  broken.write('a')
  const all = async () => {
    for await (const _ of piecesOf(broken)) broken.destroy(new Error('cut'))
  }
  await expect(all()).rejects.toThrow('cut')
  const long = Readable.from([Buffer.from('a'), Buffer.from('b')])
  for await (const _ of piecesOf(long)) break
  expect(long.destroyed).toBe(true)
})

test.runIf(process.platform === 'linux')(
  'what came over a socket is not in memory after a rinse',
  async () => {
    // Sent from a file, so that the reader's memory alone holds it: its mark is looked for by its digits' bytes.
    const mark = randomBytes(12)
    const server = createServer((near) => near.on('data', (bytes) => bytes.fill(0)))
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    const { port } = server.address() as { port: number }
    const far = connect(port, '127.0.0.1')
    const sent = Buffer.alloc(40_000)
    for (let at = 0; at + 12 <= sent.length; at += 12) mark.copy(sent, at)
    await new Promise<void>((done) => far.write(sent, () => done()))
    await new Promise((arrived) => setTimeout(arrived, 100))
    sent.fill(0)
    const before = copiesInMemory(mark)
    await rinseReadBuffer()
    const after = copiesInMemory(mark)
    far.destroy()
    server.close()
    expect(before).toBeGreaterThan(1_000)
    expect(after).toBeLessThan(100)
  },
)

/** Copies of a mark in this process's own memory, its writable mappings of ordinary size. */
function copiesInMemory(mark: Buffer): number {
  const memory = fs.openSync('/proc/self/mem', 'r')
  const chunk = Buffer.alloc(1 << 20)
  let copies = 0
  for (const line of fs.readFileSync('/proc/self/maps', 'latin1').split('\n')) {
    const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? []
    if (from === undefined || to === undefined) continue
    const [start, end] = [Number(`0x${from}`), Number(`0x${to}`)]
    if (end - start > 128 * chunk.length) continue
    for (let at = start; at < end; at += chunk.length) {
      const length = Math.min(chunk.length, end - at)
      fs.readSync(memory, chunk, 0, length, at)
      for (let i = chunk.indexOf(mark); i >= 0 && i < length; i = chunk.indexOf(mark, i + 1)) copies++
      chunk.fill(0)
    }
  }
  fs.closeSync(memory)
  return copies
}
