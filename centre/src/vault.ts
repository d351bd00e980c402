// The vault process: the only one that holds private keys and, for the length of a call, clear codes.

import { join } from 'node:path'
import { unlockKeyFolder } from '@scratchless/keys/party-keys'
import { VAULT_SOCKET } from '@scratchless/office/program/run-office'
import { takeHanded } from '@scratchless/program/hand-over'
import { createLog } from '@scratchless/program/log'
import { servePrivateLine } from '@scratchless/program/private-line'
import { whenToldToStop } from '@scratchless/program/starter-gone'
import { cannotServe, sendReady } from '@scratchless/program/supervisor'
import { systemClock } from '@scratchless/voucher/clock'
import { systemRandom } from '@scratchless/voucher/random'
import { centreVaultSettings } from './settings.ts'
import { startVault } from './vault/serve-verbs.ts'

const { settings, passphrase } = takeHanded(centreVaultSettings)
const keys = unlockKeyFolder(join(settings.keysFolder, 'vault'), passphrase)
const log = createLog({ program: settings.party, process: 'vault', clock: systemClock })
const vault = await startVault(settings, keys, { clock: systemClock, random: systemRandom, log }).catch(
  cannotServe,
)
const line = await servePrivateLine(VAULT_SOCKET, vault.verbs, ({ reference, verb, error }) =>
  log.error({ reference, verb, err: error }, 'a verb failed'),
)
whenToldToStop(async () => {
  await line.close()
  await vault.stop()
})
sendReady()
