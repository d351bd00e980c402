import { once } from 'node:events'
import { type AddressInfo, connect, type Server, type Socket } from 'node:net'
import { createLog } from '@scratchless/program/log'
import { systemClock } from '@scratchless/voucher/clock'
import { FRAME_HEAD_BYTES, type Frame, frameReader, writeFrame } from '@scratchless/wire/compact/frame'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createFrameListener } from './supply-listeners.ts'

const log = createLog({ program: 'centre', process: 'test', clock: systemClock, level: 'silent' })
let server: Server
let socket: Socket
let taken: Uint8Array[]

/** Answers a frame with itself, slowly for the first one. */
async function echo(bytes: Uint8Array): Promise<Uint8Array> {
  taken.push(bytes)
  if (taken.length === 1) await new Promise((resolve) => setTimeout(resolve, 30))
  if (bytes[0] === 99) throw new Error('a fault of ours')
  return bytes
}

beforeEach(async () => {
  taken = []
  server = createFrameListener({ log }, echo)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
})
afterEach(() => {
  socket.destroy()
  server.close()
})

const frame = (sequence: number, kind = 7) =>
  writeFrame({ kind, sequence, message: Buffer.alloc(sequence, sequence) })

async function read(count: number): Promise<Frame[]> {
  const reader = frameReader()
  const frames: Frame[] = []
  for await (const chunk of socket) {
    const more = reader.push(chunk as Buffer)
    if (more === 'too-long') throw new Error(more)
    frames.push(...more)
    if (frames.length >= count) break
  }
  return frames
}

test('frames that come in pieces, or several at once, are answered one after the other', async () => {
  const bytes = Buffer.concat([frame(1), frame(2), frame(3)])
  socket.write(bytes.subarray(0, 3))
  await new Promise((resolve) => setTimeout(resolve, 20))
  socket.write(bytes.subarray(3))
  expect((await read(3)).map(({ sequence }) => sequence)).toEqual([1, 2, 3])
})

test('who announces more than the centre takes is disconnected', async () => {
  const head = Buffer.alloc(FRAME_HEAD_BYTES)
  head.writeUInt16BE(0xffff, 5)
  socket.write(head)
  await once(socket, 'close')
  expect(taken).toEqual([])
})

test('a fault of ours ends the connection without an answer: the terminal comes again', async () => {
  socket.write(frame(1, 99))
  expect(await read(1)).toEqual([])
})
