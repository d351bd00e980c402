import { systemClock } from '@scratchless/voucher/clock'
import { systemRandom } from '@scratchless/voucher/random'
import type { FastifyInstance } from 'fastify'
import { afterEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { createHttpServer, HttpRefusal } from '../http/http-server.ts'
import { createLog } from '../log.ts'
import { AskedInVain, createClient, valueIn } from './client.ts'
import { contract, refuse } from './contract.ts'
import { openApiOf } from './open-api.ts'
import { type AuditedAct, serveContract } from './serve-contract.ts'

const shelf = contract({
  look: {
    method: 'GET',
    path: '/api/shelves/:shelf/books',
    params: z.strictObject({ shelf: z.coerce.number().int() }),
    query: z.strictObject({ title: z.string().optional(), most: z.coerce.number().default(10) }),
    answer: z.strictObject({ shelf: z.int(), title: z.string().nullable(), most: z.int() }),
    refusals: { 'no-shelf': 404 },
    act: 'look',
    audit: null,
  },
  put: {
    method: 'POST',
    path: '/api/books',
    body: z.strictObject({
      title: z
        .string()
        .min(1)
        .transform((text) => text.toUpperCase()),
    }),
    refusals: { full: 409, 'title-known': 409 },
    act: 'put',
    audit: 'book-put',
  },
})

const open: FastifyInstance[] = []
afterEach(async () => {
  vi.unstubAllGlobals()
  await Promise.all(open.splice(0).map((app) => app.close()))
})

function library(put: (title: string) => ReturnType<typeof refuse> | undefined = () => undefined) {
  const log = createLog({ program: 'test', process: 'test', clock: systemClock, level: 'silent' })
  const app = createHttpServer({ log, clock: systemClock, random: systemRandom })
  const audited: AuditedAct<string>[] = []
  serveContract(
    app,
    shelf,
    {
      allow(act, request) {
        const who = String(request.headers['x-who'] ?? 'reader')
        if (act === 'put' && who !== 'keeper') throw new HttpRefusal(403, 'not-allowed')
        return who
      },
      audited: (act) => audited.push(act),
    },
    {
      look({ params, query }) {
        if (params.shelf > 2) return refuse('no-shelf', { shelves: 2 })
        return { shelf: params.shelf, title: query.title ?? null, most: query.most }
      },
      put: ({ body }) => put(body.title) as never,
    },
  )
  open.push(app)
  return { app, audited }
}

const PUT = { method: 'POST', url: '/api/books' } as const
const keeper = { 'x-who': 'keeper' }

test('a route gets what it was given as its shapes read it', async () => {
  const { app, audited } = library()
  const answer = await app.inject('/api/shelves/2/books?title=Nights')
  expect(answer.statusCode).toBe(200)
  expect(answer.json()).toEqual({ shelf: 2, title: 'Nights', most: 10 })
  expect((await app.inject('/api/shelves/two/books')).json().error.details).toEqual([
    { field: 'shelf', rule: 'invalid_type' },
  ])
  expect((await app.inject('/api/shelves/2/books?colour=red')).statusCode).toBe(400)
  expect(audited).toEqual([])
})

test('a refusal carries its own status, its details and a reference', async () => {
  const { app } = library()
  const answer = await app.inject('/api/shelves/3/books')
  expect(answer.statusCode).toBe(404)
  expect(answer.json()).toEqual({
    error: { code: 'no-shelf', reference: expect.stringMatching(/^[0-9a-f]{12}$/), details: { shelves: 2 } },
  })
})

test('who may not do the act is refused before anything of his is read', async () => {
  const put = vi.fn(() => undefined)
  const { app, audited } = library(put)
  expect((await app.inject({ ...PUT, payload: { title: 7 } })).statusCode).toBe(403)
  expect(put).not.toHaveBeenCalled()
  expect(audited).toEqual([])
})

test('an act with a word is written down once, done or refused, with who did it', async () => {
  const put = vi.fn((title: string) => (title === 'TWICE' ? refuse('title-known') : undefined))
  const { app, audited } = library(put)
  const done = await app.inject({ ...PUT, headers: keeper, payload: { title: 'once' } })
  expect([done.statusCode, done.body]).toEqual([204, ''])
  expect(put).toHaveBeenCalledWith('ONCE')
  const refused = await app.inject({ ...PUT, headers: keeper, payload: { title: 'twice' } })
  expect(refused.statusCode).toBe(409)
  expect(audited).toEqual([
    { word: 'book-put', caller: 'keeper', refusal: null, reference: expect.any(String) },
    { word: 'book-put', caller: 'keeper', refusal: 'title-known', reference: refused.json().error.reference },
  ])
  expect((await app.inject({ ...PUT, headers: keeper, payload: { title: '' } })).statusCode).toBe(400)
  expect(audited).toHaveLength(2)
})

test('what no contract names does not leave', async () => {
  const log = createLog({ program: 'test', process: 'test', clock: systemClock, level: 'silent' })
  const app = createHttpServer({ log, clock: systemClock, random: systemRandom })
  open.push(app)
  const needs = { allow: () => null, audited: () => undefined }
  const told = { shelf: 1, title: null, most: 1, secret: 'x' }
  serveContract(app, { look: shelf.look }, needs, { look: () => told })
  const answer = await app.inject('/api/shelves/1/books')
  expect(answer.statusCode).toBe(500)
  expect(answer.body).not.toContain('secret')
})

test('a path that names what params do not have is a fault at the start', () => {
  const { app } = library()
  const needs = { allow: () => null, audited: () => undefined }
  const wrong = { ...shelf.put, path: '/api/other/:id' } as const
  expect(() => serveContract(app, { wrong }, needs, { wrong: () => undefined })).toThrow('path and params')
})

function answering(status: number, body: unknown) {
  const fetched = vi.fn(async (_address: string, _options: { method: string; body?: string }) => ({
    status,
    ok: status < 300,
    json: async () => body,
  }))
  vi.stubGlobal('fetch', fetched)
  return fetched
}

test('the client writes path, query and body as the contract has them, and reads the answer', async () => {
  const fetched = answering(200, { shelf: 2, title: null, most: 3 })
  const client = createClient(shelf, 'https://library.example')
  const answer = await client.look({ params: { shelf: 'a/b' as never }, query: { title: 'à la', most: 3 } })
  expect(answer).toEqual({ ok: true, value: { shelf: 2, title: null, most: 3 } })
  expect(fetched.mock.calls[0]![0]).toBe(
    'https://library.example/api/shelves/a%2Fb/books?title=%C3%A0+la&most=3',
  )
  expect(fetched.mock.calls[0]![1]).not.toHaveProperty('body')
  await client.look({ params: { shelf: 1 }, query: { title: undefined } })
  expect(fetched.mock.calls[1]![0]).toBe('https://library.example/api/shelves/1/books')

  const posted = answering(204, undefined)
  expect(await client.put({ body: { title: 'x' } })).toEqual({ ok: true, value: undefined })
  expect(posted.mock.calls[0]![1]).toMatchObject({
    method: 'POST',
    body: '{"title":"x"}',
    headers: { 'content-type': 'application/json' },
  })
})

test('a refusal is a value; no answer, and an answer that is not the contract’s, are faults', async () => {
  const client = createClient(shelf)
  const look = () => client.look({ params: { shelf: 1 }, query: {} })
  const problem = { code: 'no-shelf', reference: 'abc', details: { shelves: 2 } }
  answering(404, { error: problem })
  const refused = await look()
  expect(refused).toEqual({ ok: false, problem })
  expect(() => valueIn(refused)).toThrow(AskedInVain)

  const fault = { ok: false, problem: { code: 'fault', reference: '' } }
  answering(502, { message: 'bad gateway' })
  expect(await look()).toEqual(fault)
  answering(200, { shelf: 1, title: null, most: 1, more: true })
  expect(await look()).toEqual(fault)
  vi.stubGlobal('fetch', async () => {
    throw new TypeError('no line')
  })
  expect(await look()).toEqual(fault)
  expect(valueIn({ ok: true, value: 7 })).toBe(7)
})

test('the description for makers has every route, its parameters, its answers and its refusals', () => {
  const { paths } = openApiOf('Library', { shelf }) as { paths: Record<string, Record<string, never>> }
  expect(Object.keys(paths)).toEqual(['/api/shelves/{shelf}/books', '/api/books'])
  expect(paths['/api/shelves/{shelf}/books']!.get).toMatchObject({
    operationId: 'shelf.look',
    'x-act': 'look',
    parameters: [
      { name: 'shelf', in: 'path', required: true },
      { name: 'title', in: 'query', required: false },
      { name: 'most', in: 'query', required: false },
    ],
    responses: {
      200: {
        content: { 'application/json': { schema: { type: 'object', required: ['shelf', 'title', 'most'] } } },
      },
      404: { description: 'no-shelf' },
    },
  })
  expect(paths['/api/books']!.post).toMatchObject({
    'x-audit': 'book-put',
    requestBody: { required: true, content: { 'application/json': { schema: { required: ['title'] } } } },
    responses: { 204: { description: 'done' }, 409: { description: 'full, title-known' } },
  })
})
