import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type SecureVersion } from 'node:tls'
import { createAuthority, issueTlsCertificate } from '@scratchless/keys/certificates'
import { fingerprintOf } from '@scratchless/keys/fingerprint'
import { generatePair } from '@scratchless/keys/party-keys'
import {
  createPinnedClient,
  LineFault,
  type PinnedClient,
  type TlsIdentity,
} from '@scratchless/keys/pinned-client'
import { createHttpServer, type HttpServerOptions } from '@scratchless/program/http/http-server'
import { readTls } from '@scratchless/program/http/listener'
import { createLog } from '@scratchless/program/log'
import { systemClock } from '@scratchless/voucher/clock'
import { centreId, operatorId, type PartyId } from '@scratchless/voucher/ids'
import { systemRandom } from '@scratchless/voucher/random'
import type { FastifyInstance } from 'fastify'
import { afterEach, expect, test } from 'vitest'
import { type PartnerTls, partnerListenerTls, partnerOf, publicListenerTls } from './partners.ts'

const needs = { clock: systemClock, random: systemRandom }
const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close()
})

async function party(name: PartyId): Promise<{ own: TlsIdentity; known: PartnerTls }> {
  const authority = generatePair('tls-authority')
  const tls = generatePair('tls')
  const authorityPem = await createAuthority(name, authority, needs)
  const certificatePem = await issueTlsCertificate(
    { party: name, publicKey: tls.publicKey, authorityPem, authorityKey: authority.privateKey },
    needs,
  )
  const keyPem = tls.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return {
    own: { keyPem, certificatePem },
    known: { party: name, authorityPem, spkiSha256: fingerprintOf(tls.publicKey) },
  }
}

async function listen(options: Partial<HttpServerOptions>, routes: (app: FastifyInstance) => void) {
  const log = createLog({ program: 'test', process: 'api', clock: systemClock, level: 'silent' })
  const app = createHttpServer({ ...needs, log, ...options })
  routes(app)
  open.push(app)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  return `https://127.0.0.1:${port}/restock`
}

function client(partner: PartnerTls, own?: TlsIdentity): PinnedClient {
  const made = createPinnedClient(partner, own)
  open.push(made)
  return made
}

async function problemOf(answer: Promise<unknown>): Promise<string> {
  const error = await answer.catch((reason: unknown) => reason)
  return error instanceof LineFault ? error.problem : `not a LineFault: ${error}`
}

const atlas = await party(operatorId('atlas'))
const centre = await party(centreId('centre'))
const stranger = await party(centreId('centre'))
const message = { body: Buffer.from('<order/>'), contentType: 'application/xml' }

test('partners know each other by their keys; raw XML passes through untouched', async () => {
  const url = await listen({ tls: partnerListenerTls(atlas.own, [centre.known]) }, (app) => {
    app.post('/restock', async (request, reply) => {
      const from = partnerOf(request, [centre.known])
      void reply.type('application/xml')
      return Buffer.concat([Buffer.from(`${from}:`), request.body as Buffer])
    })
  })
  const answers = await Promise.all(
    [1, 2, 3].map(() => client(atlas.known, centre.own).post({ url, ...message })),
  )
  for (const answer of answers) expect(answer.body.toString()).toBe('centre:<order/>')
  expect(answers[0]).toMatchObject({ status: 200, contentType: 'application/xml' })

  // A stranger of the same name, an unexpected key at the far end, and nobody at all.
  expect(await problemOf(client(atlas.known, stranger.own).post({ url, ...message }))).not.toMatch('not a')
  expect(await problemOf(client(atlas.known).post({ url, ...message }))).not.toMatch('not a')
  const otherKey = { ...atlas.known, spkiSha256: stranger.known.spkiSha256 }
  expect(await problemOf(client(otherKey, centre.own).post({ url, ...message }))).toBe('wrong-certificate')
  expect(await problemOf(client(stranger.known, centre.own).post({ url, ...message }))).toBe(
    'wrong-certificate',
  )
})

