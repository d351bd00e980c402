// The world in which every seed begins, made once: keys, an operator with two lots in stock, a centre with a shop and
// two enrolled terminals. Each seed gets copies of its stores, so that none sees what another did.

import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { insertProduct, raiseCatalogueVersion } from '@scratchless/centre/catalogue/catalogue.sql'
import type { CentreNeeds } from '@scratchless/centre/needs'
import { CASH_ACCOUNT, openOwnAccounts, retailerAccount } from '@scratchless/centre/retailers/accounts'
import { insertRetailer } from '@scratchless/centre/retailers/retailers.sql'
import {
  CENTRE_MIGRATIONS,
  type CentreSettings,
  centreProcessSettings,
  DEPOT,
} from '@scratchless/centre/settings'
import { receiveEnrolmentRequest } from '@scratchless/centre/supply/receive-enrolment-request'
import {
  activateTerminal,
  insertEnrolment,
  insertTerminal,
} from '@scratchless/centre/terminals/terminals.sql'
import { createKeyCache } from '@scratchless/centre/vault/key-cache'
import { createRestockWorker } from '@scratchless/centre/vault/restock-worker-line'
import { openCentreSigner } from '@scratchless/centre/vault/ring'
import type { VaultNeeds as CentreVaultNeeds, VaultKeys } from '@scratchless/centre/vault/vault-needs'
import type { VaultVerbs as CentreVerbs } from '@scratchless/centre/vault/verbs'
import { createFileCard } from '@scratchless/keys/file-card'
import { fingerprintOf } from '@scratchless/keys/fingerprint'
import { fileHolderKey } from '@scratchless/keys/holder-key'
import { generatePair, type KeyPair } from '@scratchless/keys/party-keys'
import { LEDGER_MIGRATIONS, openAccount, postOnce } from '@scratchless/ledger/post-transfers'
import { transferBetween } from '@scratchless/ledger/transfer'
import { inTransaction, type Pool } from '@scratchless/office/database/database'
import { OFFICE_MIGRATIONS } from '@scratchless/office/database/migrate'
import type { OfficeRole, OfficeUrls } from '@scratchless/office/database/roles'
import { signApproval } from '@scratchless/office/staff/approval'
import { openPartnerAccount } from '@scratchless/operator/finance/partner-account'
import { OPERATOR_MIGRATIONS } from '@scratchless/operator/settings'
import { adoptSealedStock } from '@scratchless/operator/stock/adopt-sealed-stock'
import { beginStockSealing } from '@scratchless/operator/vault/stock-sealing'
import {
  type VaultNeeds as OperatorVaultNeeds,
  stockFileKeyOf,
} from '@scratchless/operator/vault/vault-needs'
import { createLog, type Log } from '@scratchless/program/log'
import type { CardVerbs } from '@scratchless/terminal/card/card-verbs'
import { holdCard } from '@scratchless/terminal/card/hold-card'
import { openStore } from '@scratchless/terminal/store/open-store'
import { beginToEnrol, type EnrolNeeds, poll } from '@scratchless/terminal/supply/enrol'
import { openEnrolmentOf } from '@scratchless/terminal/supply/enrolment.sql'
import { terminalClock } from '@scratchless/terminal/supply/terminal-clock'
import type { Clock } from '@scratchless/voucher/clock'
import {
  type CardId,
  cardId,
  centreId,
  operatorId,
  type RetailerId,
  vendorId,
} from '@scratchless/voucher/ids'
import { money } from '@scratchless/voucher/money'
import { type Product, productId } from '@scratchless/voucher/product'
import { randomBytes, systemRandom } from '@scratchless/voucher/random'
import { readFrame } from '@scratchless/wire/compact/frame'
import { deviceFingerprint } from '@scratchless/wire/supply/enrolment-code'
import { signingKeyOf, unwrappingKeyOf } from '@scratchless/wire/xml/rsa-keys'
import pg from 'pg'
import { TEST_DATABASE_URL, type TestDatabase, testDatabase } from '../../office/testing/test-database.ts'
import { centreVerbs } from './centre-verbs.ts'

