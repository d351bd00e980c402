// The operator's vault process: the private keys, the codes, and the few verbs that may be asked of them.

import { join } from 'node:path'
import { unlockKeyFolder } from '@scratchless/keys/party-keys'
import { VAULT_SOCKET } from '@scratchless/office/program/run-office'
import { behindSchemas } from '@scratchless/office/vault/verb-door'
import { takeHanded } from '@scratchless/program/hand-over'
import { untilFree } from '@scratchless/program/http/listen'
import { readTls } from '@scratchless/program/http/listener'
import { createLog } from '@scratchless/program/log'
import { servePrivateLine } from '@scratchless/program/private-line'
import { whenToldToStop } from '@scratchless/program/starter-gone'
import { cannotServe, orCannotServe, sendReady } from '@scratchless/program/supervisor'
import { systemClock } from '@scratchless/voucher/clock'
import { systemRandom } from '@scratchless/voucher/random'
import { operatorVaultSettings } from './settings.ts'
import { knowProducts } from './vault/products.ts'
import {
  answerRestockNotice,
  openNotUnderstood,
  openRestockNotice,
  signLotActivation,
  verifyNoticeReceipt,
} from './vault/restock-notices.ts'
import { readSealedLots } from './vault/sealed-stock.sql.ts'
import { signRestockOrderResponse } from './vault/sign-restock-order-response.ts'
import { startBulkWorkers } from './vault/start-bulk-workers.ts'
import { takeRestockOrder } from './vault/take-restock-order.ts'
import { loadVaultNeeds, MAIN_CONNECTIONS } from './vault/vault-needs.ts'
import { OPERATOR_VERB_ARGUMENTS } from './vault/verb-arguments.ts'
import type { VaultVerbs } from './vault/verbs.ts'
import { verifyRestockReceipt } from './vault/verify-restock-receipt.ts'
import { voidCodes } from './vault/void-codes.ts'

/** Each with its packs: a large lot has thousands. */
const LOTS_AT_ONCE = 50

const { settings, plainSettings, passphrase } = takeHanded(operatorVaultSettings)
const keys = unlockKeyFolder(join(settings.keysFolder, 'vault'), passphrase)
const log = createLog({ program: settings.party, process: 'vault', clock: systemClock })
// It opens at the first admission; that it can is seen now.
const { tls } = settings.stockHttp
if (tls !== undefined) orCannotServe(() => readTls('stockHttp', tls))
await untilFree('stockHttp', settings.stockHttp).catch(cannotServe)
const needs = await loadVaultNeeds(settings, keys, {
  clock: systemClock,
  random: systemRandom,
  log,
  connections: MAIN_CONNECTIONS,
}).catch(cannotServe)
const workers = startBulkWorkers({ plainSettings, passphrase }, log)

const verbs: VaultVerbs = {
  knowProducts: (products) => knowProducts(needs, products),
  listSealedLots: ({ known }) => readSealedLots(needs.pool, known, LOTS_AT_ONCE),
  admitStockFile: (admission) => workers.run('admitStockFile', admission),
  generateStock: (generation) => workers.run('generateStock', generation),
  takeRestockOrder: (argument) => takeRestockOrder(needs, argument),
  signRestockOrderResponse: (response) => signRestockOrderResponse(needs, response),
  closeRestockDelivery: (plan) => workers.run('closeRestockDelivery', plan),
  verifyRestockReceipt: (argument) => verifyRestockReceipt(needs, argument),
  openRestockNotice: (argument) => openRestockNotice(needs, argument),
  answerRestockNotice: (argument) => answerRestockNotice(needs, argument),
  signLotActivation: (argument) => signLotActivation(needs, argument),
  verifyNoticeReceipt: (argument) => verifyNoticeReceipt(needs, argument),
  openNotUnderstood: (argument) => openNotUnderstood(needs, argument),
  voidCodes: (act) => voidCodes(needs, act),
}

const line = await servePrivateLine(VAULT_SOCKET, behindSchemas(verbs, OPERATOR_VERB_ARGUMENTS), (fault) =>
  log.error({ verb: fault.verb, reference: fault.reference, err: fault.error }, 'a verb broke'),
)
sendReady()
whenToldToStop(async () => {
  await Promise.all([line.close(), workers.stop()])
  await Promise.all([needs.pool.end(), needs.books.end()])
})
