// The asking side of TLS against real listeners: each problem by its name, and that a far end which is not the one
// we know gets to see nothing.

import { X509Certificate } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server, type ServerOptions } from 'node:https'
import type { AddressInfo, Server as TcpServer } from 'node:net'
import { createServer as createTcpServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '@scratchless/voucher/clock'
import { systemRandom } from '@scratchless/voucher/random'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { createAuthority, issueTlsCertificate } from './certificates.ts'
import { fingerprintOf } from './fingerprint.ts'
import { generatePair, type KeyPair } from './party-keys.ts'
import {
  createPinnedClient,
  LineFault,
  type PinnedClient,
  type PinnedTls,
  type TlsIdentity,
} from './pinned-client.ts'

const MIB = 1024 * 1024
const DAY_MS = 86_400_000

interface Party {
  readonly authority: KeyPair
  readonly authorityPem: string
  readonly pinned: PinnedTls
  readonly identity: TlsIdentity
}

/** A party with its authority and a TLS certificate, made at a moment that may be long gone. */
async function party(name: string, nowMs = systemClock.nowMs(), authority = generatePair('tls-authority')) {
  const needs = { clock: { nowMs: () => nowMs }, random: systemRandom }
  const tls = generatePair('tls')
  const authorityPem = await createAuthority(name, authority, { ...needs, clock: systemClock })
  const request = { party: name, publicKey: tls.publicKey, authorityPem, authorityKey: authority.privateKey }
  return {
    authority,
    authorityPem,
    pinned: { authorityPem, spkiSha256: fingerprintOf(tls.publicKey) },
    identity: {
      keyPem: tls.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      certificatePem: await issueTlsCertificate(request, needs),
    },
  } satisfies Party
}

let centre: Party
let operator: Party
const servers: (Server | TcpServer)[] = []
const clients: PinnedClient[] = []

beforeAll(async () => {
  centre = await party('centre')
  operator = await party('atlas')
})
afterEach(async () => {
  vi.restoreAllMocks()
  for (const client of clients.splice(0)) client.close()
  await Promise.all(
    servers.splice(0).map((server) => {
      if ('closeAllConnections' in server) server.closeAllConnections()
      return new Promise((done) => server.close(done))
    }),
  )
})

type Handler = (request: IncomingMessage, answer: ServerResponse) => void

async function listen(server: Server | TcpServer): Promise<string> {
  servers.push(server)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}/restock`
}

/** A listener of the operator's, or of another party's. */
async function serve(handler: Handler, who = operator, more: ServerOptions = {}) {
  const seen = { requests: 0, connections: 0 }
  const server = createServer(
    { key: who.identity.keyPem, cert: who.identity.certificatePem, minVersion: 'TLSv1.3', ...more },
    (request, answer) => {
      seen.requests++
      handler(request, answer)
    },
  )
  server.on('secureConnection', () => seen.connections++)
  return { url: await listen(server), seen, server }
}

function client(peer: PinnedTls = operator.pinned, own?: TlsIdentity): PinnedClient {
  const made = createPinnedClient(peer, own)
  clients.push(made)
  return made
}

const post = (url: string, from = client(), timeoutMs = 5_000) =>
  from.post({ url, body: Buffer.from('<Order/>'), contentType: 'application/xml', timeoutMs })

async function problemOf(posting: Promise<unknown>): Promise<unknown> {
  const fault = await posting.then(
    () => 'answered',
    (error: unknown) => error,
  )
  expect(fault).toBeInstanceOf(LineFault)
  expect((fault as LineFault).name).toBe('LineFault')
  return (fault as LineFault).problem
}

describe('an answer', () => {
  it('is whole, whatever its status, to a request that is whole', async () => {
    const asked: unknown[] = []
    const { url } = await serve(async (request, answer) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      const { method, headers } = request
      asked.push(
        method,
        request.url,
        headers['content-type'],
        headers['content-length'],
        Buffer.concat(chunks),
      )
      answer.writeHead(418, { 'content-type': 'text/plain' })
      answer.write('one ')
      setTimeout(() => answer.end('two'), 10)
    })
    expect(await post(url)).toEqual({ status: 418, contentType: 'text/plain', body: Buffer.from('one two') })
    expect(asked).toEqual(['POST', '/restock', 'application/xml', '8', Buffer.from('<Order/>')])
  })

  it('may say nothing of its kind, and be empty', async () => {
    const { url } = await serve((_, answer) => answer.writeHead(204).end())
    expect(await post(url)).toEqual({ status: 204, contentType: '', body: Buffer.alloc(0) })
  })

  it('is taken up to 16 MiB and not a byte further', async () => {
    let size = 16 * MIB
    const { url } = await serve((_, answer) => answer.end(Buffer.alloc(size, 7)))
    expect((await post(url)).body.equals(Buffer.alloc(size, 7))).toBe(true)
    size++
    expect(await problemOf(post(url))).toBe('too-large')
  })

  it('comes over connections that stay open, eight at once at most', async () => {
    const waiting: ServerResponse[] = []
    let most = 0
    const { url, seen } = await serve((_, answer) => {
      waiting.push(answer)
      most = Math.max(most, waiting.length)
      setTimeout(() => waiting.shift()?.end('done'), 30)
    })
    const from = client()
    await Promise.all(Array.from({ length: 12 }, () => post(url, from)))
    expect([most, seen.requests, seen.connections]).toEqual([8, 12, 8])
    await post(url, from)
    expect(seen.connections).toBe(8)
  })
})

describe('the far end', () => {
  it('sees our certificate where we have one, and none where we have none', async () => {
    const seen: unknown[] = []
    const asks = { requestCert: true, rejectUnauthorized: false }
    const { url } = await serve(
      (request, answer) => {
        const { raw } = (
          request.socket as unknown as { getPeerCertificate(): { raw?: Buffer } }
        ).getPeerCertificate()
        seen.push(raw && fingerprintOf(new X509Certificate(raw).publicKey))
        answer.end()
      },
      operator,
      asks,
    )
    await post(url, client(operator.pinned, centre.identity))
    await post(url)
    expect(seen).toEqual([centre.pinned.spkiSha256, undefined])
  })

  it('is known by its key and not by its name', async () => {
    const { url } = await serve((_, answer) => answer.end('yes'))
    expect((await post(url.replace('127.0.0.1', 'localhost'))).status).toBe(200)
  })

  it.each([
    [
      'has another key, of the right authority',
      () => party('atlas', systemClock.nowMs(), operator.authority),
    ],
    ['has the right name and another authority', () => party('atlas')],
    ['is another party', async () => centre],
  ])('gets nothing where it %s', async (_what, makeOther) => {
    const { url, seen } = await serve((_, answer) => answer.end(), await makeOther())
    expect(await problemOf(post(url))).toBe('wrong-certificate')
    expect(seen.requests).toBe(0)
  })

  it.each([
    ['ended a minute ago', -397 * DAY_MS - 60_000],
    ['begins in a minute', 3_600_000 + 60_000],
  ])('gets nothing where its certificate %s', async (_what, offsetMs) => {
    const stale = await party('atlas', systemClock.nowMs() + offsetMs)
    const { url, seen } = await serve((_, answer) => answer.end(), stale)
    expect(await problemOf(post(url, client(stale.pinned)))).toBe('wrong-certificate')
    expect(seen.requests).toBe(0)
  })

  it.each([
    ['ends in a minute', -397 * DAY_MS + 60_000],
    ['began a minute ago', 3_600_000 - 60_000],
  ])('is believed where its certificate %s', async (_what, offsetMs) => {
    const fresh = await party('atlas', systemClock.nowMs() + offsetMs)
    const { url } = await serve((_, answer) => answer.end('yes'), fresh)
    expect((await post(url, client(fresh.pinned))).body.toString()).toBe('yes')
  })

  it('gets nothing where its own authority signed it and its key is right, but we know another authority', async () => {
    const { url, seen } = await serve((_, answer) => answer.end())
    const confused = { authorityPem: centre.authorityPem, spkiSha256: operator.pinned.spkiSha256 }
    expect(await problemOf(post(url, client(confused)))).toBe('wrong-certificate')
    expect(seen.requests).toBe(0)
  })

  it('gets nothing where it speaks an older TLS only', async () => {
    const { url, seen } = await serve((_, answer) => answer.end(), operator, {
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.2',
    })
    expect(await problemOf(post(url))).toBe('unreachable')
    expect(seen.requests).toBe(0)
  })

  it('that takes no certificate of ours hangs up: nothing is asked of it', async () => {
    const strict = { requestCert: true, rejectUnauthorized: true, ca: operator.authorityPem }
    const { url, seen } = await serve((_, answer) => answer.end(), operator, strict)
    // By when its refusal arrives, we may be writing already.
    for (const own of [undefined, centre.identity])
      expect(await problemOf(post(url, client(operator.pinned, own)))).toMatch(/^(cut|wrong-certificate)$/)
    expect(seen.requests).toBe(0)
    expect((await post(url, client(operator.pinned, operator.identity))).status).toBe(200)
  })
})

describe('no answer', () => {
  it('is unreachable where nobody listens, or nobody lets us finish our greeting', async () => {
    const { url, server } = await serve((_, answer) => answer.end())
    await new Promise((done) => server.close(done))
    servers.length = 0
    expect(await problemOf(post(url))).toBe('unreachable')
    const rude = createTcpServer((socket) => socket.destroy())
    expect(await problemOf(post(await listen(rude)))).toBe('unreachable')
  })

  it('is cut where the far end hangs up after it has our request, before its answer or within it', async () => {
    const before = await serve((request) => request.resume().on('end', () => request.socket.destroy()))
    expect(await problemOf(post(before.url))).toBe('cut')
    const within = await serve((request, answer) => {
      answer.writeHead(200, { 'content-length': 100 })
      answer.write('half')
      request.resume().on('end', () => setTimeout(() => request.socket.destroy(), 20))
    })
    expect(await problemOf(post(within.url))).toBe('cut')
  })

  it('is timed out after the time it was given, without an answer or within one, and hangs up', async () => {
    let cut = 0
    const silent = await serve((request) => void request.socket.on('close', () => cut++))
    expect(await problemOf(post(silent.url, client(), 40))).toBe('timed-out')
    const slow = await serve((_, answer) => void answer.writeHead(200).write('half'))
    expect(await problemOf(post(slow.url, client(), 40))).toBe('timed-out')
    await vi.waitFor(() => expect(cut).toBe(1))
    const beganMs = performance.now()
    expect(await problemOf(post(silent.url, client(), 200))).toBe('timed-out')
    expect(performance.now() - beganMs).toBeGreaterThan(190)
  })

  it('is waited for a minute where nothing else is said, and no longer than for the answer', async () => {
    const { url } = await serve((_, answer) => answer.end())
    const set = vi.spyOn(globalThis, 'setTimeout')
    const cleared = vi.spyOn(globalThis, 'clearTimeout')
    await client().post({ url, body: Buffer.alloc(0), contentType: 'text/plain' })
    const timer = set.mock.results[set.mock.calls.findIndex(([, ms]) => ms === 60_000)]?.value
    expect(timer).toBeDefined()
    expect(cleared).toHaveBeenCalledWith(timer)
  })

  it('leaves no timer behind where it is known early', async () => {
    const rude = createTcpServer((socket) => socket.destroy())
    const url = await listen(rude)
    const set = vi.spyOn(globalThis, 'setTimeout')
    const cleared = vi.spyOn(globalThis, 'clearTimeout')
    await problemOf(post(url, client(), 4_321))
    const timer = set.mock.results[set.mock.calls.findIndex(([, ms]) => ms === 4_321)]?.value
    expect(timer).toBeDefined()
    expect(cleared).toHaveBeenCalledWith(timer)
  })

  it('says in its message what happened, and why where that is known', async () => {
    const cause = new Error('ECONNREFUSED')
    expect(new LineFault('unreachable', cause)).toMatchObject({ message: 'unreachable: ECONNREFUSED', cause })
    expect(new LineFault('timed-out').message).toBe('timed-out')
    expect(new LineFault('cut', 'no error').message).toBe('cut')
  })
})

it('a client that is closed keeps no connection', async () => {
  let closed = 0
  const { url, server } = await serve((_, answer) => answer.end())
  server.on('secureConnection', (socket) => socket.on('close', () => closed++))
  const from = client()
  await post(url, from)
  await sleep(20)
  expect(closed).toBe(0)
  from.close()
  await vi.waitFor(() => expect(closed).toBe(1))
})