export const ATLAS = operatorId('atlas')
export const CENTRE = centreId('centre')
export const PRODUCT: Product = {
  id: productId('ATLAS-5'),
  operator: ATLAS,
  faceValue: money(5_000n, 'TND'),
  publicPrice: money(5_000n, 'TND'),
  tax: money(300n, 'TND'),
  netCredit: money(4_700n, 'TND'),
  codeDigits: 14,
  checkDigit: 'none',
  validityDays: 365,
  refillTemplate: '*123*{code}#',
}
export const UNIT_PRICE_MINOR = 4_800n
export const VENDOR = vendorId('02')
/** Every seed begins at this moment. */
export const START_MS = Date.UTC(2026, 0, 12, 8)
/** Lots of small packs, so that a delivery part has several runs. */
const LOTS = 2
const PACKS_PER_LOT = 15
const CODES_PER_PACK = 37
const FIRST_SERIAL = 700_000_000_001
const PACKED_BYTES = 6
const TERMINALS = 2
/** The shop's first deposit pays for this many codes: its orders come to the limit. */
const FIRST_CODES = 25n
/** A file system in memory, on Linux. */
const MEMORY_FOLDER = '/dev/shm'
const PIN = '12345678'

/** One shop's device: its key, its card, and its store as it was when it had just been enrolled. */
export interface BaseTerminal {
  readonly id: string
  readonly deviceKey: KeyObject
  readonly card: CardId
  readonly cardVerbs: CardVerbs
  readonly storeFile: string
}

export interface BaseWorld {
  readonly folder: string
  readonly log: Log
  readonly settings: CentreSettings
  readonly retailer: RetailerId
  readonly terminals: readonly BaseTerminal[]
  /** All but pool and clock, which each seed has of its own. */
  readonly centreVault: Omit<CentreVaultNeeds, 'pool' | 'clock' | 'random' | 'cache'>
  readonly operatorVault: Omit<OperatorVaultNeeds, 'pool' | 'clock' | 'random'>
  /** What signs and opens between the partners, for whoever forges in their names. */
  readonly partnerKeys: Readonly<
    Record<'operator' | 'centre', { readonly sign: KeyPair; readonly unwrap: KeyPair }>
  >
  /** Both databases as they were in the beginning, with pools for each role: good until the next seed asks. */
  freshDatabases(): Promise<{ readonly centre: SeedDatabase; readonly operator: SeedDatabase }>
  close(): Promise<void>
}

export interface SeedDatabase {
  pool(role: OfficeRole): Pool
}

export function depositOf(retailer: RetailerId, name: string, codes: bigint) {
  return transferBetween({
    ...{ id: `deposit:${retailer}:${name}`, kind: 'deposit', subject: retailer, currency: 'TND' },
    ...{ debit: CASH_ACCOUNT, credit: retailerAccount(retailer), amountMinor: codes * UNIT_PRICE_MINOR },
  })
}

