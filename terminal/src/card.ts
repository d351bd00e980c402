// The card process: holds the vendor card, and hands out the key of one code at a time over the private line.

import { type CardSlot, fileCardSlot, pkcs11CardSlot } from '@scratchless/keys/card-slot'
import { takeHanded } from '@scratchless/program/hand-over'
import { createLog } from '@scratchless/program/log'
import { servePrivateLine } from '@scratchless/program/private-line'
import { whenToldToStop } from '@scratchless/program/starter-gone'
import { orCannotServe, sendReady } from '@scratchless/program/supervisor'
import { systemClock } from '@scratchless/voucher/clock'
import { holdCard } from './card/hold-card.ts'
import { CARD_SOCKET, type Config, configSchema } from './config.ts'

const { settings: config } = takeHanded(configSchema)
const log = createLog({ program: 'terminal', process: 'card', clock: systemClock }, process.stderr)
const verbs = holdCard({
  slot: slotOf(config.card),
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

/** A reader without its driver or library could never see a card: said at the start. */
function slotOf(card: Config['card']): CardSlot {
  if (card.class === 'file') return fileCardSlot(card.folder)
  const slot = pkcs11CardSlot({ library: card.library, label: card.label, triesFolder: card.folder })
  orCannotServe(() => slot.look())
  return slot
}
