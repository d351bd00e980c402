// What the main file of an office does once its database is up to date: folders for each process, and then the vault
// and the api kept alive, each under its own account where we are root, each with no more than is its own.

import { dirname, join, resolve } from 'node:path'
import { passphraseFor } from '@scratchless/keys/passphrase-box'
import { account, accountsFor, giveFolder, openFolder } from '@scratchless/program/account'
import type { Log } from '@scratchless/program/log'
import { readPassphrase } from '@scratchless/program/passphrase'
import { type ChildSpec, runProgram } from '@scratchless/program/supervisor'
import { wipedMemory } from '@scratchless/program/wiped-memory'
import { z } from 'zod'

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

interface Office {
  /** The settings' file, as the processes are called in the list of processes. */
  readonly config: string
  /** What it holds. */
  readonly plainSettings: object
  readonly settings: {
    readonly dataFolder: string
    readonly keysFolder: string
    readonly database: Readonly<Record<'api' | 'vault', string>>
    readonly accounts?: { readonly api: number; readonly vault: number } | undefined
  }
  readonly api: URL
  readonly vault: URL
  readonly log: Log
}

/** Throws a ConfigProblem where accounts or passphrase are not as they should be. */
export function runOffice({ config, plainSettings, settings, api, vault, log }: Office): void {
  const { dataFolder, keysFolder, database } = settings
  const accounts = accountsFor(settings)
  const passphrase = readPassphrase()
  const keys = resolve(dataFolder, keysFolder)
  openFolder(dataFolder, accounts)
  openFolder(keys, accounts)
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
