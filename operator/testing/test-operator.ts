// For tests only: a whole operator, started by its own main file with its own database, keys and ports, and a centre
// played by the test: it orders, and answers each delivery with a receipt.

import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority, issueTlsCertificate } from '@scratchless/keys/certificates'
import { fingerprintOf } from '@scratchless/keys/fingerprint'
import { generatePair, makePartyKeys, readPublicKey, unlockKeyFolder } from '@scratchless/keys/party-keys'
import { createPinnedClient, type PinnedAnswer, type TlsIdentity } from '@scratchless/keys/pinned-client'
import type { AuditorUrls } from '@scratchless/office/audit/run-checks'
import { createPool, type Pool } from '@scratchless/office/database/database'
import { createOfficeDatabases } from '@scratchless/office/database/roles'
import { partnerListenerTls } from '@scratchless/office/http/partners'
import { addStaff } from '@scratchless/office/staff/staff'
import { createHttpServer } from '@scratchless/program/http/http-server'
import { createLog } from '@scratchless/program/log'
import { systemClock } from '@scratchless/voucher/clock'
import { centreId, depotId, operatorId, type PartyId } from '@scratchless/voucher/ids'
import { newMessageId, randomBytes, systemRandom } from '@scratchless/voucher/random'
import { type RestockDelivery, verifyRestockDelivery } from '@scratchless/wire/restock/restock-delivery'
import { type RestockOrder, signRestockOrder } from '@scratchless/wire/restock/restock-order'
import {
  type RestockOrderResponse,
  verifyRestockOrderResponse,
} from '@scratchless/wire/restock/restock-order-response'
import { type RestockReceipt, signRestockReceipt } from '@scratchless/wire/restock/restock-receipt'
import { signingKeyOf, unwrappingKeyOf } from '@scratchless/wire/xml/rsa-keys'
import pg from 'pg'
import { TEST_DATABASE_URL } from '../../office/testing/test-database.ts'

const outside = { clock: systemClock, random: systemRandom }
const ATLAS = operatorId('atlas')
const CENTRE = centreId('centre')
const SUITE = 'interop'
const CENTRE_HEAD = { n: 1n, hash: Buffer.alloc(32, 1) }

export interface ReceivedPart {
  readonly delivery: RestockDelivery
  readonly packedCodes: Buffer
}

export interface TestOperator {
  readonly owner: Pool
  readonly vaultOwner: Pool
  readonly auditorUrls: AuditorUrls
  readonly folder: string
  /** Ends api and vault as a power cut would; their starter starts them again. */
  killChildren(): void
  /** Staff's own interface, signed in. */
  call(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: Record<string, unknown> & { [key: string]: never } }>
  page(lang: string, cookie?: boolean): Promise<string>
  /** Posts a file where an admission said. */
  upload(url: string, content: Uint8Array): Promise<{ status: number; body: Record<string, never> }>
  order(
    lines: RestockOrder['lines'],
    over?: Partial<RestockOrder>,
  ): Promise<{ order: RestockOrder; bytes: Buffer }>
  post(bytes: Buffer): Promise<PinnedAnswer>
  open(answer: PinnedAnswer): Promise<RestockOrderResponse>
  /** Parts as they came in, repeats included. */
  readonly parts: ReceivedPart[]
  /** What the centre says to a part; null: it hangs up. */
  answerPart: (
    part: ReceivedPart,
  ) => Pick<RestockReceipt, 'verdict' | 'count' | 'duplicates' | 'reason'> | null
  stop(): Promise<void>
}

async function tlsOf(folder: string, party: PartyId) {
  const authority = generatePair('tls-authority')
  const authorityPem = await createAuthority(party, authority, outside)
  const publicKey = readPublicKey(folder, 'tls')
  const request = { party, publicKey, authorityPem, authorityKey: authority.privateKey }
  const certificatePem = await issueTlsCertificate(request, outside)
  writeFileSync(join(folder, 'tls.pem'), certificatePem)
  const keyPem = (await unlockKeyFolder(folder).pair('tls')).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }) as string
  const own: TlsIdentity = { keyPem, certificatePem }
  return { own, authorityPem, pin: fingerprintOf(publicKey) }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

