// The vault process: the only one that holds private keys and, for the length of a call, clear codes.

import { configPath, readConfig } from '@scratchless/program/config-file'
import { createLog } from '@scratchless/program/log'
import { servePrivateLine } from '@scratchless/program/private-line'
import { whenToldToStop } from '@scratchless/program/starter-gone'
import { sendReady } from '@scratchless/program/supervisor'
import { systemClock } from '@scratchless/voucher/clock'
import { systemRandom } from '@scratchless/voucher/random'
import { CentreSettings, VAULT_SOCKET } from './settings.ts'
import { openVault } from './vault/serve-verbs.ts'

const settings = readConfig(configPath(), CentreSettings)
const log = createLog({ program: settings.party, process: 'vault', clock: systemClock })
const vault = await openVault(settings, { clock: systemClock, random: systemRandom, log })
const line = await servePrivateLine(VAULT_SOCKET, vault.verbs, ({ reference, verb, error }) =>
  log.error({ reference, verb, err: error }, 'a verb failed'),
)
whenToldToStop(async () => {
  await line.close()
  await vault.stop()
})
sendReady()
