// Two ways in for terminals: HTTPS, one frame as the body; and plain frames, one after the other, for modems, whose
// messages protect themselves.

import { createServer, type Server, type Socket } from 'node:net'
import type { TlsIdentity } from '@scratchless/keys/pinned-client'
import { publicListenerTls } from '@scratchless/office/http/partners'
import { createHttpServer } from '@scratchless/program/http/http-server'
import {
  FRAME_HEAD_BYTES,
  type Frame,
  frameReader,
  MAX_REQUEST_BYTES,
  writeFrame,
} from '@scratchless/wire/compact/frame'
import type { FastifyInstance } from 'fastify'
import type { CentreNeeds } from '../needs.ts'
import type { SupplyDoor } from './answer-supply-frame.ts'

const SUPPLY_PATH = '/supply'
const SUPPLY_CONTENT_TYPE = 'application/cose'
/** A concentrator may speak for many shops from one address. */
const REQUESTS_PER_SECOND = 5_000
/** The longest request takes 136 s at 240 bytes a second; a line that is silent longer is dead. */
const IDLE_MS = 300_000
/** Ten minutes of a region's shops dialling in at once. */
const MAX_CONNECTIONS = 2_000

export function createSupplyHttps(
  { log, clock, random }: CentreNeeds,
  own: TlsIdentity,
  door: SupplyDoor,
): FastifyInstance {
  const app = createHttpServer({
    ...{ log, clock, random },
    tls: publicListenerTls(own),
    bodyLimitBytes: FRAME_HEAD_BYTES + MAX_REQUEST_BYTES,
    requestsPerSecond: REQUESTS_PER_SECOND,
  })
  app.post(SUPPLY_PATH, async (request, reply) => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    return reply.type(SUPPLY_CONTENT_TYPE).send(Buffer.from(await door(body)))
  })
  return app
}

export function createFrameListener({ log }: Pick<CentreNeeds, 'log'>, door: SupplyDoor): Server {
  const server = createServer((socket) => {
    socket.setTimeout(IDLE_MS, () => socket.destroy())
    // The terminal has gone or its line was cut: it asks again.
    socket.on('error', () => socket.destroy())
    const reader = frameReader(MAX_REQUEST_BYTES)
    socket.on('data', (chunk) => {
      const frames = reader.push(chunk)
      if (frames === 'too-long') {
        socket.destroy()
        return
      }
      // One request at a time, and nothing more is read meanwhile.
      socket.pause()
      void answerAll(socket, frames).finally(() => socket.resume())
    })
  })
  server.maxConnections = MAX_CONNECTIONS

  async function answerAll(socket: Socket, frames: readonly Frame[]): Promise<void> {
    try {
      for (const frame of frames) if (!socket.destroyed) socket.write(await door(writeFrame(frame)))
    } catch (error) {
      log.error({ err: error }, 'a frame was not answered')
      socket.destroy()
    }
  }
  return server
}
