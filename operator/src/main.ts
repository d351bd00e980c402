// The operator's program: brings its database up to date, then keeps its vault and its api alive.

import { mkdirSync } from 'node:fs'
import { migrate } from '@scratchless/office/database/migrate'
import { ConfigProblem, configPath, readConfig } from '@scratchless/program/config-file'
import { createLog } from '@scratchless/program/log'
import { runProgram } from '@scratchless/program/supervisor'
import { wipedMemory } from '@scratchless/program/wiped-memory'
import { systemClock } from '@scratchless/voucher/clock'
import { OPERATOR_MIGRATIONS, operatorSettings } from './settings.ts'

try {
  const config = configPath()
  const settings = readConfig(config, operatorSettings)
  const log = createLog({ program: settings.party, process: 'main', clock: systemClock })
  mkdirSync(settings.dataFolder, { recursive: true, mode: 0o700 })
  const { applied } = await migrate({
    ownerUrl: settings.database.owner,
    party: settings.party,
    sources: OPERATOR_MIGRATIONS,
  })
  if (applied.length > 0) log.info({ applied }, 'the database is up to date')
  runProgram({
    children: [
      {
        name: 'vault',
        module: new URL('./vault.ts', import.meta.url),
        args: ['--config', config],
        env: wipedMemory(process.env),
      },
      { name: 'api', module: new URL('./api.ts', import.meta.url), args: ['--config', config] },
    ],
    cwd: settings.dataFolder,
    log,
  })
} catch (error) {
  if (error instanceof ConfigProblem) process.stderr.write(`${error.message}\n`)
  else if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED')
    process.stderr.write(`The database of the settings does not answer: ${(error as Error).message}\n`)
  else throw error
  process.exit(1)
}
