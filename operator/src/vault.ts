// The operator's vault process: the private keys, the codes, and the few verbs that may be asked of them.

import { join } from 'node:path'
import { openKeyFolder } from '@scratchless/keys/party-keys'
import { VAULT_SOCKET } from '@scratchless/office/program/run-office'
import { takeHanded } from '@scratchless/program/hand-over'
import { untilFree } from '@scratchless/program/http/listen'
import { readTls } from '@scratchless/program/http/listener'
import { createLog } from '@scratchless/program/log'
import { servePrivateLine } from '@scratchless/program/private-line'
import { whenToldToStop } from '@scratchless/program/starter-gone'
import { cannotServe, orCannotServe, sendReady } from '@scratchless/program/supervisor'
import { systemClock } from '@scratchless/voucher/clock'
import { systemRandom } from '@scratchless/voucher/random'
import { operatorProcessSettings } from './settings.ts'
import { startBulkWorkers } from './vault/bulk-workers.ts'
import { closeRestockOrderResponse } from './vault/close-restock-order-response.ts'
import { openRestockReceipt } from './vault/open-restock-receipt.ts'
import { takeRestockOrder } from './vault/take-restock-order.ts'
import { MAIN_CONNECTIONS, openVaultNeeds } from './vault/vault-needs.ts'
import type { VaultVerbs } from './vault/verbs.ts'

const { settings, plainSettings, passphrase } = takeHanded(operatorProcessSettings)
const keys = openKeyFolder(join(settings.keysFolder, 'vault'), passphrase)
const log = createLog({ program: settings.party, process: 'vault', clock: systemClock })
// It opens at the first admission; that it can is seen now.
const { tls } = settings.stockHttp
if (tls !== undefined) orCannotServe(() => readTls('stockHttp', tls))
await untilFree('stockHttp', settings.stockHttp).catch(cannotServe)
const needs = await openVaultNeeds(settings, keys, {
  clock: systemClock,
  random: systemRandom,
  log,
  connections: MAIN_CONNECTIONS,
}).catch(cannotServe)
const workers = startBulkWorkers({ given: { plainSettings, passphrase }, log })

const verbs: VaultVerbs = {
  admitStockFile: (admission) => workers.run('admitStockFile', admission),
  generateStock: (generation) => workers.run('generateStock', generation),
  takeRestockOrder: (argument) => takeRestockOrder(needs, argument),
  closeRestockOrderResponse: (response) => closeRestockOrderResponse(needs, response),
  closeRestockDelivery: (plan) => workers.run('closeRestockDelivery', plan),
  openRestockReceipt: (argument) => openRestockReceipt(needs, argument),
}

const line = await servePrivateLine(VAULT_SOCKET, verbs, (fault) =>
  log.error({ verb: fault.verb, reference: fault.reference, err: fault.error }, 'a verb broke'),
)
sendReady()
whenToldToStop(async () => {
  await Promise.all([line.close(), workers.stop()])
  await needs.pool.end()
})