test('a partner that is away, slow or cut is told apart', async () => {
  const url = await listen({ tls: partnerListenerTls(atlas.own, [centre.known]) }, (app) => {
    app.post('/restock', (request, reply) => {
      if (request.headers['content-type'] === 'application/cose') request.raw.socket.destroy()
      reply.hijack()
    })
  })
  const asker = client(atlas.known, centre.own)
  expect(await problemOf(asker.post({ url, ...message, timeoutMs: 200 }))).toBe('timed-out')
  expect(await problemOf(asker.post({ url, ...message, contentType: 'application/cose' }))).toBe('cut')
  expect(await problemOf(asker.post({ ...message, url: 'https://127.0.0.1:1/restock' }))).toBe('unreachable')
})

test('the files of a listener’s TLS are read together, and what is wrong is said by setting and file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'listener-'))
  open.push({ close: () => rmSync(folder, { recursive: true }) })
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const [certificate, key] = [file('a.pem', atlas.own.certificatePem), file('a.key', atlas.own.keyPem)]
  const [empty, other] = [file('empty', ''), file('other.key', centre.own.keyPem)]
  const none = join(folder, 'none')
  const readFiles = (certificate: string, key: string) => readTls('staffHttp', { certificate, key })
  expect(readFiles(certificate, key).cert.toString()).toBe(atlas.own.certificatePem)
  expect(() => readFiles(none, key)).toThrow(`staffHttp.tls.certificate: ${none} cannot be read (ENOENT)`)
  expect(() => readFiles(certificate, none)).toThrow(`staffHttp.tls.key: ${none} cannot be read (ENOENT)`)
  expect(() => readFiles(empty, key)).toThrow('holds no certificate in PEM')
  expect(() => readFiles(certificate, empty)).toThrow('holds no private key in PEM')
  expect(() => readFiles(certificate, other)).toThrow(
    `staffHttp.tls: ${other} is not the key of the certificate`,
  )
})

test('another key of the same partner’s authority is a stranger, and so is whoever shows none', async () => {
  const authority = generatePair('tls-authority')
  const authorityPem = await createAuthority(centreId('centre'), authority, needs)
  const issued = async () => {
    const { publicKey, privateKey } = generatePair('tls')
    const request = { party: centreId('centre'), publicKey, authorityPem, authorityKey: authority.privateKey }
    const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    return { keyPem, certificatePem: await issueTlsCertificate(request, needs), publicKey }
  }
  const [pinned, other] = [await issued(), await issued()]
  const known = { party: centreId('centre'), authorityPem, spkiSha256: fingerprintOf(pinned.publicKey) }
  const url = await listen({ tls: partnerListenerTls(atlas.own, [known]) }, (app) => {
    app.post('/restock', async (request) => `${partnerOf(request, [known])}`)
  })
  const by = async (own: TlsIdentity) =>
    (await client(atlas.known, own).post({ url, ...message })).body.toString()
  expect([await by(pinned), await by(other)]).toEqual(['centre', 'null'])
  const plain = await listen({}, (app) => {
    app.post('/restock', async (request) => `${partnerOf(request, [known])}`)
  })
  const answer = await fetch(plain.replace('https', 'http'), { method: 'POST' })
  expect(await answer.text()).toBe('null')
})

test.each([
  ['partners', () => partnerListenerTls(atlas.own, [centre.known]), 'TLSv1.3', 'TLSv1.2'],
  ['anybody', () => publicListenerTls(atlas.own), 'TLSv1.2', 'TLSv1.1'],
] as const)('the listener for %s speaks %3$s and nothing older', async (_who, tls, oldest, older) => {
  const url = new URL(await listen({ tls: tls() }, () => undefined))
  const speak = (version: SecureVersion) =>
    new Promise<string>((resolve) => {
      const socket = connect({
        ...{ host: url.hostname, port: Number(url.port), rejectUnauthorized: false },
        ...{ key: centre.own.keyPem, cert: centre.own.certificatePem },
        ...{ minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' },
      })
      socket.once('secureConnect', () => resolve(socket.getProtocol()!))
      socket.once('error', () => resolve('refused'))
      open.push({ close: () => socket.destroy() })
    })
  expect([await speak(oldest), await speak(older)]).toEqual([oldest, 'refused'])
})
