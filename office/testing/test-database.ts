// For tests only: one real server per run, one database per test, cloned from a migrated template.

import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { operatorId, type PartyId } from '@scratchless/voucher/ids'
import { randomBytes, systemRandom } from '@scratchless/voucher/random'
import pg from 'pg'
import { createPool, type Pool } from '../database/database.ts'
import { type MigrationSource, migrate } from '../database/migrate.ts'
import {
  byRole,
  createOfficeDatabases,
  OFFICE_ROLES,
  type OfficeRole,
  type OfficeUrls,
  VAULT_DATABASE_ROLES,
} from '../database/roles.ts'
import { startPostgres } from '../postgres/start-postgres.ts'

/** Where tests look for the run's server; set by whoever started it. */
export const TEST_DATABASE_URL = 'SCRATCHLESS_TEST_DATABASE_URL'

export interface TestPostgres {
  readonly adminUrl: string
  stop(): Promise<void>
}

/**
 * The server for a test run: the one that SCRATCHLESS_TEST_DATABASE_URL names, else a new one in a temporary
 * folder, without fsync. Sets the variable, which the workers of the run inherit.
 */
export async function startTestPostgres(): Promise<TestPostgres> {
  const given = process.env[TEST_DATABASE_URL]
  if (given !== undefined) return { adminUrl: given, stop: async () => undefined }
  const folder = mkdtempSync(join(tmpdir(), 'scratchless-test-'))
  const server = await startPostgres({ folder, random: systemRandom, durable: false })
  process.env[TEST_DATABASE_URL] = server.adminUrl
  return {
    adminUrl: server.adminUrl,
    async stop() {
      delete process.env[TEST_DATABASE_URL]
      await server.stop()
      rmSync(folder, { recursive: true })
    },
  }
}

export interface TestDatabase {
  readonly party: PartyId
  readonly urls: OfficeUrls
  /** Pools per role, made when first asked for. */
  pool(role: OfficeRole): Pool
  /** Closes the pools and drops the database. */
  drop(): Promise<void>
}

/** All test offices share these roles; roles belong to the server, and parallel workers would race for more. */
const TEST_PARTY = operatorId('test')
const TEST_PASSWORDS = byRole(OFFICE_ROLES, () => 'test')
/** Workers take turns at making roles and templates. */
const TEMPLATE_LOCK = 7_204_119

/**
 * A fresh database, migrated from these sources (party `test`, so roles `test_owner`, `test_api`, …).
 * The first call for a set of files makes a template; the others clone it, in some 50 ms.
 */
export function testDatabase(sources: readonly MigrationSource[]): Promise<TestDatabase> {
  return cloneDatabase(sources, OFFICE_ROLES)
}

/** The same for a vault's own database, to which the api cannot connect. */
export function testVaultDatabase(sources: readonly MigrationSource[]): Promise<TestDatabase> {
  return cloneDatabase(sources, VAULT_DATABASE_ROLES)
}

async function cloneDatabase(
  sources: readonly MigrationSource[],
  connecting: readonly OfficeRole[],
): Promise<TestDatabase> {
  const adminUrl = process.env[TEST_DATABASE_URL]
  if (adminUrl === undefined) throw new Error('no test server: startTestPostgres() was not called')
  const template = `template_${digestOf(sources)}`
  const name = `test_${randomBytes(systemRandom, 8).toString('hex')}`

  const admin = new pg.Client({ connectionString: adminUrl })
  await admin.connect()
  try {
    await admin.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK])
    const made = await admin.query('SELECT FROM pg_database WHERE datname = $1', [template])
    if (made.rowCount === 0) {
      const partial = `${template}_new`
      for (const half of [partial, `${partial}_vault`]) await admin.query(`DROP DATABASE IF EXISTS ${half}`)
      const { books } = await createOfficeDatabases({
        adminUrl,
        party: TEST_PARTY,
        passwords: TEST_PASSWORDS,
        database: partial,
      })
      await migrate({ ownerUrl: books.owner, party: TEST_PARTY, sources })
      await admin.query(`DROP DATABASE ${partial}_vault`)
      await admin.query(`ALTER DATABASE ${partial} RENAME TO ${template}`)
    }
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template} OWNER test_owner`)
    await admin.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`)
    const roles = connecting.map((role) => `test_${role}`).join(', ')
    await admin.query(`GRANT CONNECT ON DATABASE ${name} TO ${roles}`)
  } finally {
    await admin.end()
  }

  const urls: OfficeUrls = byRole(OFFICE_ROLES, (role) => {
    const address = new URL(adminUrl)
    address.username = `test_${role}`
    address.password = TEST_PASSWORDS[role]
    address.pathname = `/${name}`
    return address.href
  })
  const pools = new Map<OfficeRole, Pool>()
  return {
    party: TEST_PARTY,
    urls,
    pool(role) {
      const known = pools.get(role) ?? createPool({ url: urls[role], name: `test ${role}` })
      pools.set(role, known)
      return known
    },
    async drop() {
      await Promise.all([...pools.values()].map((pool) => pool.end()))
      const client = new pg.Client({ connectionString: adminUrl })
      await client.connect()
      await client.query(`DROP DATABASE ${name} WITH (FORCE)`)
      await client.end()
    },
  }
}

function digestOf(sources: readonly MigrationSource[]): string {
  const hash = createHash('sha256')
  for (const { name, folder } of sources)
    for (const file of readdirSync(fileURLToPath(folder)).sort())
      if (file.endsWith('.sql')) hash.update(`${name}/${file}\n`).update(readFileSync(new URL(file, folder)))
  return hash.digest('hex').slice(0, 16)
}