/** Needs the run's PostgreSQL (startTestPostgres). */
export async function makeBaseWorld(): Promise<BaseWorld> {
  const clock: Clock = { nowMs: () => START_MS }
  const at = new Date(START_MS)
  const log = createLog({ program: 'sim', process: 'sim', clock, level: 'silent' })
  // In memory where there is such a folder: a crash here is a process's, and no power is cut.
  const folder = mkdtempSync(join(existsSync(MEMORY_FOLDER) ? MEMORY_FOLDER : tmpdir(), 'sim-'))
  const centreDatabase = await testDatabase([OFFICE_MIGRATIONS, LEDGER_MIGRATIONS, CENTRE_MIGRATIONS])
  const operatorDatabase = await testDatabase(OPERATOR_MIGRATIONS)
  const secret = () => createSecretKey(randomBytes(systemRandom, 32))
  const pairs = {
    operatorSign: generatePair('restock-sign'),
    operatorUnwrap: generatePair('restock-unwrap'),
    operatorStock: generatePair('stock'),
    centreSign: generatePair('restock-sign'),
    centreUnwrap: generatePair('restock-unwrap'),
    centreStock: generatePair('stock'),
    supplySign: generatePair('supply-sign'),
    root: generatePair('root'),
  }
  const approvers = ['one', 'two'].map((name) => ({ name, ...generatePair('approval') }))

  const operatorVault = operatorVaultOf(pairs, secret(), secret(), log)
  const operatorPool = operatorDatabase.pool('api')
  await operatorPool.query(
    `INSERT INTO product (id, currency, face_value_minor, public_price_minor, tax_minor, net_credit_minor,
                          code_digits, check_digit, validity_days, refill_template, added_at)
     VALUES ($1, 'TND', 5000, 5000, 300, 4700, 14, 'none', 365, '*123*{code}#', $2)`,
    [PRODUCT.id, at],
  )
  await inTransaction(operatorPool, (sql) =>
    openPartnerAccount(sql, { partner: CENTRE, currency: 'TND', guaranteeMinor: null, openedAt: at }),
  )
  const vaultNeeds = { ...operatorVault, clock, random: systemRandom }
  await inTransaction(operatorDatabase.pool('vault'), (sql) => sealStock(vaultNeeds, sql))
  await inTransaction(operatorPool, adoptSealedStock)

  const settings = settingsOf(pairs, approvers, folder, centreDatabase.urls)
  const centreVault = await centreVaultOf(
    pairs,
    secret(),
    secret(),
    settings,
    log,
    centreDatabase.pool('vault'),
  )
  const verbs = centreVerbs({
    ...centreVault,
    pool: centreDatabase.pool('vault'),
    clock,
    random: systemRandom,
    cache: createKeyCache(),
  })
  const pool = centreDatabase.pool('api')
  const needs = { pool, clock, random: systemRandom, log, vault: verbs as CentreNeeds['vault'], settings }
  await openOwnAccounts(pool, 'TND', at)
  await insertProduct(pool, PRODUCT, at)
  await raiseCatalogueVersion(pool)
  const { id: retailer } = await insertRetailer(pool, {
    ...{ depot: DEPOT, name: 'Épicerie El Amen', place: 'Tunis', addedAt: at },
  })
  await openAccount(pool, {
    ...{ depotId: DEPOT, id: retailerAccount(retailer), currency: 'TND', creditLineMinor: 0n, openedAt: at },
  })
  await inTransaction(pool, (sql) => postOnce(sql, DEPOT, depositOf(retailer, 'first', FIRST_CODES), at))
  const terminals: BaseTerminal[] = []
  for (let number = 1; number <= TERMINALS; number++)
    terminals.push(await enrolTerminal(needs, verbs, { retailer, number, folder, approvers }))

  const offices = [await resettable(centreDatabase), await resettable(operatorDatabase)] as const

  return {
    ...{ folder, log, settings, retailer, terminals, centreVault, operatorVault },
    partnerKeys: {
      operator: { sign: pairs.operatorSign, unwrap: pairs.operatorUnwrap },
      centre: { sign: pairs.centreSign, unwrap: pairs.centreUnwrap },
    },
    async freshDatabases() {
      await Promise.all(offices.map(({ reset }) => reset()))
      return { centre: centreDatabase, operator: operatorDatabase }
    },
    async close() {
      await centreVault.restockWorker.stop()
      for (const { end } of offices) await end()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Codes that count upwards: what they are is nothing to the simulator. */
async function sealStock(
  needs: Parameters<typeof beginStockSealing>[0],
  sql: Parameters<typeof beginStockSealing>[1],
): Promise<void> {
  const sealing = await beginStockSealing(needs, sql, { source: 'generator', activated: true })
  for (let pack = 0; pack < LOTS * PACKS_PER_LOT; pack++) {
    const firstSerial = FIRST_SERIAL + pack * CODES_PER_PACK
    const packed = Buffer.alloc(CODES_PER_PACK * PACKED_BYTES)
    for (let i = 0; i < CODES_PER_PACK; i++)
      packed.writeUIntBE(firstSerial + i, i * PACKED_BYTES, PACKED_BYTES)
    const expiresOn = `2028-0${1 + Math.floor(pack / PACKS_PER_LOT)}-01`
    await sealing.seal([
      { product: PRODUCT.id, codeDigits: PRODUCT.codeDigits, expiresOn, firstSerial, packed },
    ])
  }
  await sealing.finish()
}

/** Keeps what every table holds now, and puts it back: in milliseconds, with every connection's plans kept. */
async function resettable(database: TestDatabase): Promise<{ reset(): Promise<void>; end(): Promise<void> }> {
  const address = new URL(process.env[TEST_DATABASE_URL]!)
  address.pathname = new URL(database.urls.owner).pathname
  const admin = new pg.Client({ connectionString: address.href })
  await admin.connect()
  const { rows: tables } = await admin.query<{ name: string; columns: string }>(
    `SELECT quote_ident(table_name) AS name, string_agg(quote_ident(column_name), ', ') AS columns
       FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
      WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND is_generated = 'NEVER'
      GROUP BY table_name`,
  )
  const { rows: sequences } = await admin.query<{ name: string; last: bigint | null }>(
    `SELECT quote_ident(sequencename) AS name, last_value AS last FROM pg_sequences WHERE schemaname = 'public'`,
  )
  await admin.query('CREATE SCHEMA beginning')
  for (const { name } of tables) await admin.query(`CREATE TABLE beginning.${name} AS TABLE public.${name}`)
  const statements = [
    'BEGIN',
    // No trigger and no foreign key stands in the way of putting things back.
    'SET LOCAL session_replication_role = replica',
    ...tables.flatMap(({ name, columns }) => [
      `DELETE FROM public.${name}`,
      `INSERT INTO public.${name} (${columns}) OVERRIDING SYSTEM VALUE SELECT ${columns} FROM beginning.${name}`,
    ]),
    ...sequences.map(
      ({ name, last }) =>
        `SELECT setval('public.${name}', ${last ?? 1}, ${last === null ? 'false' : 'true'})`,
    ),
    'COMMIT',
  ]
  return {
    async reset() {
      await admin.query(statements.join(';\n'))
    },
    async end() {
      await admin.end()
      await database.drop()
    },
  }
}

type Pairs = Record<
  | 'operatorSign'
  | 'operatorUnwrap'
  | 'operatorStock'
  | 'centreSign'
  | 'centreUnwrap'
  | 'centreStock'
  | 'supplySign'
  | 'root',
  KeyPair
>

function operatorVaultOf(
  pairs: Pairs,
  lotMac: KeyObject,
  fingerprint: KeyObject,
  log: Log,
): BaseWorld['operatorVault'] {
  return {
    party: ATLAS,
    keys: {
      stock: fileHolderKey(pairs.operatorStock),
      sign: signingKeyOf(pairs.operatorSign.privateKey),
      unwrap: unwrappingKeyOf(pairs.operatorUnwrap.privateKey),
      lotMac,
      fingerprint,
      stockFile: stockFileKeyOf(lotMac),
    },
    partners: new Map([
      [
        CENTRE,
        {
          party: CENTRE,
          suite: 'interop',
          url: 'https://127.0.0.1:1/restock',
          verifyKey: pairs.centreSign.publicKey,
          wrapKey: pairs.centreUnwrap.publicKey,
          tlsAuthority: '',
          tlsPin: '0'.repeat(64),
          discountBasisPoints: 600,
        },
      ],
    ]),
    log,
  }
}

function settingsOf(
  pairs: Pairs,
  approvers: readonly (KeyPair & { name: string })[],
  folder: string,
  database: OfficeUrls,
): CentreSettings {
  const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }) as string
  return centreProcessSettings.parse({
    ...{ party: CENTRE, name: 'Tunis Distribution', phone: '71000000', currency: 'TND' },
    ...{ dataFolder: folder, databaseUrl: database.vault },
    ...{ staffHttp: { port: 1 }, partnerHttps: { port: 1 }, supplyHttps: { port: 1 }, frames: { port: 1 } },
    partners: [
      {
        ...{ party: ATLAS, name: 'Atlas', colour: '#1D4F9F', customerCare: '1200', suite: 'interop' },
        url: 'https://127.0.0.1:1/restock',
        verifyKey: pem(pairs.operatorSign.publicKey),
        wrapKey: pem(pairs.operatorUnwrap.publicKey),
        ...{ tlsAuthority: 'none', tlsPin: '0'.repeat(64) },
      },
    ],
    approvers: approvers.map(({ name, publicKey }) => ({ name, publicKey: pem(publicKey) })),
    ceilings: { codesPerHour: 5_000, codesPerDay: 20_000 },
    lease: { days: 7, unreportedSales: 500 },
    epochDays: 7,
    discountBasisPoints: 400,
  })
}

async function centreVaultOf(
  pairs: Pairs,
  macKey: KeyObject,
  fingerprint: KeyObject,
  settings: CentreSettings,
  log: Log,
  pool: Pool,
): Promise<BaseWorld['centreVault']> {
  const stock = fileHolderKey(pairs.centreStock)
  const keys: VaultKeys = {
    restockSign: signingKeyOf(pairs.centreSign.privateKey),
    restockUnwrap: unwrappingKeyOf(pairs.centreUnwrap.privateKey),
    stock,
    macKey,
    supplySign: pairs.supplySign.privateKey,
    supplyPublic: pairs.supplySign.publicKey,
    root: pairs.root.privateKey,
    rootPublic: pairs.root.publicKey,
    fingerprint: new Map([[ATLAS, fingerprint]]),
  }
  const partners = settings.partners.map(({ party, suite, verifyKey, wrapKey }) => ({
    operator: party,
    ...{ suite, verifyKey, wrapKey },
  }))
  const own = await openCentreSigner({ keys, clock: { nowMs: () => START_MS }, centre: CENTRE }, pool)
  return {
    ...{ log, centre: CENTRE, keys },
    partners: new Map(partners.map((partner) => [partner.operator, partner])),
    approvers: new Map(settings.approvers.map(({ name, publicKey }) => [name, publicKey])),
    ceilings: settings.ceilings,
    epochDays: settings.epochDays,
    signer: own.signer,
    centreCertificate: own.certificate,
    restockWorker: createRestockWorker({
      ...{ centre: CENTRE, partners },
      keys: {
        unwrapSource: { privateKey: pairs.centreUnwrap.privateKey },
        stock: { publicKey: stock.publicKey, oaepHash: stock.oaepHash },
        ...{ macKey, fingerprint: keys.fingerprint },
      },
    }),
  }
}

async function enrolTerminal(
  needs: CentreNeeds,
  verbs: CentreVerbs,
  given: {
    retailer: RetailerId
    number: number
    folder: string
    approvers: readonly (KeyPair & { name: string })[]
  },
): Promise<BaseTerminal> {
  const { retailer, number, folder, approvers } = given
  const at = new Date(START_MS)
  const approve = (purpose: string, fields: (string | Uint8Array)[]) =>
    approvers.map(({ name, privateKey }) => ({
      approver: name,
      signature: signApproval(privateKey, purpose, fields),
    }))
  const card = cardId(`C000000${number}`)
  const cardFolder = join(folder, `card-${number}`)
  const cardKey = await createFileCard(cardFolder, card, Buffer.from(PIN), systemRandom)
  const registered = await verbs.registerCard({
    ...{ card, retailer, vendor: VENDOR, class: 'file' },
    publicKey: cardKey.export({ type: 'spki', format: 'der' }),
    approvals: approve('register-card', [card, retailer, VENDOR, 'file', fingerprintOf(cardKey)]),
  })
  if (registered !== 'registered') throw new Error(registered)

  const id = await insertTerminal(needs.pool, { depot: DEPOT, retailer, addedAt: at })
  const expiresAtS = Math.floor(START_MS / 1000) + 3_600
  const opened = await verbs.openEnrolment({ terminal: id, retailer, expiresAtS })
  const { enrolmentNumber, enrolmentCode } = opened
  await insertEnrolment(needs.pool, {
    ...{ number: enrolmentNumber, terminal: id, openedAt: at, expiresAt: new Date(expiresAtS * 1000) },
  })
  mkdirSync(join(folder, `terminal-${number}`))
  const storeFile = join(folder, `terminal-${number}`, 'terminal.sqlite')
  const store = openStore(storeFile)
  const { privateKey: deviceKey } = generatePair('supply-sign')
  const enrolNeeds: EnrolNeeds = {
    ...{ store, deviceKey, random: systemRandom, clock: terminalClock(needs.clock, store) },
    line: {
      async ask(frame) {
        return readFrame(await receiveEnrolmentRequest(needs, readFrame(frame)!, frame))!
      },
      close: () => undefined,
    },
  }
  const first = await beginToEnrol(enrolNeeds, `${enrolmentNumber}-${enrolmentCode}`)
  if (first !== 'waiting') throw new Error(first)
  const certified = await verbs.certifyTerminal({
    ...{ terminal: id, enrolmentNumber },
    approvals: approve('certify-terminal', [id, retailer, deviceFingerprint(createPublicKey(deviceKey))]),
  })
  if (typeof certified === 'string') throw new Error(certified)
  await activateTerminal(needs.pool, {
    ...{ id, certificateNumber: certified.certificateNumber, publicKey: certified.publicKey },
    certifiedUntil: new Date(certified.certifiedUntilS * 1000),
  })
  const enrolled = await poll(enrolNeeds, openEnrolmentOf(store, 'waiting')!)
  if (enrolled !== 'enrolled') throw new Error(enrolled)
  store.close()

  let steadyMs = 0
  const cardVerbs = holdCard({
    folder: cardFolder,
    openingsPerSecond: 1_000,
    // Selling at a person's pace, whatever the simulated clock does.
    steadyMs: () => (steadyMs += 1_000),
  })
  const pin = await cardVerbs.givePin({ pin: Buffer.from(PIN) })
  if (pin.answer !== 'right') throw new Error(pin.answer)
  return { id, deviceKey, card, cardVerbs, storeFile }
}

export function copyStore(from: string, to: string): void {
  copyFileSync(from, to)
}
