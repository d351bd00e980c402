// A centre for tests: real database, real vault behind its private line, keys of its own.

import { createSecretKey, type KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generatePair, keepTokenPin, makePartyKeys, unlockKeyFolder } from '@scratchless/keys/party-keys'
import { makeTokenKeys } from '@scratchless/keys/pkcs11-keys'
import type { TokenAddress } from '@scratchless/keys/pkcs11-token'
import { LEDGER_MIGRATIONS } from '@scratchless/ledger/post-transfers'
import type { Sql } from '@scratchless/office/database/database'
import { OFFICE_MIGRATIONS } from '@scratchless/office/database/migrate'
import { createLog } from '@scratchless/program/log'
import { connectPrivateLine, servePrivateLine } from '@scratchless/program/private-line'
import type { Clock } from '@scratchless/voucher/clock'
import type { Product } from '@scratchless/voucher/product'
import { systemRandom } from '@scratchless/voucher/random'
import { type TestDatabase, testDatabase, testVaultDatabase } from '../../office/testing/test-database.ts'
import { ATLAS_5 } from '../../voucher/testing/example-product.ts'
import { insertPrice, insertProduct } from '../src/catalogue/catalogue.sql.ts'
import type { CentreNeeds } from '../src/needs.ts'
import { createOwnAccounts } from '../src/retailers/accounts.ts'
import { CENTRE_MIGRATIONS, CENTRE_VAULT_MIGRATIONS } from '../src/settings.ts'
import { createSupplyDoor, type SupplyDoor } from '../src/supply/answer-supply-frame.ts'
import { createSupplyDesk } from '../src/supply/supply-desk.ts'
import { startVault } from '../src/vault/serve-verbs.ts'
import type { VaultVerbs } from '../src/vault/verbs.ts'
import { type TestApprover, testCentreSettings } from './centre-settings.ts'
import { DEPOT } from './main-depot.ts'
import { createTestOperator, type TestOperator } from './test-operator.ts'

const RSA_PAIRS = ['restock-sign', 'restock-unwrap', 'stock'] as const

export interface TestCentre {
  readonly needs: CentreNeeds
  /** Its books. */
  readonly database: TestDatabase
  readonly vaultDatabase: TestDatabase
  readonly door: SupplyDoor
  readonly clock: Clock & { nowMs(): number; move(ms: number): void }
  readonly approvers: readonly TestApprover[]
  readonly operator: TestOperator
  /** What broke in the vault. Those that a test expects it takes out; the others fail it at the end. */
  readonly faults: unknown[]
  /** A vault of the same keys and tables, as after a restart. */
  restartVault(): Promise<void>
  close(): Promise<void>
}

interface TestCentreOptions {
  readonly ceilings?: { readonly codesPerHour: number; readonly codesPerDay: number }
  /** Where the vault's RSA keys lie; absent: in key files. Its keys are made here. */
  readonly token?: TokenAddress & { readonly pin: string }
  /** The public keys of Atlas where it is another than the test's own operator, which then has no part. */
  readonly atlas?: { readonly verifyKey: KeyObject; readonly wrapKey: KeyObject }
}

export async function startTestCentre({
  ceilings,
  token,
  atlas,
}: TestCentreOptions = {}): Promise<TestCentre> {
  const folder = mkdtempSync(join(tmpdir(), 'centre-'))
  const database = await testDatabase([OFFICE_MIGRATIONS, LEDGER_MIGRATIONS, CENTRE_MIGRATIONS])
  const vaultDatabase = await testVaultDatabase(CENTRE_VAULT_MIGRATIONS)
  const keysFolder = join(folder, 'keys')
  await makePartyKeys(
    keysFolder,
    {
      pairs: [...(token ? [] : RSA_PAIRS), 'supply-sign', 'root'],
      secrets: ['lot-mac', 'fingerprint-atlas'],
    },
    { random: systemRandom },
  )
  if (token !== undefined) {
    makeTokenKeys(token, createSecretKey(Buffer.from(token.pin)), keysFolder)
    await keepTokenPin(keysFolder, Buffer.from(token.pin), { random: systemRandom })
  }
  const sign = generatePair('restock-sign')
  const unwrap = generatePair('restock-unwrap')
  const approvers = ['one', 'two'].map((name) => ({ name, ...generatePair('approval') }))
  const settings = testCentreSettings({
    ...{ dataFolder: folder, keysFolder, approvers, ceilings, token },
    ...{ databaseUrl: vaultDatabase.urls.vault, booksUrl: database.urls.vault },
    atlas: atlas ?? { verifyKey: sign.publicKey, wrapKey: unwrap.publicKey },
  })
  let offsetMs = 0
  const clock = {
    nowMs: () => Date.now() + offsetMs,
    move(ms: number) {
      offsetMs += ms
    },
  }
  const log = createLog({ program: 'centre', process: 'test', clock, level: 'silent' })
  const socket = join(folder, 'vault.sock')
  const faults: unknown[] = []
  const serve = async () => {
    const vault = await startVault(settings, unlockKeyFolder(keysFolder), {
      clock,
      random: systemRandom,
      log,
    })
    const server = await servePrivateLine(socket, vault.verbs, ({ error }) => faults.push(error))
    return async () => {
      await server.close()
      await vault.stop()
    }
  }
  let stopVault = await serve()
  const line = connectPrivateLine<VaultVerbs>(socket)
  const pool = database.pool('api')
  const needs: CentreNeeds = { pool, clock, random: systemRandom, log, vault: line.verbs, settings }
  await createOwnAccounts(pool, DEPOT, 'TND', new Date(clock.nowMs()))
  await addTestProduct(pool, ATLAS_5, new Date(clock.nowMs()))
  return {
    needs,
    database,
    vaultDatabase,
    clock,
    approvers,
    faults,
    door: createSupplyDoor(needs, createSupplyDesk(needs)),
    operator: createTestOperator(needs, { sign: sign.privateKey, unwrap: unwrap.privateKey }, keysFolder),
    async restartVault() {
      await stopVault()
      stopVault = await serve()
    },
    async close() {
      line.close()
      await stopVault()
      await Promise.all([database.drop(), vaultDatabase.drop()])
      rmSync(folder, { recursive: true })
      // What broke in the vault would otherwise stay unseen.
      if (faults.length > 0) throw faults[0]
    },
  }
}

/** A product of the test, sold at its own price from that moment on. */
export async function addTestProduct(sql: Sql, product: Product, at: Date): Promise<void> {
  await insertProduct(sql, product, at)
  const price = { ...product, product: product.id, validFrom: at, setBy: 'test', setAt: at }
  await insertPrice(sql, price)
}
