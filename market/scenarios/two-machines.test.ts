// Offices on machines of their own: the operator listens on 127.0.0.2, the centre on 127.0.0.3 and the terminal on
// 127.0.0.4, each on that address alone, as three machines would; people reach the operator and the terminal by TLS.

import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import https from 'node:https'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { json } from 'node:stream/consumers'
import { centreSettings } from '@scratchless/centre/settings'
import { createAuthority, issueTlsCertificate } from '@scratchless/keys/certificates'
import { generatePair } from '@scratchless/keys/party-keys'
import { operatorSettings } from '@scratchless/operator/settings'
import { checkConfig } from '@scratchless/program/config-file'
import { configSchema } from '@scratchless/terminal/config'
import { systemClock } from '@scratchless/voucher/clock'
import { systemRandom } from '@scratchless/voucher/random'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MarketSettings } from '../demo/ceremony.ts'
import { claimDataFolder } from '../demo/data-folder.ts'
import { loadTills } from '../demo/fill-till.ts'
import { listenersOf } from '../demo/listeners.ts'
import { OPERATORS, productsOf } from '../demo/parties.ts'
import { sellOne } from '../demo/sell.ts'
import { type Market, STAFF, startMarket } from '../demo/start-market.ts'
import { centreStock, loadCentre, loadOperators } from '../demo/stock-market.ts'

const MINUTE_MS = 60_000
const root = path.join(import.meta.dirname, '..', '..')
const MACHINES: Record<string, string> = { atlas: '127.0.0.2', centre: '127.0.0.3', terminal: '127.0.0.4' }
const outside = { clock: systemClock, random: systemRandom }

let folder: string
let market: Market

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'machines-'))
  const data = claimDataFolder(path.join(folder, 'data'))
  if ('problem' in data) throw new Error(data.problem)
  market = await startMarket(data, {
    ...{ databaseUrl: null, terminals: 1, unpaced: true },
    onPaper: () => {},
    say: () => {},
    adjust: moveApart,
  })
}, 3 * MINUTE_MS)
afterAll(async () => {
  await market?.stop()
  fs.rmSync(folder, { recursive: true, force: true })
}, MINUTE_MS)

interface SettingsFile {
  readonly dataFolder: string
  readonly accounts: Readonly<Record<string, number>>
  readonly partners?: { readonly party: string; url: string }[]
  readonly centre?: { url: string; frames: { host: string } }
}

type Listeners = Record<string, { host?: string; port: number; tls?: object } | undefined>

function readFile(file: string): SettingsFile & { readonly listeners: Listeners } {
  const settings = JSON.parse(fs.readFileSync(file, 'utf8'))
  return Object.defineProperty(settings, 'listeners', { value: settings })
}

/** Every listener to its machine's own address, and every address that a partner was told. */
async function moveApart({ offices, terminals }: MarketSettings): Promise<void> {
  for (const { party, config } of [...offices, ...terminals.map((own) => ({ ...own, party: own.name }))]) {
    const known = readFile(config)
    const { listeners, accounts, partners, centre, dataFolder } = known
    const host = MACHINES[party]
    for (const name of ['staffHttp', 'partnerHttps', 'supplyHttps', 'frames', 'stockHttp', 'http'])
      if (host !== undefined && listeners[name]) listeners[name].host = host
    for (const partner of partners ?? [])
      partner.url = partner.url.replace('127.0.0.1', MACHINES[partner.party] ?? '127.0.0.1')
    if (centre !== undefined) {
      centre.url = centre.url.replace('127.0.0.1', MACHINES.centre!)
      centre.frames.host = MACHINES.centre!
    }
    if (party === 'atlas') {
      listeners.staffHttp!.tls = await tlsFiles(dataFolder, 'staff', accounts.api!)
      listeners.stockHttp!.tls = await tlsFiles(dataFolder, 'stock', accounts.vault!)
    }
    if (party === 'terminal') listeners.http!.tls = await tlsFiles(dataFolder, 'till', accounts.api!)
    fs.writeFileSync(config, JSON.stringify(known))
  }
}

/** A certificate for a listener's people, which the listener's own account may read. */
async function tlsFiles(dataFolder: string, name: string, account: number) {
  const authority = generatePair('tls-authority')
  const own = generatePair('tls')
  const certificate = await issueTlsCertificate(
    {
      party: name,
      publicKey: own.publicKey,
      authorityPem: await createAuthority(name, authority, outside),
      authorityKey: authority.privateKey,
    },
    outside,
  )
  const files = { certificate: `${name}.pem`, key: `${name}.key` }
  fs.writeFileSync(path.join(dataFolder, files.certificate), certificate)
  fs.writeFileSync(
    path.join(dataFolder, files.key),
    own.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    { mode: 0o600 },
  )
  if (process.getuid?.() === 0) fs.chownSync(path.join(dataFolder, files.key), account, account)
  return files
}

function configOf(party: string): string {
  return market.data.path(party, 'config.json')
}

test('an order and its deliveries go from one machine to the other, and on to a ticket', {
  timeout: 3 * MINUTE_MS,
}, async () => {
  await loadOperators(market, [], () => {})
  await loadCentre(market, () => {})
  const stock = await centreStock(market.offices.get('centre')!.staff)
  for (const { id } of OPERATORS.flatMap(productsOf)) expect(stock.get(id)).toBe(2_000)
  const [till] = await loadTills(market, () => {})
  expect(await sellOne(till!.vendor, 'ATLAS-1')).toMatchObject({ number: 1, state: 'printed' })
})