export async function startTestOperator(): Promise<TestOperator> {
  const folder = mkdtempSync(join(tmpdir(), 'operator-'))
  const keys = join(folder, 'keys')
  const centreKeys = join(folder, 'centre-keys')
  const [vaultKeys, apiKeys] = [join(keys, 'vault'), join(keys, 'api')]
  await makePartyKeys(
    vaultKeys,
    { pairs: ['restock-sign', 'restock-unwrap', 'stock'], secrets: ['lot-mac', 'fingerprint-atlas'] },
    outside,
  )
  await makePartyKeys(apiKeys, { pairs: ['tls'] }, outside)
  await makePartyKeys(centreKeys, { pairs: ['restock-sign', 'restock-unwrap', 'tls'] }, outside)
  const [ownTls, centreTls] = [await tlsOf(apiKeys, ATLAS), await tlsOf(centreKeys, CENTRE)]
  const [centreSign, centreUnwrap] = [
    await unlockKeyFolder(centreKeys).pair('restock-sign'),
    await unlockKeyFolder(centreKeys).pair('restock-unwrap'),
  ]
  const name = `operator_${randomBytes(systemRandom, 6).toString('hex')}`
  const adminUrl = process.env[TEST_DATABASE_URL]!
  const passwords = { owner: 'test', api: 'test', vault: 'test', auditor: 'test' }
  const { books: database, vault: vaultDatabase } = await createOfficeDatabases({
    adminUrl,
    party: ATLAS,
    passwords,
    database: name,
    rolePrefix: name,
  })
  const [staffPort, partnerPort, stockPort, centrePort] = await Promise.all([1, 2, 3, 4].map(freePort))

  const ownSign = readPublicKey(vaultKeys, 'restock-sign')
  const closing = {
    suite: SUITE,
    signingKey: signingKeyOf(centreSign.privateKey),
    level: 1,
    receiverKey: readPublicKey(vaultKeys, 'restock-unwrap'),
    random: systemRandom,
  } as const
  const verifying = {
    partner: { id: ATLAS, suite: SUITE, level: 1, verifyKey: ownSign },
    self: CENTRE,
    unwrappingKey: unwrappingKeyOf(centreUnwrap.privateKey),
  } as const
  const parts: ReceivedPart[] = []
  const log = createLog({ program: 'test', process: 'centre', clock: systemClock, level: 'silent' })
  const known = { party: ATLAS, authorityPem: ownTls.authorityPem, spkiSha256: ownTls.pin }
  const centre = createHttpServer({
    log,
    ...outside,
    tls: partnerListenerTls(centreTls.own, [known]),
    bodyLimitBytes: 2_000_000,
  })

  const pem = (key: ReturnType<typeof readPublicKey>) => key.export({ type: 'spki', format: 'pem' })
  const config = join(folder, 'config.json')
  writeFileSync(
    config,
    JSON.stringify({
      party: ATLAS,
      name: 'Atlas',
      colour: '#1D4F9F',
      customerCare: '1200',
      dataFolder: folder,
      keysFolder: 'keys',
      accounts: { api: 61_185, vault: 61_186 },
      database,
      vaultDatabase,
      staffHttp: { port: staffPort },
      partnerHttps: { port: partnerPort },
      stockHttp: { port: stockPort },
      partners: [
        {
          party: CENTRE,
          suite: SUITE,
          url: `https://127.0.0.1:${centrePort}/restock`,
          verifyKey: pem(centreSign.publicKey),
          wrapKey: pem(centreUnwrap.publicKey),
          tlsAuthority: centreTls.authorityPem,
          tlsPin: centreTls.pin,
          discountBasisPoints: 600,
          guarantee: '150000.000',
        },
      ],
    }),
  )
  const program = await startProgram(config)
  const owner = createPool({ url: database.owner, name: 'test owner', max: 2 })
  const vaultOwner = createPool({ url: vaultDatabase.owner, name: 'test owner', max: 2 })
  await addStaff(
    { pool: owner },
    { signInName: 'amel', fullName: 'Amel', roles: ['stock'], password: 'a long password' },
  )
  let cookie = ''
  const client = createPinnedClient(known, centreTls.own)

  const operator: TestOperator = {
    owner,
    auditorUrls: { books: database.auditor, vault: vaultDatabase.auditor },
    vaultOwner,
    folder,
    parts,
    killChildren() {
      for (const pid of childrenOf(program.pid!)) process.kill(pid, 'SIGKILL')
    },
    answerPart: ({ delivery }) => ({
      verdict: 'taken',
      count: delivery.runs.reduce((sum, run) => sum + run.count, 0),
      duplicates: [],
    }),
    async call(method, path, body) {
      const answer = await fetch(`http://127.0.0.1:${staffPort}${path}`, {
        method,
        headers: { cookie, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? cookie
      return { status: answer.status, body: (await answer.json()) as never }
    },
    async page(lang, signedIn = true) {
      const headers = signedIn ? { cookie } : {}
      return (await fetch(`http://127.0.0.1:${staffPort}/?lang=${lang}`, { headers })).text()
    },
    async upload(url, content) {
      const answer = await fetch(url, { method: 'POST', body: Buffer.from(content) })
      return { status: answer.status, body: (await answer.json()) as never }
    },
    async order(lines, over = {}) {
      const nowMs = systemClock.nowMs()
      const order: RestockOrder = {
        id: newMessageId(systemRandom),
        issuedAt: new Date(nowMs).toISOString(),
        sender: CENTRE,
        receiver: ATLAS,
        auditHead: CENTRE_HEAD,
        expiresAt: new Date(nowMs + 3_600_000).toISOString(),
        depot: depotId('main'),
        lines,
        ...over,
      }
      return { order, bytes: await signRestockOrder(order, closing) }
    },
    post: (body) =>
      client.post({
        url: `https://127.0.0.1:${partnerPort}/restock`,
        body,
        contentType: 'application/xml',
      }),
    async open(answer) {
      const verified = await verifyRestockOrderResponse(answer.body, verifying)
      if ('refusal' in verified) throw new Error(verified.refusal)
      return verified.content
    },
    async stop() {
      client.close()
      await centre.close()
      await Promise.all([owner.end(), vaultOwner.end()])
      await new Promise((resolve) => {
        program.once('exit', resolve)
        program.kill('SIGTERM')
      })
      const admin = new pg.Client({ connectionString: adminUrl })
      await admin.connect()
      for (const one of [name, `${name}_vault`]) await admin.query(`DROP DATABASE ${one} WITH (FORCE)`)
      for (const role of Object.keys(passwords)) await admin.query(`DROP ROLE ${name}_${role}`)
      await admin.end()
      rmSync(folder, { recursive: true })
    },
  }

  centre.post('/restock', async (request, reply) => {
    const verified = await verifyRestockDelivery(request.body as Buffer, verifying)
    if ('refusal' in verified) throw new Error(verified.refusal)
    const part = { delivery: verified.content, packedCodes: verified.packedCodes }
    parts.push(part)
    const said = operator.answerPart(part)
    if (said === null) {
      request.raw.socket.destroy()
      return reply.hijack()
    }
    void reply.type('application/xml')
    return signRestockReceipt(
      {
        id: newMessageId(systemRandom),
        issuedAt: new Date(systemClock.nowMs()).toISOString(),
        sender: CENTRE,
        receiver: ATLAS,
        auditHead: CENTRE_HEAD,
        deliveryId: part.delivery.id,
        orderId: part.delivery.orderId,
        ...said,
      },
      closing,
    )
  })
  await centre.listen({ host: '127.0.0.1', port: centrePort! })
  await operator.call('POST', '/api/sign-in', { signInName: 'amel', password: 'a long password' })
  return operator
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return text === '' ? [] : text.split(' ').map(Number)
}

function startProgram(config: string): Promise<ChildProcess> {
  const log = `${config}.log`
  const program = fork(new URL('../src/main.ts', import.meta.url), ['--config', config], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  program.stdout?.on('data', (chunk) => writeFileSync(log, chunk, { flag: 'a' }))
  program.stderr?.on('data', (chunk) => writeFileSync(log, chunk, { flag: 'a' }))
  return new Promise((resolve, reject) => {
    program.once('message', () => resolve(program))
    program.once('exit', () => reject(new Error(`the operator did not start: ${readFileSync(log, 'utf8')}`)))
  })
}
