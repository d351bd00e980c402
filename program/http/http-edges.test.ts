// The shell of a listener at its bounds: what it takes, what it says to each kind of fault, and what it writes down.

import { createPrivateKey } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '@scratchless/voucher/random'
import type { FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { ConfigProblem } from '../config-file.ts'
import type { Log } from '../log.ts'
import { createHttpServer, HttpRefusal, type HttpServerOptions, parseInput } from './http-server.ts'
import { isLoopback, readTls } from './listener.ts'
import { createPeopleServer } from './people-server.ts'
import { createRateLimit } from './rate-limit.ts'

const error = vi.fn()
const debug = vi.fn()
const log = { error, debug } as unknown as Log
const clock = { nowMs: () => 1_000 }
const apps: FastifyInstance[] = []
afterEach(async () => {
  vi.clearAllMocks()
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

function shell(options: Partial<HttpServerOptions> = {}): FastifyInstance {
  const app = createHttpServer({ clock, random: systemRandom, log, ...options })
  apps.push(app)
  app.post('/take', async (asked) => ({
    raw: Buffer.isBuffer(asked.body),
    size: (asked.body as Buffer).length,
  }))
  app.get('/fail/:how', (asked) => {
    const { how } = asked.params as { how: string }
    if (how === 'refused') throw new HttpRefusal(409, 'no')
    if (how === 'down') throw new HttpRefusal(503, 'later', { waitS: 5 })
    throw Object.assign(new Error('inside'), how === 'plain' ? {} : { statusCode: Number(how) })
  })
  return app
}
const reference = expect.stringMatching(/^[0-9a-f]{12}$/)
const post = (app: FastifyInstance, size: number, type: string) =>
  app.inject({
    method: 'POST',
    url: '/take',
    payload: Buffer.alloc(size, 0x61),
    headers: { 'content-type': type },
  })

describe('a body', () => {
  it.each(['application/xml', 'application/cose', 'text/csv', 'application/octet-stream'])(
    'of %s comes as its bytes',
    async (type) => {
      expect((await post(shell(), 5, type)).json()).toEqual({ raw: true, size: 5 })
    },
  )

  it('has up to 256 KiB where nothing else is said, and as many bytes as were said elsewhere', async () => {
    const sizes = async (app: FastifyInstance, ...all: number[]) => {
      const codes = []
      for (const size of all) codes.push((await post(app, size, 'text/csv')).statusCode)
      return codes
    }
    expect(await sizes(shell(), 262_144, 262_145)).toEqual([200, 413])
    expect(await sizes(shell({ bodyLimitBytes: 7 }), 7, 8)).toEqual([200, 413])
  })

  it('that is no JSON is a bad request, without its text', async () => {
    const answer = await shell().inject({
      ...{ method: 'POST', url: '/take', payload: '{"pin":' },
      headers: { 'content-type': 'application/json' },
    })
    expect(answer.statusCode).toBe(400)
    expect(answer.json()).toEqual({ error: { code: 'bad-request', reference } })
  })
})

describe('a fault', () => {
  it.each([
    ['refused', 409, { code: 'no', reference }],
    ['down', 503, { code: 'later', reference, details: { waitS: 5 } }],
    ['plain', 500, { code: 'fault', reference }],
    ['500', 500, { code: 'fault', reference }],
    ['503', 500, { code: 'fault', reference }],
    ['499', 499, { code: 'bad-request', reference }],
    ['404', 404, { code: 'bad-request', reference }],
    ['413', 413, { code: 'too-large', reference }],
    ['415', 415, { code: 'unsupported-content-type', reference }],
  ])('%s is answered by %i', async (how, status, problem) => {
    const answer = await shell().inject(`/fail/${how}`)
    expect([answer.statusCode, answer.json()]).toEqual([status, { error: problem }])
    expect(answer.body).not.toContain('inside')
    // What is ours to mend is written down, with the reference that its asker got.
    const written = error.mock.calls.map(([fields, text]) => [fields.reference, fields.route, text])
    expect(written).toEqual(
      status >= 500 ? [[answer.json().error.reference, '/fail/:how', 'a request failed']] : [],
    )
  })

  it('of each request has a reference of its own', async () => {
    const app = shell()
    const references = new Set()
    for (let n = 0; n < 5; n++) references.add((await app.inject('/none')).json().error.reference)
    expect(references.size).toBe(5)
  })

  it('or none, each answer is written down without what it said', async () => {
    const answer = await shell().inject('/fail/refused?pin=1234')
    expect(debug.mock.calls).toEqual([
      [
        {
          reference: answer.json().error.reference,
          method: 'GET',
          route: '/fail/:how',
          status: 409,
          tookMs: expect.toSatisfy((ms: number) => Number.isInteger(ms)),
        },
        'answered',
      ],
    ])
  })
})

describe('what came in', () => {
  const shape = z.object({ a: z.object({ b: z.number().max(5) }), c: z.string() })

  it('is given as its shape has it', () => {
    expect(parseInput(shape, { a: { b: 5 }, c: 'x', d: 1 })).toEqual({ a: { b: 5 }, c: 'x' })
  })

  it('is refused by field and rule, never by its value', () => {
    let refusal: unknown
    try {
      parseInput(shape, { a: { b: 6 }, c: 4711 })
    } catch (thrown) {
      refusal = thrown
    }
    expect(refusal).toMatchObject({
      name: 'HttpRefusal',
      status: 400,
      code: 'invalid',
      message: 'invalid',
      details: [
        { field: 'a.b', rule: 'too_big' },
        { field: 'c', rule: 'invalid_type' },
      ],
    })
  })
})

describe('a flood', () => {
  it('is held to two seconds’ worth at once and then to the rate, to the last part of a token', () => {
    let nowMs = 0
    const mayPass = createRateLimit({ nowMs: () => nowMs }, 2)
    const passes = (n: number) => Array.from({ length: n }, () => mayPass('a'))
    expect(passes(5)).toEqual([true, true, true, true, false])
    nowMs += 499
    expect(passes(1)).toEqual([false])
    nowMs += 1
    expect(passes(2)).toEqual([true, false])
    // No more is saved than the burst, and a clock that was set back gives nothing.
    nowMs += 100_000
    expect(passes(5)).toEqual([true, true, true, true, false])
    nowMs -= 50_000
    expect(passes(1)).toEqual([false])
    nowMs += 500
    expect(passes(2)).toEqual([true, false])
  })

  it('of addresses is forgotten beyond ten thousand, not remembered without end', () => {
    const mayPass = createRateLimit({ nowMs: () => 0 }, 1)
    const drained = () => [mayPass('a'), mayPass('a'), mayPass('a')]
    expect(drained()).toEqual([true, true, false])
    for (let n = 0; n < 9_999; n++) mayPass(`address ${n}`)
    // Ten thousand are remembered with it.
    expect(mayPass('a')).toBe(false)
    mayPass('one more')
    expect(drained()).toEqual([true, true, false])
  })

  it('is turned away at 200 a second where nothing else is said', async () => {
    const app = shell()
    let taken = 0
    for (let n = 0; n < 402; n++) if ((await app.inject('/none')).statusCode === 404) taken++
    expect(taken).toBe(400)
  })
})

// A certificate whose key is the number one: worthless, and known to everybody.
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBazCCARCgAwIBAgIBATAKBggqhkjOPQQDAjATMREwDwYDVQQDDAhsaXN0ZW5l
cjAgFw0yNjExMjUxMzQ3NDJaGA8yMTI2MTEwMTEzNDc0MlowEzERMA8GA1UEAwwI
bGlzdGVuZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARrF9Hy4SxCR/i85uVj
pEDydwN9gS3rM6D0oTlF2JjClk/jQuL+Gn+bjufrSnwPnhYrzjNXazFezsu2QGg3
v1H1o1MwUTAdBgNVHQ4EFgQUtGejmZ6176Zx3gAy8Iqcnl79oOEwHwYDVR0jBBgw
FoAUtGejmZ6176Zx3gAy8Iqcnl79oOEwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjO
PQQDAgNJADBGAiEAq89EnnSvEdkgYvNHA+tT3iKFUd5wExdBFyr0i/kZR6kCIQDf
FNs+bAVXKV1aUev6rmMkBS2cQK+gKA7U1EtvJ3z+9A==
-----END CERTIFICATE-----
`
const base64url = (hex: string) => Buffer.from(hex, 'hex').toString('base64url')
function keyOf(d: string, x: string, y: string): string {
  const jwk = { kty: 'EC', crv: 'P-256', d: base64url(d), x: base64url(x), y: base64url(y) }
  return createPrivateKey({ key: jwk, format: 'jwk' }).export({ type: 'pkcs8', format: 'pem' }).toString()
}
const ONE = keyOf(
  '1'.padStart(64, '0'),
  '6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296',
  '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5',
)
const TWO = keyOf(
  '2'.padStart(64, '0'),
  '7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978',
  '07775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1',
)

describe('the TLS of a listener', () => {
  let folder: string
  const file = (name: string) => join(folder, name)
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tls-'))
    writeFileSync(file('a.pem'), CERTIFICATE)
    writeFileSync(file('a.key'), ONE)
    writeFileSync(file('b.key'), TWO)
    writeFileSync(file('none'), 'nothing')
  })
  afterAll(() => rmSync(folder, { recursive: true }))
  const read = (certificate: string, key: string) =>
    readTls('staffHttp', { certificate: file(certificate), key: file(key) })

  it('is a certificate and its key', () => {
    expect(read('a.pem', 'a.key')).toEqual({
      cert: Buffer.from(CERTIFICATE),
      key: Buffer.from(ONE),
      minVersion: 'TLSv1.2',
    })
  })

  it.each([
    ['gone.pem', 'a.key', () => `staffHttp.tls.certificate: ${file('gone.pem')} cannot be read (ENOENT)`],
    ['a.pem', 'gone.key', () => `staffHttp.tls.key: ${file('gone.key')} cannot be read (ENOENT)`],
    ['none', 'a.key', () => `staffHttp.tls.certificate: ${file('none')} holds no certificate in PEM`],
    ['a.pem', 'none', () => `staffHttp.tls.key: ${file('none')} holds no private key in PEM`],
    [
      'a.pem',
      'b.key',
      () => `staffHttp.tls: ${file('b.key')} is not the key of the certificate in ${file('a.pem')}`,
    ],
  ])('of %s and %s is one sentence', (certificate, key, sentence) => {
    expect(() => read(certificate, key)).toThrow(new ConfigProblem(sentence()))
  })

  it('is spoken to people under the names of the listener, and plain where it has none', async () => {
    const people = (tls?: { certificate: string; key: string }) => {
      const app = createPeopleServer({
        ...{ clock, random: systemRandom, log, setting: 'staffHttp' },
        listener: { host: '127.0.0.1', port: 1, name: 'stock.example', ...(tls && { tls }) },
      })
      apps.push(app)
      app.get('/', async () => 'here')
      return app
    }
    const secure = people({ certificate: file('a.pem'), key: file('a.key') })
    await secure.listen({ host: '127.0.0.1', port: 0 })
    const { port } = secure.server.address() as AddressInfo
    const status = (host: string) =>
      new Promise((done, failed) => {
        const asked = request(
          { port, host: '127.0.0.1', rejectUnauthorized: false, headers: { host } },
          (answer) => {
            answer.resume()
            done(answer.statusCode)
          },
        )
        asked.on('error', failed).end()
      })
    expect([await status('stock.example'), await status('other.example')]).toEqual([200, 403])
    const plain = await people().inject({ url: '/', headers: { host: 'stock.example' } })
    expect(plain.body).toBe('here')
  })

  it('is not needed where only this machine reaches', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1'].every(isLoopback)).toBe(true)
    expect(['10.0.0.1', '::2', '128.0.0.1'].some(isLoopback)).toBe(false)
  })
})
