// The world in which every seed begins, made once: keys, an operator with two lots in stock, a centre with a shop and
// two enrolled terminals. Each seed gets copies of its stores, so that none sees what another did.

import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { insertPrice, insertProduct } from '@scratchless/centre/catalogue/catalogue.sql'
import type { CentreNeeds } from '@scratchless/centre/needs'
import { createOwnAccounts } from '@scratchless/centre/retailers/accounts'
import { CENTRE_MIGRATIONS, CENTRE_VAULT_MIGRATIONS, type CentreSettings } from '@scratchless/centre/settings'
import { receiveEnrolmentRequest } from '@scratchless/centre/supply/receive-enrolment-request'
import { createKeyCache } from '@scratchless/centre/vault/key-cache'
import { createRestockWorker } from '@scratchless/centre/vault/restock-worker-line'
import type { VaultKeys } from '@scratchless/centre/vault/vault-keys'
import type { VaultNeeds as CentreVaultNeeds } from '@scratchless/centre/vault/vault-needs'
import { vaultVerbs as centreVerbs } from '@scratchless/centre/vault/vault-verbs'
import { fileCardSlot } from '@scratchless/keys/card-slot'
import { createFileCard } from '@scratchless/keys/file-card'
import { fileHolderKey } from '@scratchless/keys/holder-key'
import { generatePair, type KeyPair } from '@scratchless/keys/party-keys'
import { LEDGER_MIGRATIONS } from '@scratchless/ledger/post-transfers'
import { inTransaction, type Pool } from '@scratchless/office/database/database'
import { OFFICE_MIGRATIONS } from '@scratchless/office/database/migrate'
import type { OfficeRole, VaultDatabaseRole } from '@scratchless/office/database/roles'
import { createPartnerAccount } from '@scratchless/operator/finance/partner-account'
import { OPERATOR_MIGRATIONS, OPERATOR_VAULT_MIGRATIONS } from '@scratchless/operator/settings'
import { adoptSealedStock } from '@scratchless/operator/stock/adopt-sealed-stock'
import { knowProducts } from '@scratchless/operator/vault/products'
import { readSealedLots } from '@scratchless/operator/vault/sealed-stock.sql'
import { beginStockSealing } from '@scratchless/operator/vault/stock-sealing'
import {
  type VaultNeeds as OperatorVaultNeeds,
  stockFileKeyOf,
} from '@scratchless/operator/vault/vault-needs'
import { createLog, type Log } from '@scratchless/program/log'
import type { CardVerbs } from '@scratchless/terminal/card/card-verbs'
import { holdCard } from '@scratchless/terminal/card/hold-card'
import { connectStore } from '@scratchless/terminal/store/connect-store'
import type { DeviceKeys } from '@scratchless/terminal/supply/device-keys'
import { beginToEnrol, type EnrolNeeds, poll } from '@scratchless/terminal/supply/enrol'
import { enrolmentIn } from '@scratchless/terminal/supply/enrolment.sql'
import { terminalClock } from '@scratchless/terminal/supply/terminal-clock'
import type { Clock } from '@scratchless/voucher/clock'
import { type CardId, cardId, type RetailerId } from '@scratchless/voucher/ids'
import { randomBytes, systemRandom } from '@scratchless/voucher/random'
import { readFrame } from '@scratchless/wire/compact/frame'
import { signingKeyOf, unwrappingKeyOf } from '@scratchless/wire/xml/rsa-keys'
import { testCentreSettings } from '../../centre/testing/centre-settings.ts'
import { DEPOT } from '../../centre/testing/main-depot.ts'
import {
  addRetailer,
  beginEnrolment,
  certify,
  type PeopleNeeds,
  registerCard,
} from '../../centre/testing/people.ts'
import { type TestDatabase, testDatabase, testVaultDatabase } from '../../office/testing/test-database.ts'
import { keysInMemory } from '../../terminal/testing/keys-in-memory.ts'
import { ATLAS, ATLAS_5, CENTRE, UNIT_PRICE_MINOR } from '../../voucher/testing/example-product.ts'
import { resettable } from './resettable.ts'

