// The one way an http listener is made, at every program: logs without bodies, a reference per request, one shape for
// every "no", bounds on what is taken, names that are served. Screens choose the words; we send codes.

import type { IncomingMessage, Server } from 'node:http'
import type { ServerOptions } from 'node:https'
import type { Clock } from '@scratchless/voucher/clock'
import { type Random, randomBytes } from '@scratchless/voucher/random'
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import type { z } from 'zod'
import type { Problem } from '../contract/contract.ts'
import type { Log } from '../log.ts'
import { createRateLimit } from './rate-limit.ts'

/** A "no" of the rules or of the protocol, thrown by a route: `{error: {code, reference, details?}}`. */
export class HttpRefusal extends Error {
  override name = 'HttpRefusal'
  readonly status: number
  readonly code: string
  readonly details: unknown
  constructor(status: number, code: string, details?: unknown) {
    super(code)
    this.status = status
    this.code = code
    this.details = details
  }
}

export interface HttpServerOptions {
  readonly log: Log
  readonly clock: Clock
  readonly random: Random
  /** TLS for the listener; without: plain HTTP, for this machine alone. */
  readonly tls?: ServerOptions | undefined
  /** The only names by which it may be asked (`namesOf`). Absent: any, for partners who know each other by keys. */
  readonly names?: readonly string[]
  /** Largest body taken. Default 256 KiB, room for any form of the screens. */
  readonly bodyLimitBytes?: number
  /** Requests per second and address; twice as many at once. Default 200: far above a person, below a flood. */
  readonly requestsPerSecond?: number
}

const DEFAULT_BODY_LIMIT_BYTES = 256 * 1024
const DEFAULT_REQUESTS_PER_SECOND = 200
/** A partner on a slow line gets this long to send a whole request. */
const REQUEST_TIMEOUT_MS = 120_000
const REFERENCE_BYTES = 6

/** Bodies that arrive as raw Buffers: messages that verify themselves. */
const RAW_CONTENT_TYPES = ['application/xml', 'application/cose', 'text/csv', 'application/octet-stream']

// What helmet would say, for a screen that loads everything from its own origin. Its parts write styles into the page.
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'self'; img-src 'self' data:; font-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/** A fastify server that only lacks its routes. Raw bodies: XML, COSE, CSV and octet streams come as Buffer. */
export function createHttpServer(options: HttpServerOptions): FastifyInstance {
  const settings = {
    bodyLimit: options.bodyLimitBytes ?? DEFAULT_BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    genReqId: () => randomBytes(options.random, REFERENCE_BYTES).toString('hex'),
    // Ends keep-alive connections at close, so that a program stops at once.
    forceCloseConnections: true,
  }
  // Fastify's type follows the kind of server; routes do not care which it is.
  const app = (
    options.tls === undefined ? Fastify(settings) : Fastify({ ...settings, https: options.tls })
  ) as FastifyInstance<Server, IncomingMessage>

  for (const type of RAW_CONTENT_TYPES)
    app.addContentTypeParser(type, { parseAs: 'buffer' }, (_request, body, done) => done(null, body))

  const bodyOf = (problem: Problem) => ({ error: problem })
  const mayPass = createRateLimit(options.clock, options.requestsPerSecond ?? DEFAULT_REQUESTS_PER_SECOND)
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS)
    if (!mayPass(request.ip)) throw new HttpRefusal(429, 'too-many-requests')
    if (options.names !== undefined && !isAskedBy(request.headers.host, options.names))
      throw new HttpRefusal(403, 'not-here')
  })
  app.addHook('onSend', async (request, reply) => {
    if (request.url.startsWith('/api/')) reply.header('cache-control', 'no-store')
  })
  app.addHook('onResponse', async (request, reply) => {
    options.log.debug(
      {
        reference: request.id,
        method: request.method,
        route: request.routeOptions.url,
        status: reply.statusCode,
        tookMs: Math.round(reply.elapsedTime),
      },
      'answered',
    )
  })
  app.setNotFoundHandler((request, reply) => {
    void reply.status(404).send(bodyOf({ code: 'not-found', reference: request.id }))
  })
  app.setErrorHandler((error: FastifyError | HttpRefusal, request, reply) => {
    const { status, code, details } = refusalOf(error)
    if (status >= 500)
      options.log.error(
        { reference: request.id, route: request.routeOptions.url, err: error },
        'a request failed',
      )
    void reply
      .status(status)
      .send(bodyOf({ code, reference: request.id, ...(details === undefined ? {} : { details }) }))
  })
  return app
}

/** The name in a Host header, without its port. */
function isAskedBy(header: string | undefined, names: readonly string[]): boolean {
  const name = header?.replace(/:\d+$/, '').toLowerCase()
  return name !== undefined && names.includes(name)
}

function refusalOf(error: FastifyError | HttpRefusal): { status: number; code: string; details?: unknown } {
  if (error instanceof HttpRefusal) return { status: error.status, code: error.code, details: error.details }
  const status = error.statusCode ?? 500
  if (status >= 500) return { status: 500, code: 'fault' }
  if (status === 413) return { status, code: 'too-large' }
  if (status === 415) return { status, code: 'unsupported-content-type' }
  return { status, code: 'bad-request' }
}

/** Checks what came in. Throws HttpRefusal 400 `invalid` with `details: [{field, rule}]`; never echoes a value. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const details = result.error.issues.map(({ path, code }) => ({
    field: path.map(String).join('.'),
    rule: code,
  }))
  throw new HttpRefusal(400, 'invalid', details)
}
