// What the main file of an office does: its database is brought up to date, each process gets its folders, and then the
// vault and the api are kept alive, each under its own account where we are root, each with no more than is its own.

import { dirname, join, resolve } from 'node:path'
import { passphraseFor } from '@scratchless/keys/passphrase-box'
import { account, accountsFor, giveFolder, shareFolder } from '@scratchless/program/account'
import { ConfigProblem, checkConfig, configPath, readConfigFile } from '@scratchless/program/config-file'
import { holdFolder } from '@scratchless/program/folder-lock'
import { createLog, type Log } from '@scratchless/program/log'
import { readPassphrase } from '@scratchless/program/passphrase'
import { type ChildSpec, runProgram } from '@scratchless/program/supervisor'
import { wipedMemory } from '@scratchless/program/wiped-memory'
import { systemClock } from '@scratchless/voucher/clock'
import type { PartyId } from '@scratchless/voucher/ids'
import { z } from 'zod'
import { type MigrationSource, migrate } from '../database/migrate.ts'
import { beginToUse, copyVaultTables, type VaultMove, waitsForMove } from '../database/move-vault.ts'

/** What the settings of either office say to its main process alone. */
export const officeMainSettings = {
  /** The books: addresses with each role's name and password; a process is told its own. */
  database: z.strictObject({ owner: z.url(), api: z.url(), vault: z.url(), auditor: z.url() }),
  /** The vault's own database, to which the api's role cannot connect. */
  vaultDatabase: z.strictObject({ owner: z.url(), vault: z.url(), auditor: z.url() }),
  /** Used where the program is started as root. */
  accounts: z.strictObject({ api: account, vault: account }).optional(),
}

/** What stands in their place in the settings of the api. */
export const officeApiSettings = { databaseUrl: z.url() }

/** And in those of the vault: its own database, and the books, of which it sees the audit chain's head. */
export const officeVaultSettings = { databaseUrl: z.url(), booksUrl: z.url() }

/** The private line between api and vault, below the data folder: short enough for a socket's name. */
export const VAULT_SOCKET = 'run/vault.sock'

interface OfficeProgram<Settings extends z.ZodType> {
  readonly schema: Settings
  /** All tables of the office's books, in order. */
  readonly migrations: readonly MigrationSource[]
  /** All tables of its vault's own database. */
  readonly vaultMigrations: readonly MigrationSource[]
  /** What of the books of the first release is the vault's. */
  readonly vaultMove: VaultMove
  readonly api: URL
  readonly vault: URL
}

/**
 * The whole of an office's main file. What a person has to mend is said in one sentence, and ends the program.
 * `--migrate-only`: the databases are brought up to date, with what only a stopped office allows, and nothing starts.
 */
export async function startOffice<
  Settings extends z.ZodType<Office['settings'] & { readonly party: PartyId }>,
>({ schema, migrations, vaultMigrations, vaultMove, ...modules }: OfficeProgram<Settings>): Promise<void> {
  try {
    const config = configPath()
    const plainSettings = readConfigFile(config) as object
    const settings = checkConfig(config, plainSettings, schema)
    const { party, database, vaultDatabase } = settings
    const migrateOnly = process.argv.includes(MIGRATE_ONLY)
    const log = createLog({ program: party, process: 'main', clock: systemClock })
    await holdFolder(settings.dataFolder)
    if (!migrateOnly && (await waitsForMove(database.owner, vaultMove)))
      throw new ConfigProblem(`The database of ${party} is of the first release: ${howToMove(config)}`)
    const own = await migrate({ ownerUrl: vaultDatabase.owner, party, sources: vaultMigrations })
    const { rows } = await copyVaultTables(database.owner, vaultDatabase.owner, vaultMove)
    if (rows > 0) log.info({ rows }, "the vault's rows stand in its own database")
    const { timeZone } = settings
    const { applied } = await migrate({ ownerUrl: database.owner, party, sources: migrations, timeZone })
    await beginToUse(vaultDatabase.owner)
    const all = [...own.applied, ...applied]
    if (all.length > 0) log.info({ applied: all }, 'the databases are up to date')
    if (migrateOnly) process.exit(0)
    runOffice({ config, plainSettings, settings, ...modules, log })
  } catch (error) {
    if (error instanceof ConfigProblem) process.stderr.write(`${error.message}\n`)
    else if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED')
      process.stderr.write(`The database of the settings does not answer: ${(error as Error).message}\n`)
    else if (NOT_LET_IN.includes((error as NodeJS.ErrnoException).code ?? ''))
      process.stderr.write(`The database of the settings lets nobody in: ${(error as Error).message}\n`)
    else throw error
    process.exit(1)
  }
}

/** No such database, a wrong role or password, no right to connect (PostgreSQL, appendix A). */
const NOT_LET_IN = ['3D000', '28P01', '28000', '42501']

const MIGRATE_ONLY = '--migrate-only'

function howToMove(config: string): string {
  return `with all programs stopped, run it once as --config ${config} ${MIGRATE_ONLY} (the whole market: npm start -- ${MIGRATE_ONLY} --data DIR)`
}

interface Office {
  /** The settings' file, as the processes are called in the list of processes. */
  readonly config: string
  /** What it holds. */
  readonly plainSettings: object
  readonly settings: {
    readonly timeZone?: string | undefined
    readonly dataFolder: string
    readonly keysFolder: string
    readonly database: Readonly<Record<'owner' | 'api' | 'vault', string>>
    readonly vaultDatabase: Readonly<Record<'owner' | 'vault', string>>
    readonly accounts?: { readonly api: number; readonly vault: number } | undefined
  }
  readonly api: URL
  readonly vault: URL
  readonly log: Log
}

/** Throws a ConfigProblem where accounts or passphrase are not as they should be. */
function runOffice({ config, plainSettings, settings, api, vault, log }: Office): void {
  const { dataFolder, keysFolder, database, vaultDatabase } = settings
  const accounts = accountsFor(settings)
  const passphrase = readPassphrase()
  const keys = resolve(dataFolder, keysFolder)
  shareFolder(dataFolder, accounts)
  shareFolder(keys, accounts)
  for (const name of ['api', 'vault'] as const) giveFolder(join(keys, name), accounts?.[name])
  giveFolder(join(dataFolder, dirname(VAULT_SOCKET)), accounts?.vault, accounts?.api)

  const {
    database: _,
    vaultDatabase: __,
    accounts: ___,
    ...common
  } = plainSettings as Record<string, unknown>
  const urls = {
    api: { databaseUrl: database.api },
    vault: { databaseUrl: vaultDatabase.vault, booksUrl: database.vault },
  }
  const child = (name: 'api' | 'vault', module: URL): ChildSpec => ({
    name,
    module,
    args: ['--config', config],
    account: accounts?.[name],
    handed: {
      settings: { ...common, ...urls[name] },
      ...(passphrase && { passphrase: passphraseFor(passphrase, name) }),
    },
    ...(name === 'vault' && { env: wipedMemory(process.env) }),
  })
  const children = [child('vault', vault), child('api', api)]
  passphrase?.fill(0)
  runProgram({ children, cwd: dataFolder, log })
}