test('each machine listens on its own address and on no other', async () => {
  const places = listenersOf(market.settings).filter(({ host }) => host !== '127.0.0.1')
  expect(places.map(({ setting }) => setting.split(': ')[1])).toEqual(
    expect.arrayContaining(['staffHttp', 'partnerHttps', 'supplyHttps', 'frames', 'http']),
  )
  for (const { host, port } of places) {
    // The stock listener opens at the first admission.
    if (port !== readFile(configOf('atlas')).listeners.stockHttp!.port)
      expect(await reaches(host, port)).toBe(true)
    for (const other of ['127.0.0.1', '127.0.0.9']) expect(await reaches(other, port)).toBe(false)
  }
})

function reaches(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, host)
    socket.once('error', () => resolve(false))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}

interface Said {
  readonly status: number
  readonly cookie: string
  readonly body: { url?: string; lots?: { codes: number }[]; error?: { code: string } }
}

/** As a browser would that trusts this one certificate. */
function ask(url: string, certificate: string, body: string | object, headers: object = {}): Promise<Said> {
  const ca = fs.readFileSync(certificate, 'utf8')
  const options = { ca, allowPartialTrustChain: true, checkServerIdentity: () => undefined }
  return new Promise((resolve, reject) => {
    const request = https.request(url, {
      ...options,
      method: 'POST',
      headers: { 'content-type': typeof body === 'string' ? 'text/csv' : 'application/json', ...headers },
    })
    request.once('error', reject)
    request.once('response', async (response) =>
      resolve({
        status: response.statusCode!,
        cookie: response.headers['set-cookie']?.[0] ?? '',
        body: (await json(response)) as Said['body'],
      }),
    )
    request.end(typeof body === 'string' ? body : JSON.stringify(body))
  })
}

test('by TLS the session’s cookie is for TLS only; a stock file reaches the vault by TLS too', async () => {
  const { address } = market.offices.get('atlas')!
  expect(address).toMatch(/^https:\/\/127\.0\.0\.2:/)
  const signIn = { signInName: STAFF.signInName, password: STAFF.password }
  const folder = path.dirname(configOf('atlas'))
  const signedIn = await ask(`${address}/api/sign-in`, path.join(folder, 'staff.pem'), signIn)
  expect(signedIn).toMatchObject({ status: 200, cookie: expect.stringMatching(/; Secure(;|$)/) })
  const cookie = signedIn.cookie.split(';')[0]!
  const stranger = { cookie, host: 'elsewhere.example' }
  const turned = await ask(`${address}/api/stock/admissions`, path.join(folder, 'staff.pem'), {}, stranger)
  expect(turned).toMatchObject({ status: 403, body: { error: { code: 'not-here' } } })

  const stock = 'serial,code,product,expires\n770000000001,77000000000001,ATLAS-5,2030-01-31\n'
  const file = { fileName: 'one.csv', sizeBytes: stock.length, activated: false }
  const admitted = await ask(`${address}/api/stock/admissions`, path.join(folder, 'staff.pem'), file, {
    cookie,
  })
  expect(admitted.body.url).toMatch(/^https:\/\/127\.0\.0\.2:/)
  const taken = await ask(admitted.body.url!, path.join(folder, 'stock.pem'), stock)
  expect(taken).toMatchObject({ status: 200, body: { codes: 1 } })

  // Plain, on this machine alone, the cookie cannot be a secure one.
  const centre = await fetch(`${market.offices.get('centre')!.address}/api/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(signIn),
  })
  expect(centre.headers.getSetCookie()[0]).not.toContain('Secure')
})

test('the till’s cookie is for TLS only as well', async () => {
  const terminal = market.terminals[0]!
  expect(terminal.address).toMatch(/^https:\/\/127\.0\.0\.4:/)
  const certificate = path.join(path.dirname(configOf('terminal')), 'till.pem')
  const owner = { vendor: 'owner', password: 'owner-of-the-shop' }
  const { status, cookie } = await ask(`${terminal.address}/api/sign-in`, certificate, owner)
  expect(status).toBe(200)
  expect(cookie).toMatch(/; Secure(;|$)/)
})

const people = [
  ['atlas', 'staffHttp'],
  ['atlas', 'stockHttp'],
  ['centre', 'staffHttp'],
  ['terminal', 'http'],
] as const
const schemas = { atlas: operatorSettings, centre: centreSettings, terminal: configSchema }

test.each(people)('%s does not start where others would reach %s without TLS', (party, setting) => {
  const known = readFile(configOf(party))
  const { tls: _, ...plain } = known.listeners[setting]!
  const changed = { ...known, [setting]: { ...plain, host: '192.0.2.7' } }
  const config = path.join(folder, `${party}-elsewhere.json`)
  fs.writeFileSync(config, JSON.stringify(changed))
  const main = path.join(root, party === 'atlas' ? 'operator' : party, 'src', 'main.ts')
  const { status, stderr } = spawnSync(process.execPath, [main, '--config', config], { encoding: 'utf8' })
  expect(status).toBeGreaterThan(0)
  expect(stderr.trimEnd()).toBe(
    `${config}: ${setting}.tls: missing; 192.0.2.7 is reached from other machines: name certificate and key, or listen on 127.0.0.1`,
  )
  const tls = { certificate: 'a.pem', key: 'a.key' }
  const secure = { ...known, [setting]: { ...plain, host: '192.0.2.7', tls } }
  expect(() => checkConfig('config.json', secure, schemas[party])).not.toThrow()
})

test.each([
  ['atlas', 'partnerHttps'],
  ['centre', 'partnerHttps'],
  ['centre', 'supplyHttps'],
  ['centre', 'frames'],
] as const)('%s may listen for others on %s: what comes there protects itself', (party, setting) => {
  const known = readFile(configOf(party))
  const changed = { ...known, [setting]: { ...known.listeners[setting], host: '0.0.0.0' } }
  expect(() => checkConfig('config.json', changed, schemas[party])).not.toThrow()
})
