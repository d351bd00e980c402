// The terminal: keeps its api process and its card process alive. `node terminal/src/main.ts --config FILE`;
// `--begin-anew` where the store was damaged.

import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { passphraseFor } from '@scratchless/keys/passphrase-box'
import { accountsFor, giveFolder, shareFolder } from '@scratchless/program/account'
import { ConfigProblem, configPath, readConfig } from '@scratchless/program/config-file'
import { holdFolder } from '@scratchless/program/folder-lock'
import { createLog } from '@scratchless/program/log'
import { readPassphrase } from '@scratchless/program/passphrase'
import { type ChildSpec, runProgram } from '@scratchless/program/supervisor'
import { wipedMemory } from '@scratchless/program/wiped-memory'
import { systemClock } from '@scratchless/voucher/clock'
import { CARD_SOCKET, type Config, configSchema, KEYS_FOLDER, STORE_FOLDER } from './config.ts'

try {
  const file = configPath()
  const config = readConfig(file, configSchema)
  await holdFolder(config.dataFolder)
  const { values } = parseArgs({ options: { 'begin-anew': { type: 'boolean' } }, strict: false })
  run(file, config, values['begin-anew'] === true)
} catch (problem) {
  if (!(problem instanceof ConfigProblem)) throw problem
  process.stderr.write(`${problem.message}\n`)
  process.exit(2)
}

function run(file: string, config: Config, beginAnew: boolean): void {
  const { dataFolder } = config
  const modules = { api: new URL('./api.ts', import.meta.url), card: new URL('./card.ts', import.meta.url) }
  const accounts = accountsFor(config)
  const passphrase = readPassphrase()
  shareFolder(dataFolder, accounts)
  for (const folder of [KEYS_FOLDER, STORE_FOLDER]) giveFolder(join(dataFolder, folder), accounts?.api)
  giveFolder(resolve(dataFolder, config.card.folder), accounts?.card)
  giveFolder(join(dataFolder, dirname(CARD_SOCKET)), accounts?.card, accounts?.api)

  const { accounts: _, ...settings } = config
  const child = (name: 'api' | 'card', opens?: Uint8Array): ChildSpec => ({
    name,
    module: modules[name],
    args: ['--config', file],
    account: accounts?.[name],
    handed: {
      settings: name === 'api' ? { ...settings, beginAnew } : settings,
      ...(opens && { passphrase: opens }),
    },
    env: wipedMemory(process.env),
  })
  const apiPassphrase = passphrase ? passphraseFor(passphrase, 'api') : undefined
  // SQLite looks at every folder above its file: the api opens the store first and changes its account then.
  const children = [child('card'), { ...child('api', apiPassphrase), changesAccount: true }]
  passphrase?.fill(0)
  const log = createLog({ program: 'terminal', process: 'main', clock: systemClock }, process.stderr)
  runProgram({ children, cwd: dataFolder, log })
}
