// The api process: the till's screen and its api, the store, the supply line, the printer's cable.

import { existsSync } from 'node:fs'
import { makePartyKeys } from '@scratchless/keys/party-keys'
import { changeAccount, giveFiles, giveFolder } from '@scratchless/program/account'
import { takeHanded } from '@scratchless/program/hand-over'
import { listen, untilFree } from '@scratchless/program/http/listen'
import { createLog } from '@scratchless/program/log'
import { connectPrivateLine } from '@scratchless/program/private-line'
import { whenToldToStop } from '@scratchless/program/starter-gone'
import { cannotServe, orCannotServe, sendReady } from '@scratchless/program/supervisor'
import { systemClock } from '@scratchless/voucher/clock'
import { systemRandom } from '@scratchless/voucher/random'
import type { CardVerbs } from './card/card-verbs.ts'
import { apiSchema, CARD_SOCKET, DEVICE_KEY_FILE, KEYS_FOLDER, STORE_FILE, STORE_FOLDER } from './config.ts'
import { connectCentre } from './line/centre-line.ts'
import { doubtOpenIntents } from './sale/settle-doubt.ts'
import { type Store, StoreProblem } from './store/connect-store.ts'
import { connectWholeStore, setAside } from './store/whole-store.ts'
import { openDeviceKeys } from './supply/device-keys.ts'
import { terminalClock } from './supply/terminal-clock.ts'
import { connectPrinter } from './ticket/printer-link.ts'
import { openTill } from './till/till.ts'
import { createTillServer } from './till/till-server.ts'

const { settings: config, passphrase, account } = takeHanded(apiSchema)
const log = createLog({ program: 'terminal', process: 'api', clock: systemClock }, process.stderr)

// Two processes on one till would each believe that the other's sale was cut off. Whoever listens on the till's port is
// the till: a new process waits until the one before it has ended.
await untilFree('http', config.http).catch(cannotServe)
const store = connectOwnStore()
await makePartyKeys(
  KEYS_FOLDER,
  { pairs: ['supply-sign'] },
  { random: systemRandom, ...(passphrase && { passphrase }) },
)
const deviceKeys = await openDeviceKeys(KEYS_FOLDER, passphrase ?? null, systemRandom).catch(cannotServe)
if (account !== null) {
  giveFiles(STORE_FOLDER, account)
  changeAccount(account)
}
const clock = terminalClock(systemClock, store)
const doubts = doubtOpenIntents({ store, clock })
if (doubts > 0) log.warn({ doubts }, 'sales were cut off and are in doubt')

const card = connectPrivateLine<CardVerbs>(CARD_SOCKET)
const till = openTill({
  store,
  log,
  clock,
  random: systemRandom,
  deviceKeys,
  line: connectCentre(config.centre),
  card: card.verbs,
  printer: connectPrinter(config.printer, () => till.events.tell(() => ({ kind: 'home' }))),
  locale: config.locale,
  columns: config.printer.columns,
  minimumStock: config.minimumStock,
  reporting: config.reporting,
})
const app = await createTillServer(till, {
  ...{ log, clock: systemClock, random: systemRandom },
  listener: config.http,
}).catch(cannotServe)
await listen(app, 'http', config.http).catch(cannotServe)

/** The device's key is made after the store: where there is one, there was the other. */
function connectOwnStore(): Store {
  const open = () => connectWholeStore(STORE_FILE, existsSync(DEVICE_KEY_FILE))
  if (!config.beginAnew) return orCannotServe(open)
  try {
    return open()
  } catch (problem) {
    if (!(problem instanceof StoreProblem)) throw problem
    for (const folder of [STORE_FOLDER, KEYS_FOLDER]) {
      const kept = setAside(folder, systemClock.nowMs())
      log.warn({ problem: problem.message, kept }, 'kept aside; this device begins anew')
      giveFolder(folder, account ?? undefined)
    }
    return open()
  }
}

whenToldToStop(async () => {
  await till.stop()
  await app.close()
  card.close()
  store.close()
})
sendReady({ port: config.http.port })
