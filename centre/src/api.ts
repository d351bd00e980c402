// The api process: listeners, supply desk, outbox. It holds no key but the TLS key, which opens no code.

import { join } from 'node:path'
import { readCertificate, unlockKeyFolder } from '@scratchless/keys/party-keys'
import { createPinnedClient } from '@scratchless/keys/pinned-client'
import { startTying } from '@scratchless/office/audit-chain/tie-lanes'
import { createPool } from '@scratchless/office/database/database'
import { watchCertificate } from '@scratchless/office/http/certificate-end'
import { startOutbox } from '@scratchless/office/outbox/send-outbox'
import { VAULT_SOCKET } from '@scratchless/office/program/run-office'
import { askForWork } from '@scratchless/office/timed/ask-for-work'
import { takeHanded } from '@scratchless/program/hand-over'
import { listen } from '@scratchless/program/http/listen'
import { createLog } from '@scratchless/program/log'
import { connectPrivateLine } from '@scratchless/program/private-line'
import { whenToldToStop } from '@scratchless/program/starter-gone'
import { cannotServe, orCannotServe, sendReady } from '@scratchless/program/supervisor'
import { systemClock } from '@scratchless/voucher/clock'
import { systemRandom } from '@scratchless/voucher/random'
import { raiseAlarm } from './alarms.sql.ts'
import { LOOK_AT_CATALOGUES } from './catalogue/raise-catalogues.ts'
import { readDepots } from './depots/depots.sql.ts'
import type { CentreNeeds } from './needs.ts'
import { createPartnerListener } from './restock/partner-listener.ts'
import { postRestockMessage, takeRestockOrderResponse } from './restock/send-restock-order.ts'
import { createOwnAccounts } from './retailers/accounts.ts'
import { makeSaleMonths } from './sales/make-sale-months.ts'
import { centreApiSettings } from './settings.ts'
import { createStaffServer } from './staff-server.ts'
import { createSupplyDoor } from './supply/answer-supply-frame.ts'
import { resumeSupplyOrders } from './supply/close-supply-orders.ts'
import { createSupplyDesk } from './supply/supply-desk.ts'
import { createFrameListener, createSupplyHttps } from './supply/supply-listeners.ts'
import { startCentreWork } from './timed-work.ts'
import type { VaultVerbs } from './vault/verbs.ts'

const { settings, passphrase } = takeHanded(centreApiSettings)
const [clock, random] = [systemClock, systemRandom]
const log = createLog({ program: settings.party, process: 'api', clock })
const pool = createPool({ url: settings.databaseUrl, name: `${settings.party} api`, log })
// Terminals' requests touch single rows, thousands a second.
const rows = createPool({ url: settings.databaseUrl, name: `${settings.party} supply`, log, plans: 'by-key' })
const line = connectPrivateLine<VaultVerbs>(VAULT_SOCKET)
const needs: CentreNeeds = { pool, clock, random, log, vault: line.verbs, settings }
for (const { id } of await readDepots(pool))
  await createOwnAccounts(pool, id, settings.currency, new Date(clock.nowMs()))

const keys = unlockKeyFolder(join(settings.keysFolder, 'api'), passphrase)
const tls = await keys.pair('tls').catch(cannotServe)
const own = {
  keyPem: tls.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  certificatePem: orCannotServe(() => readCertificate(keys.path, 'tls')),
}

const tying = startTying(needs)
const staff = await createStaffServer(needs).catch(cannotServe)
const clients = new Map(
  settings.partners.map(({ party, tlsAuthority, tlsPin }) => [
    party as string,
    createPinnedClient({ authorityPem: tlsAuthority, spkiSha256: tlsPin }, own),
  ]),
)
const outbox = startOutbox({
  ...{ pool, clock, random, log },
  send: (message) => postRestockMessage(needs, clients, message),
  onAnswer: (sql, message, answer) => takeRestockOrderResponse(needs, sql, message, answer),
})

await makeSaleMonths(needs).catch((error: unknown) =>
  log.error({ err: error }, 'a month of sales has no table: it is tried again every hour'),
)
const supplying = { ...needs, pool: rows }
const resumed = await resumeSupplyOrders(supplying)
if (resumed > 0) log.info({ orders: resumed }, 'orders that were decided and left open were closed')
const door = createSupplyDoor(supplying, createSupplyDesk(supplying))
const partner = createPartnerListener(needs, own)
const supply = createSupplyHttps(needs, own, door)
const frames = createFrameListener(needs, door)

await Promise.all([
  listen(staff, 'staffHttp', settings.staffHttp),
  listen(partner, 'partnerHttps', settings.partnerHttps),
  listen(supply, 'supplyHttps', settings.supplyHttps),
  listen(frames, 'frames', settings.frames),
]).catch(cannotServe)
const timed = await startCentreWork(needs)
await askForWork(pool, LOOK_AT_CATALOGUES)

const certificate = watchCertificate(own.certificatePem, clock, (ending) => {
  log.error(ending, 'the TLS certificate ends soon: renew it (keys/renew-tls.ts), then start anew')
  const alarm = { kind: 'tls-certificate-ends', subject: settings.party, details: { ...ending } }
  raiseAlarm(pool, { at: new Date(clock.nowMs()), ...alarm }).catch((error: unknown) =>
    log.error({ err: error }, 'an alarm was not raised'),
  )
})

whenToldToStop(async () => {
  certificate.stop()
  frames.close()
  await Promise.all([staff.close(), partner.close(), supply.close(), outbox.stop(), timed.stop()])
  for (const client of clients.values()) client.close()
  line.close()
  await tying.stop()
  await Promise.all([pool.end(), rows.end()])
})
sendReady()
