// The card process: holds the vendor card, and hands out the key of one code at a time over the private line.

import { takeHanded } from '@scratchless/program/hand-over'
import { createLog } from '@scratchless/program/log'
import { servePrivateLine } from '@scratchless/program/private-line'
import { whenToldToStop } from '@scratchless/program/starter-gone'
import { orCannotServe, sendReady } from '@scratchless/program/supervisor'
import { systemClock } from '@scratchless/voucher/clock'
import { holdCard } from './card/hold-card.ts'
import { CARD_SOCKET, configSchema } from './config.ts'

const { settings: config } = takeHanded(configSchema)
const log = createLog({ program: 'terminal', process: 'card', clock: systemClock }, process.stderr)
const verbs = holdCard({
  folder: config.card.folder,
  openingsPerSecond: config.card.openingsPerSecond,
  steadyMs: () => performance.now(),
})
// A card that is in and damaged is said now; one that is put in later, in the log.
orCannotServe(() => verbs.state())
const line = await servePrivateLine(CARD_SOCKET, verbs, ({ reference, verb, error }) =>
  log.error({ reference, verb, err: error }, 'a verb broke'),
)
whenToldToStop(() => line.close())
sendReady()
