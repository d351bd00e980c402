// Where stock files enter: the vault's own listener, past the api process, so that no clear code ever meets it.
// A file needs a token that a signed-in member of staff got from the api, good once and for ten minutes.

import { createHash } from 'node:crypto'
import { MessageChannel } from 'node:worker_threads'
import { createHttpServer, HttpRefusal } from '@scratchless/office/http/http-server'
import type { Log } from '@scratchless/program/log'
import type { Clock } from '@scratchless/voucher/clock'
import { type Random, randomBytes } from '@scratchless/voucher/random'
import type { FastifyInstance } from 'fastify'
import type { ChunkMessage } from './bulk-jobs.ts'
import type { BulkWorkers } from './bulk-workers.ts'
import type { StockImport } from './import-stock-file.ts'
import type { StockAdmission, StockTicket } from './verbs.ts'

export interface StockListener {
  readonly app: FastifyInstance
  /** A single-use token for one file. */
  admit(admission: StockAdmission): StockTicket
}

const TOKEN_BYTES = 32
const TOKEN_LIFE_MS = 10 * 60_000
/** Files that wait to be sent. More than that is somebody asking for tokens only. */
const MAX_TICKETS = 1_000
/** Chunks under way to the worker: enough to keep it busy, 512 kB at most. */
const MAX_CHUNKS_UNDER_WAY = 8

export function createStockListener(needs: {
  workers: Pick<BulkWorkers, 'run'>
  clock: Clock
  random: Random
  log: Log
}): StockListener {
  const { workers, clock, random } = needs
  const tickets = new Map<string, { admission: StockAdmission; endsAtMs: number }>()
  const app = createHttpServer(needs)
  // A file is never a body in memory: every type arrives as its stream.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))

  app.post<{ Params: { token: string } }>('/stock-files/:token', async (request, reply) => {
    const key = keyOf(request.params.token)
    const ticket = tickets.get(key)
    tickets.delete(key)
    if (ticket === undefined || ticket.endsAtMs < clock.nowMs()) throw new HttpRefusal(403, 'token-not-valid')
    const result = await takeFile(workers, ticket.admission, request.body as AsyncIterable<Buffer>)
    if ('problems' in result) void reply.status(422)
    return result
  })

  return {
    app,
    admit(admission) {
      const nowMs = clock.nowMs()
      for (const [key, { endsAtMs }] of tickets) if (endsAtMs < nowMs) tickets.delete(key)
      if (tickets.size >= MAX_TICKETS) throw new Error('too many stock files are admitted and not sent')
      const token = randomBytes(random, TOKEN_BYTES).toString('base64url')
      tickets.set(keyOf(token), { admission, endsAtMs: nowMs + TOKEN_LIFE_MS })
      return { token, path: `/stock-files/${token}` }
    },
  }
}

function keyOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** Hands the file to a worker chunk by chunk, no faster than the worker takes them. */
async function takeFile(
  workers: Pick<BulkWorkers, 'run'>,
  admission: StockAdmission,
  body: AsyncIterable<Buffer>,
): Promise<StockImport> {
  const { port1, port2 } = new MessageChannel()
  let ended = false
  let underWay = 0
  let wake: () => void = () => undefined
  port1.on('message', () => {
    underWay--
    wake()
  })
  const send = (message: ChunkMessage) =>
    port1.postMessage(message, typeof message === 'string' ? [] : [message.chunk.buffer as ArrayBuffer])
  const result = workers.run('importStockFile', { admission, port: port2 }, [port2]).finally(() => {
    ended = true
    wake()
  })
  // Looked at once the file is sent; a worker that dies meanwhile must not end the process.
  result.catch(() => undefined)
  try {
    // Once the worker has answered, the rest of the file is read and dropped: the sender wants to finish.
    for await (const chunk of body) {
      while (!ended && underWay >= MAX_CHUNKS_UNDER_WAY)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      if (!ended) {
        underWay++
        send({ chunk: Uint8Array.from(chunk) })
      }
      chunk.fill(0)
    }
    send('end')
  } catch (error) {
    send('cut')
    throw error
  }
  try {
    return await result
  } finally {
    port1.close()
  }
}
