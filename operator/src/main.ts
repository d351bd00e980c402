// The operator's program: brings its database up to date, then keeps its vault and its api alive.

import { migrate } from '@scratchless/office/database/migrate'
import { runOffice } from '@scratchless/office/program/run-office'
import { ConfigProblem, checkConfig, configPath, readConfigFile } from '@scratchless/program/config-file'
import { createLog } from '@scratchless/program/log'
import { systemClock } from '@scratchless/voucher/clock'
import { OPERATOR_MIGRATIONS, operatorSettings } from './settings.ts'

try {
  const config = configPath()
  const plainSettings = readConfigFile(config) as object
  const settings = checkConfig(config, plainSettings, operatorSettings)
  const log = createLog({ program: settings.party, process: 'main', clock: systemClock })
  const { applied } = await migrate({
    ownerUrl: settings.database.owner,
    party: settings.party,
    sources: OPERATOR_MIGRATIONS,
  })
  if (applied.length > 0) log.info({ applied }, 'the database is up to date')
  runOffice({
    config,
    plainSettings,
    settings,
    vault: new URL('./vault.ts', import.meta.url),
    api: new URL('./api.ts', import.meta.url),
    log,
  })
} catch (error) {
  if (error instanceof ConfigProblem) process.stderr.write(`${error.message}\n`)
  else if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED')
    process.stderr.write(`The database of the settings does not answer: ${(error as Error).message}\n`)
  else throw error
  process.exit(1)
}
