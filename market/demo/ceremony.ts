// What happens once, before anything runs: each party makes its own keys and its own authority, the parties
// exchange public halves and pins, and every program gets its settings. In the world outside this is a meeting
// with two envelopes; here the market carries the envelopes.

import fs from 'node:fs'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { createAuthority, issueTlsCertificate } from '@scratchless/keys/certificates'
import { fingerprintOf } from '@scratchless/keys/fingerprint'
import {
  makePartyKeys,
  type PairPurpose,
  readCertificate,
  readPublicKey,
  unlockKeyFolder,
} from '@scratchless/keys/party-keys'
import { passphraseFor } from '@scratchless/keys/passphrase-box'
import type { OfficeDatabases } from '@scratchless/office/database/roles'
import { writeDurably } from '@scratchless/program/durable-file'
import { LOOPBACK } from '@scratchless/program/http/listener'
import { readKept, writeKept } from '@scratchless/program/kept-file'
import { systemClock } from '@scratchless/voucher/clock'
import { systemRandom } from '@scratchless/voucher/random'
import { RESTOCK_LEVEL } from '@scratchless/wire/restock/restock-messages'
import { z } from 'zod'
import { accountsOf } from './accounts.ts'
import type { DataFolder } from './data-folder.ts'
import { freePorts } from './free-ports.ts'
import { readMarketFile, writeMarketFile } from './market-files.ts'
import { CENTRE, OPERATORS } from './parties.ts'
import { passphraseOf } from './passphrases.ts'

const needs = { clock: systemClock, random: systemRandom }
export const APPROVERS = ['approver-one', 'approver-two'] as const

/** Where the programs' settings lie, and what the market must know of them. */
export interface MarketSettings {
  readonly offices: readonly { readonly party: string; readonly config: string }[]
  readonly terminals: readonly {
    readonly name: string
    readonly config: string
    /** Where the vendor card of this terminal is inserted. */
    readonly cardFolder: string
    readonly printerAccount: number
  }[]
}

const PORTS_FILE = 'ports.json'
const port = z.int().min(1).max(65_535)
const portsSchema = z.strictObject({
  staff: port,
  partner: port,
  stock: port,
  supply: port,
  frames: port,
})
type Ports = z.output<typeof portsSchema>

/** Makes what is missing of keys, certificates and settings; may be repeated. */
export async function holdCeremony(
  data: DataFolder,
  databases: ReadonlyMap<string, OfficeDatabases>,
  terminals: number,
): Promise<MarketSettings> {
  const parties = [...OPERATORS.map(({ party }) => party), CENTRE.party]
  await Promise.all(parties.map((party) => makeKeys(data, party)))
  for (const approver of APPROVERS) {
    const passphrase = passphraseOf(data, approver)
    await makePartyKeys(data.path('staff', approver), { pairs: ['approval'] }, { ...needs, passphrase })
  }
  const ports = await portsOf(data, [...parties, ...terminalNames(terminals)])
  const accounts = accountsOf(data, [
    ...parties.flatMap((party) => [`${party} api`, `${party} vault`]),
    ...terminalNames(terminals).flatMap((name) => [`${name} api`, `${name} card`, `${name} printer`]),
  ])
  const offices = parties.map((party) => {
    const config = data.path(party, 'config.json')
    const settings =
      party === CENTRE.party
        ? centreSettings(data, databases, ports)
        : operatorSettings(data, party, databases, ports)
    writeSettings(config, {
      ...settings,
      accounts: { api: accounts[`${party} api`], vault: accounts[`${party} vault`] },
    })
    return { party, config }
  })
  return {
    offices,
    terminals: terminalNames(terminals).map((name) => {
      const config = data.path(name, 'config.json')
      writeSettings(config, {
        ...terminalSettings(data, name, ports),
        accounts: { api: accounts[`${name} api`], card: accounts[`${name} card`] },
      })
      const cardFolder = data.path(name, 'card')
      return { name, config, cardFolder, printerAccount: accounts[`${name} printer`]! }
    }),
  }
}

export function terminalNames(terminals: number): string[] {
  return Array.from({ length: terminals }, (_, i) => (i === 0 ? 'terminal' : `terminal-${i + 1}`))
}

const operatorPairs: PairPurpose[] = ['restock-sign', 'restock-unwrap', 'stock']
const centrePairs: PairPurpose[] = [...operatorPairs, 'supply-sign', 'root']

/** Three folders, each closed under a passphrase of its own: the vault's, the api's, and what is used here alone. */
async function makeKeys(data: DataFolder, party: string): Promise<void> {
  const folder = (keeper: string) => data.path(party, 'keys', keeper)
  if (fs.existsSync(path.join(folder('api'), 'tls.pem'))) return
  const isCentre = party === CENTRE.party
  const knows = isCentre ? OPERATORS.map((operator) => operator.party) : [party]
  const secrets = ['lot-mac' as const, ...knows.map((operator) => `fingerprint-${operator}` as const)]
  const closedFor = (keeper: string) => passphraseFor(passphraseOf(data, party), keeper)
  const make = (keeper: string, purposes: Parameters<typeof makePartyKeys>[1]) =>
    makePartyKeys(folder(keeper), purposes, { ...needs, passphrase: closedFor(keeper) })
  await make('vault', { pairs: isCentre ? centrePairs : operatorPairs, secrets })
  await make('api', { pairs: ['tls'] })
  await make('authority', { pairs: ['tls-authority'] })
  const authority = await unlockKeyFolder(folder('authority'), closedFor('authority')).pair('tls-authority')
  const authorityPem = await createAuthority(party, authority, needs)
  const publicKey = readPublicKey(folder('api'), 'tls')
  const request = { party, publicKey, authorityPem, authorityKey: authority.privateKey }
  writeDurably(path.join(folder('authority'), 'tls-authority.pem'), authorityPem)
  // Last: a folder that has it has everything.
  writeDurably(path.join(folder('api'), 'tls.pem'), await issueTlsCertificate(request, needs))
}

