import { systemClock } from '@scratchless/voucher/clock'
import { systemRandom } from '@scratchless/voucher/random'
import type { FastifyInstance } from 'fastify'
import { expect, test } from 'vitest'
import { createLog } from '../log.ts'
import { createHttpServer, HttpRefusal, type HttpServerOptions } from './http-server.ts'
import { createRateLimit } from './rate-limit.ts'

const log = createLog({ program: 'test', process: 'api', clock: systemClock, level: 'silent' })

function shell(options: Partial<HttpServerOptions> = {}): FastifyInstance {
  const app = createHttpServer({ clock: systemClock, random: systemRandom, log, ...options })
  app.post('/restock', (request) => {
    if (request.headers['x-refuse']) throw new HttpRefusal(409, 'no', { field: 'x' })
    throw new Error('SELECT secret FROM somewhere')
  })
  app.get('/api/state', async () => ({}))
  return app
}

test('a fault gives its reference and nothing else; too large and unknown are said', async () => {
  const app = shell({ bodyLimitBytes: 10 })
  const post = async (payload: string, headers: Record<string, string> = {}) => {
    const answer = await app.inject({
      ...{ method: 'POST', url: '/restock', payload },
      headers: { 'content-type': 'application/xml', ...headers },
    })
    return answer.json()
  }
  const reference = expect.stringMatching(/^[0-9a-f]{12}$/)
  expect(await post('x')).toEqual({ error: { code: 'fault', reference } })
  expect(await post('x', { 'x-refuse': '1' })).toEqual({
    error: { code: 'no', reference, details: { field: 'x' } },
  })
  expect(await post('x'.repeat(11))).toMatchObject({ error: { code: 'too-large' } })
  expect(await post('x', { 'content-type': 'text/html' })).toMatchObject({
    error: { code: 'unsupported-content-type' },
  })
  expect((await app.inject({ url: '/none' })).json()).toEqual({ error: { code: 'not-found', reference } })
})

test('every answer tells the browser to load nothing from elsewhere, and none of the api is kept', async () => {
  const app = shell({ names: ['localhost'] })
  const asked = [
    { url: '/api/state', headers: { host: 'localhost' } },
    { url: '/none', headers: { host: 'localhost' } },
    { url: '/api/state', headers: { host: 'till.example' } },
  ]
  for (const request of asked) {
    const { headers } = await app.inject(request)
    expect(headers['content-security-policy']).toContain("default-src 'self'")
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY' })
    expect(headers['cache-control']).toBe(request.url.startsWith('/api/') ? 'no-store' : undefined)
  }
})

test('it is asked by its own names only, with or without a port', async () => {
  const app = shell({ names: ['127.0.0.1', '[::1]', 'stock.example'] })
  const status = async (host: string) =>
    (await app.inject({ url: '/api/state', headers: { host } })).statusCode
  expect(await status('127.0.0.1:4000')).toBe(200)
  expect(await status('[::1]:4000')).toBe(200)
  expect(await status('Stock.Example')).toBe(200)
  expect(await status('stock.example.org')).toBe(403)
  expect(await status('127.0.0.12')).toBe(403)
  expect(await status('stock')).toBe(403)
  // Partners are known by their keys, under whatever name.
  expect((await shell().inject({ url: '/api/state', headers: { host: 'any' } })).statusCode).toBe(200)
})

test('an address that floods waits; another does not', () => {
  const clock = { at: 0, nowMs: () => clock.at }
  const mayPass = createRateLimit(clock, 5)
  const passed = () => Array.from({ length: 100 }, () => mayPass('a')).filter(Boolean).length
  expect(passed()).toBe(10)
  expect(mayPass('b')).toBe(true)
  clock.at += 1_000
  expect(passed()).toBe(5)
})

test('the shell itself turns a flood away', async () => {
  const app = shell({ requestsPerSecond: 2, clock: { nowMs: () => 0 } })
  const codes = []
  for (let i = 0; i < 5; i++) codes.push((await app.inject({ url: '/api/state' })).statusCode)
  expect(codes).toEqual([200, 200, 200, 200, 429])
})
