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

/** What the settings of either office say to its main process alone. */
export const officeMainSettings = {
  /** Addresses with each role's name and password; a process is told its own. */
  database: z.strictObject({ owner: z.url(), api: z.url(), vault: z.url(), auditor: z.url() }),
  /** Used where the program is started as root. */
  accounts: z.strictObject({ api: account, vault: account }).optional(),
}

/** What stands in their place in the settings of one process. */
export const officeProcessSettings = { databaseUrl: z.url() }

/** The private line between api and vault, below the data folder: short enough for a socket's name. */
export const VAULT_SOCKET = 'run/vault.sock'

interface OfficeProgram<Settings extends z.ZodType> {
  readonly schema: Settings
  /** All tables of the office, in order. */
  readonly migrations: readonly MigrationSource[]
  readonly api: URL
  readonly vault: URL
}

/** The whole of an office's main file. What a person has to mend is said in one sentence, and ends the program. */
export async function startOffice<
  Settings extends z.ZodType<Office['settings'] & { readonly party: PartyId }>,
>({ schema, migrations, ...modules }: OfficeProgram<Settings>): Promise<void> {
  try {
    const config = configPath()
    const plainSettings = readConfigFile(config) as object
    const settings = checkConfig(config, plainSettings, schema)
    const { party, database } = settings
    const log = createLog({ program: party, process: 'main', clock: systemClock })
    await holdFolder(settings.dataFolder)
    const { applied } = await migrate({ ownerUrl: database.owner, party, sources: migrations })
    if (applied.length > 0) log.info({ applied }, 'the database is up to date')
    runOffice({ config, plainSettings, settings, ...modules, log })
  } catch (error) {
    if (error instanceof ConfigProblem) process.stderr.write(`${error.message}\n`)
    else if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED')
      process.stderr.write(`The database of the settings does not answer: ${(error as Error).message}\n`)
    else throw error
    process.exit(1)
  }
}

interface Office {
  /** The settings' file, as the processes are called in the list of processes. */
  readonly config: string
  /** What it holds. */
  readonly plainSettings: object
  readonly settings: {
    readonly dataFolder: string
    readonly keysFolder: string
    readonly database: Readonly<Record<'owner' | 'api' | 'vault', string>>
    readonly accounts?: { readonly api: number; readonly vault: number } | undefined
  }
  readonly api: URL
  readonly vault: URL
  readonly log: Log
}

/** Throws a ConfigProblem where accounts or passphrase are not as they should be. */
function runOffice({ config, plainSettings, settings, api, vault, log }: Office): void {
  const { dataFolder, keysFolder, database } = settings
  const accounts = accountsFor(settings)
  const passphrase = readPassphrase()
  const keys = resolve(dataFolder, keysFolder)
  shareFolder(dataFolder, accounts)
  shareFolder(keys, accounts)
  for (const name of ['api', 'vault'] as const) giveFolder(join(keys, name), accounts?.[name])
  giveFolder(join(dataFolder, dirname(VAULT_SOCKET)), accounts?.vault, accounts?.api)

  const { database: _, accounts: __, ...common } = plainSettings as Record<string, unknown>
  const child = (name: 'api' | 'vault', module: URL): ChildSpec => ({
    name,
    module,
    args: ['--config', config],
    account: accounts?.[name],
    handed: {
      settings: { ...common, databaseUrl: database[name] },
      ...(passphrase && { passphrase: passphraseFor(passphrase, name) }),
    },
    ...(name === 'vault' && { env: wipedMemory(process.env) }),
  })
  const children = [child('vault', vault), child('api', api)]
  passphrase?.fill(0)
  runProgram({ children, cwd: dataFolder, log })
}