/** Ports are chosen once and kept, so that addresses stay the same from one start to the next. */
async function portsOf(data: DataFolder, names: readonly string[]): Promise<Record<string, Ports>> {
  const known = readMarketFile(data, PORTS_FILE, z.record(z.string(), portsSchema)) ?? {}
  const missing = names.filter((name) => !known[name])
  const free = await freePorts(missing.length * 5)
  for (const name of missing) {
    const [staff, partner, stock, supply, frames] = free.splice(0, 5) as [
      number,
      number,
      number,
      number,
      number,
    ]
    known[name] = { staff, partner, stock, supply, frames }
  }
  writeMarketFile(data, PORTS_FILE, known)
  return known
}

function publicPem(data: DataFolder, party: string, purpose: PairPurpose): string {
  return readPublicKey(data.path(party, 'keys', 'vault'), purpose).export({
    type: 'spki',
    format: 'pem',
  }) as string
}

function tlsOf(data: DataFolder, party: string) {
  return {
    tlsAuthority: readCertificate(data.path(party, 'keys', 'authority'), 'tls-authority'),
    tlsPin: fingerprintOf(readPublicKey(data.path(party, 'keys', 'api'), 'tls')),
  }
}

function partnerOf(data: DataFolder, party: string, suite: string, ports: Record<string, Ports>) {
  return {
    party,
    suite,
    level: RESTOCK_LEVEL,
    url: `https://${LOOPBACK}:${ports[party]!.partner}/restock`,
    verifyKey: publicPem(data, party, 'restock-sign'),
    wrapKey: publicPem(data, party, 'restock-unwrap'),
    ...tlsOf(data, party),
  }
}

function operatorSettings(
  data: DataFolder,
  party: string,
  databases: ReadonlyMap<string, OfficeDatabases>,
  ports: Record<string, Ports>,
) {
  const operator = OPERATORS.find((candidate) => candidate.party === party)!
  const { name, colour, customerCare, suite } = operator
  return {
    party,
    name,
    colour,
    customerCare,
    dataFolder: data.path(party),
    keysFolder: 'keys',
    database: databases.get(party)?.books,
    vaultDatabase: databases.get(party)?.vault,
    staffHttp: { port: ports[party]!.staff },
    partnerHttps: { port: ports[party]!.partner },
    stockHttp: { port: ports[party]!.stock },
    partners: [{ ...partnerOf(data, CENTRE.party, suite, ports), discountBasisPoints: 600 }],
    approvers: approversOf(data),
  }
}

/** The same two people agree at every office of the demo. */
function approversOf(data: DataFolder) {
  return APPROVERS.map((name) => ({
    name,
    publicKey: readPublicKey(data.path('staff', name), 'approval').export({ type: 'spki', format: 'pem' }),
  }))
}

function centreSettings(
  data: DataFolder,
  databases: ReadonlyMap<string, OfficeDatabases>,
  ports: Record<string, Ports>,
) {
  const own = ports[CENTRE.party]!
  return {
    ...CENTRE,
    currency: 'TND',
    dataFolder: data.path(CENTRE.party),
    keysFolder: 'keys',
    database: databases.get(CENTRE.party)?.books,
    vaultDatabase: databases.get(CENTRE.party)?.vault,
    staffHttp: { port: own.staff },
    partnerHttps: { port: own.partner },
    supplyHttps: { port: own.supply },
    frames: { port: own.frames },
    partners: OPERATORS.map(({ party, name, colour, customerCare, suite }) => ({
      ...partnerOf(data, party, suite, ports),
      name,
      colour,
      customerCare,
    })),
    approvers: approversOf(data),
    ceilings: { codesPerHour: 50_000, codesPerDay: 100_000 },
    lease: { days: 7, unreportedSales: 5_000 },
    epochDays: 7,
    discountBasisPoints: 400,
    timeZone: 'Africa/Tunis',
  }
}

function terminalSettings(data: DataFolder, name: string, ports: Record<string, Ports>) {
  const centre = ports[CENTRE.party]!
  return {
    dataFolder: data.path(name),
    http: { port: ports[name]!.staff },
    centre: {
      transport: 'https',
      url: `https://${LOOPBACK}:${centre.supply}/supply`,
      ...tlsOf(data, CENTRE.party),
      frames: { host: LOOPBACK, port: centre.frames },
    },
    printer: { host: LOOPBACK, port: ports[name]!.partner, columns: 32 },
    card: { class: 'file', folder: 'card', allowFileCard: true, openingsPerSecond: 50 },
    locale: 'fr',
    minimumStock: 5,
    // What is sold shows at the centre while somebody looks on.
    reporting: { sales: 10, seconds: 2 },
  }
}

const REMEDY =
  'restore it from a copy, or remove it: the market writes it anew, without what was changed in it'

/**
 * Written once: settings are a person's to change afterwards. Only the databases' addresses follow the server, which
 * may have had to move to another port, and the data folder follows the market, which may have been moved.
 */
function writeSettings(file: string, settings: Readonly<Record<string, unknown>>): void {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  const known = readKept(file, z.record(z.string(), z.unknown()), REMEDY) ?? settings
  const { dataFolder, database, vaultDatabase } = settings
  const current = { ...known, dataFolder, ...(database !== undefined && { database, vaultDatabase }) }
  if (!isDeepStrictEqual(current, known) || known === settings) writeKept(file, current)
}
