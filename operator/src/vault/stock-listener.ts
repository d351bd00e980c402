// Where stock files enter: the vault's own listener, past the api process, so that no clear code ever meets it.
// A file needs a token that a signed-in member of staff got from the api, good once and for ten minutes.

import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { HttpRefusal } from '@scratchless/program/http/http-server'
import type { Listener } from '@scratchless/program/http/listener'
import { createPeopleServer } from '@scratchless/program/http/people-server'
import { randomBytes } from '@scratchless/voucher/random'
import type { FastifyInstance } from 'fastify'
import { importStockFile } from './import-stock-file.ts'
import type { VaultNeeds } from './vault-needs.ts'
import type { StockAdmission, StockTicket } from './verbs.ts'
import { piecesOf, rinseReadBuffer } from './wiped-pieces.ts'

export interface StockListener {
  readonly app: FastifyInstance
  /** A single-use token for one file. */
  admit(admission: StockAdmission): StockTicket
}

const TOKEN_BYTES = 32
const TOKEN_LIFE_MS = 10 * 60_000
/** Files that wait to be sent. More than that is somebody asking for tokens only. */
const MAX_TICKETS = 1_000

export function createStockListener(needs: VaultNeeds, listener: Listener): StockListener {
  const { clock, random } = needs
  const tickets = new Map<string, { admission: StockAdmission; endsAtMs: number }>()
  const app = createPeopleServer({ ...needs, setting: 'stockHttp', listener })
  // Whoever listens to a socket's data gets it from the parser's hidden buffer into one of his own, after the parser
  // has copied the body out of it: so the file's bytes can be wiped there too.
  const opened = listener.tls === undefined ? 'connection' : 'secureConnection'
  app.server.on(opened, (socket: Socket) => socket.on('data', (bytes: Buffer) => bytes.fill(0)))
  // A file is never a body in memory: every type arrives as its stream.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))

  app.post<{ Params: { token: string } }>('/stock-files/:token', async (request, reply) => {
    const key = keyOf(request.params.token)
    const ticket = tickets.get(key)
    tickets.delete(key)
    if (ticket === undefined || ticket.endsAtMs < clock.nowMs()) throw new HttpRefusal(403, 'token-not-valid')
    try {
      const result = await importStockFile(needs, ticket.admission, piecesOf(request.body as Readable))
      if ('problems' in result) void reply.status(422)
      return result
    } finally {
      await rinseReadBuffer()
    }
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
