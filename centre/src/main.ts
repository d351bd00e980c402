// The centre: brings its database up to date, then keeps its vault and its api process alive.

import { mkdirSync } from 'node:fs'
import { LEDGER_MIGRATIONS } from '@scratchless/ledger/post-transfers'
import { migrate, OFFICE_MIGRATIONS } from '@scratchless/office/database/migrate'
import { ConfigProblem, configPath, readConfig } from '@scratchless/program/config-file'
import { createLog } from '@scratchless/program/log'
import { runProgram } from '@scratchless/program/supervisor'
import { wipedMemory } from '@scratchless/program/wiped-memory'
import { systemClock } from '@scratchless/voucher/clock'
import { CENTRE_MIGRATIONS, CentreSettings } from './settings.ts'

try {
  const path = configPath()
  const settings = readConfig(path, CentreSettings)
  const log = createLog({ program: settings.party, process: 'main', clock: systemClock })
  mkdirSync(settings.dataFolder, { recursive: true, mode: 0o700 })
  const { applied } = await migrate({
    ownerUrl: settings.database.owner,
    party: settings.party,
    sources: [OFFICE_MIGRATIONS, LEDGER_MIGRATIONS, CENTRE_MIGRATIONS],
  })
  if (applied.length > 0) log.info({ applied }, 'the database is up to date')
  const args = ['--config', path]
  runProgram({
    children: [
      { name: 'vault', module: new URL('./vault.ts', import.meta.url), args, env: wipedMemory(process.env) },
      { name: 'api', module: new URL('./api.ts', import.meta.url), args },
    ],
    cwd: settings.dataFolder,
    log,
  })
} catch (error) {
  if (!(error instanceof ConfigProblem)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