/** Every seed begins at this moment. */
export const START_MS = Date.UTC(2026, 0, 12, 8)
/** Lots of small packs, so that a delivery part has several runs; the first is awake, and gone after some orders. */
const LOTS = 2
const PACKS = [4, 26] as const
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
  readonly deviceKeys: DeviceKeys
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
  readonly centreVault: Omit<CentreVaultNeeds, 'pool' | 'books' | 'clock' | 'random' | 'cache'>
  readonly operatorVault: Omit<OperatorVaultNeeds, 'pool' | 'books' | 'clock' | 'random'>
  /** What signs and opens between the partners, for whoever forges in their names. */
  readonly partnerKeys: Readonly<
    Record<'operator' | 'centre', { readonly sign: KeyPair; readonly unwrap: KeyPair }>
  >
  /** Both databases as they were in the beginning, with pools for each role: good until the next seed asks. */
  freshDatabases(): Promise<{ readonly centre: SeedDatabase; readonly operator: SeedDatabase }>
  close(): Promise<void>
}

export interface SeedDatabase {
  /** Of the books. */
  pool(role: OfficeRole): Pool
  vaultPool(role: VaultDatabaseRole): Pool
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
  const centreVaultDatabase = await testVaultDatabase(CENTRE_VAULT_MIGRATIONS)
  const operatorVaultDatabase = await testVaultDatabase(OPERATOR_VAULT_MIGRATIONS)
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
    [ATLAS_5.id, at],
  )
  await inTransaction(operatorPool, (sql) =>
    createPartnerAccount(sql, { partner: CENTRE, currency: 'TND', guaranteeMinor: null, openedAt: at }),
  )
  const vaultNeeds = { ...operatorVault, clock, random: systemRandom }
  const operatorVaultPool = operatorVaultDatabase.pool('vault')
  const { id, codeDigits, checkDigit } = ATLAS_5
  await knowProducts({ pool: operatorVaultPool }, [{ id, codeDigits, checkDigit }])
  await inTransaction(operatorVaultPool, (sql) => sealStock(vaultNeeds, sql))
  await adoptSealedStock({
    pool: operatorPool,
    vault: { listSealedLots: ({ known }) => readSealedLots(operatorVaultPool, known, LOTS) },
  })

  const settings = testCentreSettings({
    ...{ dataFolder: folder, approvers },
    ...{ databaseUrl: centreVaultDatabase.urls.vault, booksUrl: centreDatabase.urls.vault },
    atlas: { verifyKey: pairs.operatorSign.publicKey, wrapKey: pairs.operatorUnwrap.publicKey },
  })
  const centreVault = await centreVaultOf(pairs, secret(), secret(), settings, log)
  const verbs = centreVerbs({
    ...centreVault,
    pool: centreVaultDatabase.pool('vault'),
    books: centreDatabase.pool('vault'),
    clock,
    random: systemRandom,
    cache: createKeyCache(),
  })
  const pool = centreDatabase.pool('api')
  const needs = { pool, clock, random: systemRandom, log, vault: verbs as CentreNeeds['vault'], settings }
  await createOwnAccounts(pool, DEPOT, 'TND', at)
  await insertProduct(pool, ATLAS_5, at)
  const price = { ...ATLAS_5, product: ATLAS_5.id, validFrom: at, setBy: 'base-world', setAt: at }
  await insertPrice(pool, price)
  const people = { needs: { pool, clock, vault: verbs }, approvers }
  const retailer = await addRetailer(people, FIRST_CODES * UNIT_PRICE_MINOR)
  const terminals: BaseTerminal[] = []
  for (let number = 1; number <= TERMINALS; number++)
    terminals.push(await enrolTerminal(needs, people, { retailer, number, folder }))

  const databases = [centreDatabase, centreVaultDatabase, operatorDatabase, operatorVaultDatabase]
  const offices: Awaited<ReturnType<typeof resettable>>[] = []
  for (const database of databases) offices.push(await resettable(database))
  const seedOf = (books: TestDatabase, vault: TestDatabase): SeedDatabase => ({
    pool: (role) => books.pool(role),
    vaultPool: (role) => vault.pool(role),
  })

  return {
    ...{ folder, log, settings, retailer, terminals, centreVault, operatorVault },
    partnerKeys: {
      operator: { sign: pairs.operatorSign, unwrap: pairs.operatorUnwrap },
      centre: { sign: pairs.centreSign, unwrap: pairs.centreUnwrap },
    },
    async freshDatabases() {
      await Promise.all(offices.map(({ reset }) => reset()))
      return {
        centre: seedOf(centreDatabase, centreVaultDatabase),
        operator: seedOf(operatorDatabase, operatorVaultDatabase),
      }
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
  let firstSerial = FIRST_SERIAL
  for (const [lot, packs] of PACKS.entries()) {
    const sealing = await beginStockSealing(needs, sql, {
      ...{ source: 'generator', activated: lot === 0, broughtBy: 'sim', fileName: null },
    })
    for (let pack = 0; pack < packs; pack++, firstSerial += CODES_PER_PACK) {
      const packed = Buffer.alloc(CODES_PER_PACK * PACKED_BYTES)
      for (let i = 0; i < CODES_PER_PACK; i++)
        packed.writeUIntBE(firstSerial + i, i * PACKED_BYTES, PACKED_BYTES)
      const expiresOn = `2028-0${1 + lot}-01`
      await sealing.seal([
        { product: ATLAS_5.id, codeDigits: ATLAS_5.codeDigits, expiresOn, firstSerial, packed },
      ])
    }
    await sealing.finish()
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
    approvers: new Map(),
    partners: new Map([
      [
        CENTRE,
        {
          party: CENTRE,
          suite: 'interop',
          level: 1,
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

async function centreVaultOf(
  pairs: Pairs,
  macKey: KeyObject,
  fingerprint: KeyObject,
  settings: CentreSettings,
  log: Log,
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
  const partners = settings.partners.map(({ party, suite, level, verifyKey, wrapKey }) => ({
    operator: party,
    ...{ suite, level, verifyKey, wrapKey },
  }))
  return {
    ...{ log, centre: CENTRE, keys },
    partners: new Map(partners.map((partner) => [partner.operator, partner])),
    approvers: new Map(settings.approvers.map(({ name, publicKey }) => [name, publicKey])),
    ceilings: settings.ceilings,
    epochDays: settings.epochDays,
    signers: new Map(),
    certificates: createKeyCache(),
    restockWorker: createRestockWorker(
      {
        ...{ centre: CENTRE, partners },
        keys: {
          unwrapSource: { privateKey: pairs.centreUnwrap.privateKey },
          stock: { publicKey: stock.publicKey, oaepHash: stock.oaepHash },
          ...{ macKey, fingerprint: keys.fingerprint },
        },
      },
      log,
    ),
  }
}

async function enrolTerminal(
  needs: CentreNeeds,
  people: PeopleNeeds,
  given: { retailer: RetailerId; number: number; folder: string },
): Promise<BaseTerminal> {
  const { retailer, number, folder } = given
  const card = cardId(`C000000${number}`)
  const cardFolder = join(folder, `card-${number}`)
  await registerCard(
    people,
    retailer,
    card,
    await createFileCard(cardFolder, card, Buffer.from(PIN), systemRandom),
  )
  const { id, enrolmentNumber, enrolmentCode } = await beginEnrolment(people, retailer)
  mkdirSync(join(folder, `terminal-${number}`))
  const storeFile = join(folder, `terminal-${number}`, 'terminal.sqlite')
  const store = connectStore(storeFile)
  const deviceKeys = keysInMemory()
  const enrolNeeds: EnrolNeeds = {
    ...{ store, deviceKeys, random: systemRandom, clock: terminalClock(needs.clock, store) },
    line: {
      async ask(frame) {
        return readFrame(await receiveEnrolmentRequest(needs, readFrame(frame)!, frame))!
      },
      close: () => undefined,
    },
  }
  const first = await beginToEnrol(enrolNeeds, `${enrolmentNumber}-${enrolmentCode}`)
  if (first !== 'waiting') throw new Error(first)
  await certify(people, { id, retailer, enrolmentNumber, deviceKey: createPublicKey(deviceKeys.held()[0]!) })
  const enrolled = await poll(enrolNeeds, enrolmentIn(store, 'waiting')!)
  if (enrolled !== 'enrolled') throw new Error(enrolled)
  store.close()

  let steadyMs = 0
  const cardVerbs = holdCard({
    slot: fileCardSlot(cardFolder),
    openingsPerSecond: 1_000,
    // Selling at a person's pace, whatever the simulated clock does.
    steadyMs: () => (steadyMs += 1_000),
  })
  const pin = await cardVerbs.givePin({ pin: Buffer.from(PIN) })
  if (pin.answer !== 'right') throw new Error(pin.answer)
  return { id, deviceKeys, card, cardVerbs, storeFile }
}

export function copyStore(from: string, to: string): void {
  copyFileSync(from, to)
}
