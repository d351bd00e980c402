// The centre: brings its database up to date, then keeps its vault and its api process alive.

import { LEDGER_MIGRATIONS } from '@scratchless/ledger/post-transfers'
import { migrate, OFFICE_MIGRATIONS } from '@scratchless/office/database/migrate'
import { runOffice } from '@scratchless/office/program/run-office'
import { ConfigProblem, checkConfig, configPath, readConfigFile } from '@scratchless/program/config-file'
import { createLog } from '@scratchless/program/log'
import { systemClock } from '@scratchless/voucher/clock'
import { CENTRE_MIGRATIONS, centreSettings } from './settings.ts'

try {
  const config = configPath()
  const plainSettings = readConfigFile(config) as object
  const settings = checkConfig(config, plainSettings, centreSettings)
  const log = createLog({ program: settings.party, process: 'main', clock: systemClock })
  const { applied } = await migrate({
    ownerUrl: settings.database.owner,
    party: settings.party,
    sources: [OFFICE_MIGRATIONS, LEDGER_MIGRATIONS, CENTRE_MIGRATIONS],
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
  if (!(error instanceof ConfigProblem)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
