// The operator's api process: staff over HTTP, partners over mutual TLS, the outbox. It holds one key, for TLS.

import { join } from 'node:path'
import { readCertificate, unlockKeyFolder } from '@scratchless/keys/party-keys'
import { startTying } from '@scratchless/office/audit-chain/tie-lanes'
import { createPool, inTransaction } from '@scratchless/office/database/database'
import { watchCertificate } from '@scratchless/office/http/certificate-end'
import { startOutbox } from '@scratchless/office/outbox/send-outbox'
import { VAULT_SOCKET } from '@scratchless/office/program/run-office'
import { takeHanded } from '@scratchless/program/hand-over'
import { listen } from '@scratchless/program/http/listen'
import { createLog } from '@scratchless/program/log'
import { connectPrivateLine } from '@scratchless/program/private-line'
import { whenToldToStop } from '@scratchless/program/starter-gone'
import { cannotServe, orCannotServe, sendReady } from '@scratchless/program/supervisor'
import { systemClock } from '@scratchless/voucher/clock'
import { parseDecimal } from '@scratchless/voucher/money'
import { systemRandom } from '@scratchless/voucher/random'
import { createPartnerAccount } from './finance/partner-account.ts'
import { receiveAnswer } from './restock/receive-answer.ts'
import { createPartnerLines, createRestockListener } from './restock/restock-line.ts'
import { startRestockDeliveries } from './restock/send-restock-delivery.ts'
import { operatorApiSettings } from './settings.ts'
import { createStaffServer } from './staff-server.ts'
import { operatorCases, operatorRequests } from './stock/operator-cases.ts'
import { startOperatorWork } from './timed-work.ts'
import type { VaultVerbs } from './vault/verbs.ts'

const { settings, passphrase } = takeHanded(operatorApiSettings)
const { party, currency } = settings
const log = createLog({ program: party, process: 'api', clock: systemClock })
const pool = createPool({ url: settings.databaseUrl, name: `${party} api`, log })
const line = connectPrivateLine<VaultVerbs>(VAULT_SOCKET)
const outside = { clock: systemClock, random: systemRandom, log }
const needs = { party, pool, vault: line.verbs, timeZone: settings.timeZone, ...outside }

const keys = unlockKeyFolder(join(settings.keysFolder, 'api'), passphrase)
const tls = {
  keyPem: (await keys.pair('tls').catch(cannotServe)).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }) as string,
  certificatePem: orCannotServe(() => readCertificate(keys.path, 'tls')),
}

for (const { party: partner, guarantee } of settings.partners) {
  const guaranteeMinor = guarantee === undefined ? null : parseDecimal(guarantee, currency)!.amountMinor
  const openedAt = new Date(systemClock.nowMs())
  const problem = await inTransaction(pool, (sql) =>
    createPartnerAccount(sql, { partner, currency, guaranteeMinor, openedAt }),
  )
  if (problem !== null) log.error({ partner, problem }, 'the guarantee in the settings cannot be set')
}
const deliveries = startRestockDeliveries(needs)
const partnerLines = createPartnerLines(tls, settings.partners)
const outbox = startOutbox({
  pool,
  ...outside,
  send: partnerLines.send,
  onAnswer: (sql, message, answer) => receiveAnswer(needs, sql, message, answer),
})

const discounts = new Map(settings.partners.map((partner) => [partner.party, partner.discountBasisPoints]))
const partners = createRestockListener({ ...needs, discounts }, tls, settings.partners, deliveries.wake)

const tying = startTying({ pool, clock: systemClock, log })
const staff = await createStaffServer({ ...needs, settings }).catch(cannotServe)

await Promise.all([
  listen(partners, 'partnerHttps', settings.partnerHttps),
  listen(staff, 'staffHttp', settings.staffHttp),
]).catch(cannotServe)
const approvers = new Map(settings.approvers.map(({ name, publicKey }) => [name, publicKey]))
const timed = await startOperatorWork({
  ...{ databaseUrl: settings.databaseUrl, pool, log, timeZone: settings.timeZone },
  requests: operatorRequests({ ...needs, approvers }),
  cases: operatorCases(needs),
})
const certificate = watchCertificate(tls.certificatePem, systemClock, (ending) =>
  log.error(ending, 'the TLS certificate ends soon: renew it (keys/renew-tls.ts), then start anew'),
)
sendReady()
whenToldToStop(async () => {
  certificate.stop()
  await Promise.all([staff.close(), partners.close()])
  // The vault's line first: what waits for the vault is given up, and is done again at the next start.
  line.close()
  partnerLines.close()
  await Promise.all([deliveries.stop(), outbox.stop(), timed.stop()])
  await tying.stop()
  await pool.end()
})
