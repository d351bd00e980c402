// A vendor's card is replaced: the new one is registered by two, given to the vendor, and the old one revoked.

import fs from 'node:fs'
import path from 'node:path'
import type { TillStatus } from '@scratchless/terminal/till/till-contract'
import { cardNumber, findShop, issueCard, type OpenTill } from '../demo/fill-till.ts'
import { OWNER, VENDOR } from '../demo/parties.ts'
import type { Market } from '../demo/start-market.ts'
import { waitUntil } from '../demo/wait-until.ts'

export interface ReplacedCard {
  readonly till: OpenTill
  readonly old: string
  /** Where the old one lies now. */
  readonly drawer: string
  readonly present: string
  /** Where a card is inserted. */
  readonly slot: string
}

/** The numbers of new cards, far from those of the first. */
const NEW_CARDS = 5_000

export async function replaceCard(market: Market, till: OpenTill): Promise<ReplacedCard> {
  const { staff } = market.offices.get('centre')!
  const index = market.terminals.indexOf(till.terminal)
  const slot = market.settings.terminals[index]!.cardFolder
  const [old, present] = [cardNumber(index + 1), cardNumber(NEW_CARDS + index)]
  const drawer = market.data.path('staff', `${old}-in-a-drawer`)
  moveCard(slot, drawer)
  await untilCard(till, 'out')
  await issueCard(market, present, slot, (await findShop(staff, till.shop)).id)
  await giveToVendor(till, present)
  await staff.post(`/api/cards/${old}/revocation`, { reason: 'replaced' })
  await untilCard(till, 'in')
  return { till, old, drawer, present, slot }
}

/** Tries the old card months later, in the hand of a careless owner. Null where nothing can be done with it. */
export async function oldCardStillWorks(
  market: Market,
  { till, old, drawer, present, slot }: ReplacedCard,
  product: string,
): Promise<string | null> {
  const aside = market.data.path('staff', `${present}-aside`)
  moveCard(slot, aside)
  await untilCard(till, 'out')
  moveCard(drawer, slot)
  await giveToVendor(till, old)
  await untilCard(till, 'in')
  const visitor = till.terminal.visit()
  const signedIn = await visitor.tryPost('/api/sign-in', {
    ...{ vendor: VENDOR.id, password: VENDOR.password, pin: VENDOR.pin },
  })
  const sold =
    signedIn.status === 200
      ? await visitor.tryPost('/api/sales', { saleId: `old-card-${old}`, product })
      : null
  moveCard(slot, drawer)
  await untilCard(till, 'out')
  moveCard(aside, slot)
  await giveToVendor(till, present)
  await untilCard(till, 'in')
  return sold?.status === 200 ? 'it sold' : null
}

async function giveToVendor({ terminal }: OpenTill, card: string): Promise<void> {
  const owner = terminal.visit()
  await owner.post('/api/sign-in', { vendor: 'owner', password: OWNER.password })
  await owner.post('/api/vendors', { vendor: VENDOR.id, password: VENDOR.password, card })
  await owner.post('/api/lock', {})
}

/** The terminal looks by itself now and then. */
async function untilCard({ terminal }: OpenTill, status: 'in' | 'out'): Promise<void> {
  const screen = terminal.visit()
  await waitUntil(`${terminal.name}: the card is ${status}`, async () => {
    const { card } = await screen.get<TillStatus>('/api/status')
    return card === status ? true : null
  })
}

/** Its files keep their owner. */
function moveCard(from: string, to: string): void {
  fs.mkdirSync(to, { recursive: true, mode: 0o700 })
  for (const name of fs.readdirSync(from)) fs.renameSync(path.join(from, name), path.join(to, name))
}
