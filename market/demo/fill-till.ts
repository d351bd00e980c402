// From a new device to an open till: the shop, its money, its card, the enrolment that two people approve,
// the vendor, the first codes. What an earlier start has done is found done.

import fs from 'node:fs'
import path from 'node:path'
import type {
  CardView,
  EnrolmentView,
  RetailerView,
  TerminalView,
  VendorView,
} from '@scratchless/centre/staff-api'
import { createFileCard } from '@scratchless/keys/file-card'
import { readPublicKeyFile, unlockKeyFolder } from '@scratchless/keys/party-keys'
import { type ApprovalField, signApproval } from '@scratchless/office/staff/approval'
import { writeDurably } from '@scratchless/program/durable-file'
import type { TillState, TillStatus } from '@scratchless/terminal/till/till-contract'
import { type CardId, cardId } from '@scratchless/voucher/ids'
import { money, parseDecimal, toDecimal } from '@scratchless/voucher/money'
import { systemRandom } from '@scratchless/voucher/random'
import { APPROVERS } from './ceremony.ts'
import type { HttpPerson } from './http-person.ts'
import { OPERATORS, OWNER, productsOf, RETAILER, VENDOR } from './parties.ts'
import { passphraseOf } from './passphrases.ts'
import { orderCodes, stockOnBoard } from './sell.ts'
import type { Market, MarketTerminal } from './start-market.ts'
import { waitUntil } from './wait-until.ts'

/** Codes a product on board after the first supply order. */
const FIRST_CODES = 20
/** The most codes in one supply order, as the protocol has it: what is more comes by the next order. */
const MOST_CODES = 1_000
/** What the shop has paid in before it orders: enough for the demo's first codes. */
const DEPOSIT_MINOR = 2_000_000n

type Shop = Pick<RetailerView, 'name' | 'place'>

export interface OpenTill {
  readonly terminal: MarketTerminal
  readonly vendor: HttpPerson
  readonly shop: Shop
}

/** Opens the tills of every terminal, or of those named, with codes of every product on board. */
export async function loadTills(
  market: Market,
  say: (progress: string) => void,
  clockWithinMs = CLOCK_WITHIN_MS,
  named?: readonly string[],
  shopOf: (index: number) => Shop = () => RETAILER,
): Promise<OpenTill[]> {
  const { staff } = market.offices.get('centre')!
  const tills: OpenTill[] = []
  for (const [index, terminal] of market.terminals.entries()) {
    if (named !== undefined && !named.includes(terminal.name)) continue
    const shop = shopOf(index)
    const retailer = await findShop(staff, shop)
    await enrol(market, terminal, retailer.id, say)
    const vendor = await signIn(market, terminal, index, retailer.id)
    await untilClockIsRight(terminal, say, clockWithinMs)
    const till = { terminal, vendor, shop }
    await ensureStock(
      market,
      till,
      OPERATORS.flatMap(productsOf).map(({ id }) => id),
      1,
    )
    say(`${terminal.name}: codes on board, the till is open`)
    tills.push(till)
  }
  return tills
}

export async function findShop(staff: HttpPerson, shop: Shop): Promise<RetailerView> {
  const { retailers } = await staff.get<{ retailers: readonly RetailerView[] }>('/api/retailers')
  return retailers.find(({ name }) => name === shop.name) ?? staff.post<RetailerView>('/api/retailers', shop)
}

/** The device's keys are made on the device; two people compare its fingerprint and sign. */
async function enrol(
  market: Market,
  terminal: MarketTerminal,
  retailer: string,
  say: (progress: string) => void,
) {
  const { staff } = market.offices.get('centre')!
  const screen = terminal.visit()
  const state = await screen.get<TillState>('/api/state')
  if (state.enrolment === 'enrolled') return
  const { terminals } = await staff.get<{ terminals: readonly TerminalView[] }>('/api/terminals')
  // One that this device asked for, or one for which nobody has asked yet.
  const known =
    terminals.find(({ state: at, fingerprint }) => at === 'asked' && fingerprint === state.fingerprint) ??
    terminals.find(({ state: at }) => at === 'new' || at === 'enrolling') ??
    (await staff.post<TerminalView>('/api/terminals', { retailer }))
  if (state.enrolment === 'none') {
    const { typed } = await staff.post<EnrolmentView>(`/api/terminals/${known.id}/enrolments`, {})
    await screen.post('/api/enrolment', { enrolmentCode: typed, ownerPassword: OWNER.password })
  }
  await approveDevice(market, terminal, known.id, retailer)
  await waitUntil('The terminal’s certificate', async () => {
    const { enrolment } = await screen.get<TillState>('/api/state')
    return enrolment === 'enrolled' ? true : null
  })
  say(`${terminal.name}: enrolled as ${known.id}, approved by two`)
}

/** A terminal that was off longer than its certificate: its owner types a new code, and two people approve its next key. */
export async function enrolAgain(market: Market, terminal: MarketTerminal, retailer: string): Promise<void> {
  const { staff } = market.offices.get('centre')!
  const owner = terminal.visit()
  const { terminal: id } = await owner.get<TillState>('/api/state')
  await owner.post('/api/sign-in', { vendor: 'owner', password: OWNER.password })
  const { typed } = await staff.post<EnrolmentView>(`/api/terminals/${id}/enrolments`, {})
  await owner.post('/api/enrolment', { enrolmentCode: typed, ownerPassword: OWNER.password })
  await approveDevice(market, terminal, id!, retailer)
  await waitUntil('The terminal’s next certificate', async () => {
    const { certificateOver } = await owner.get<TillState>('/api/state')
    return certificateOver ? null : true
  })
}

async function approveDevice(
  market: Market,
  terminal: MarketTerminal,
  id: string,
  retailer: string,
): Promise<void> {
  const { staff } = market.offices.get('centre')!
  const screen = terminal.visit()
  const fingerprint = await waitUntil('The fingerprint on both screens', async () => {
    const here = (await screen.get<TillState>('/api/state')).fingerprint
    const there = (await staff.get<TerminalView>(`/api/terminals/${id}`)).fingerprint
    if (here && there && here !== there)
      throw new Error(`The fingerprints differ: ${here} here, ${there} at the centre.`)
    return here && there ? there : null
  })
  const { approvers } = await staff.get<TerminalView>(`/api/terminals/${id}`)
  await approve(market, `/api/terminals/${id}/approvals`, approvers, 'certify-terminal', [
    id,
    retailer,
    fingerprint,
  ])
  await screen.post('/api/enrolment/poll', {})
}

async function approve(
  market: Market,
  route: string,
  already: readonly string[],
  purpose: string,
  fields: readonly ApprovalField[],
): Promise<void> {
  const { staff } = market.offices.get('centre')!
  for (const approver of APPROVERS.filter((name) => !already.includes(name))) {
    const keys = unlockKeyFolder(market.data.path('staff', approver), passphraseOf(market.data, approver))
    const { privateKey } = await keys.pair('approval')
    const signature = signApproval(privateKey, purpose, fields).toString('base64')
    await staff.post(route, { approver, signature })
  }
}

/** A first answer of the centre comes within seconds where there is a line. */
const CLOCK_WITHIN_MS = 30_000

/** A clock that was once ahead stands still until the centre is heard; until then the till may be locked by it. */
async function untilClockIsRight(
  { name, visit }: MarketTerminal,
  say: (progress: string) => void,
  withinMs: number,
): Promise<void> {
  const screen = visit()
  const isRight = async () => {
    const { waitsFor } = await screen.get<TillStatus>('/api/status')
    return waitsFor === null ? true : null
  }
  if (await isRight()) return
  say(`${name}: its clock was once ahead; it waits for the centre's answer, which sets it right`)
  await waitUntil(`The answer of the centre that sets the clock of ${name} right`, isRight, {
    withinMs,
  })
}

/** The centre issues the card and registers its public half; the owner gives it to the vendor, who signs in. */
async function signIn(
  market: Market,
  terminal: MarketTerminal,
  index: number,
  retailer: string,
): Promise<HttpPerson> {
  const folder = market.settings.terminals[index]!.cardFolder
  const card = await issueCard(market, cardNumber(index + 1), folder, retailer)
  const { vendors } = await terminal.visit().get<TillState>('/api/state')
  if (!vendors.some(({ id }) => id === VENDOR.id)) {
    const owner = terminal.visit()
    await owner.post('/api/sign-in', { vendor: 'owner', password: OWNER.password })
    await owner.post('/api/vendors', { vendor: VENDOR.id, password: VENDOR.password, card })
    await owner.post('/api/lock', {})
  }
  const vendor = terminal.visit()
  await vendor.post('/api/sign-in', { vendor: VENDOR.id, password: VENDOR.password, pin: VENDOR.pin })
  return vendor
}

export const cardNumber = (number: number): CardId => cardId(`C${String(number).padStart(7, '0')}`)

/** Into the folder where it is inserted; what lies there gives way. */
export async function issueCard(
  market: Market,
  card: CardId,
  folder: string,
  retailer: string,
): Promise<CardId> {
  const { staff } = market.offices.get('centre')!
  const publicFile = market.data.path('staff', `${card}.pub`)
  if (!fs.existsSync(publicFile)) {
    for (const name of fs.readdirSync(folder)) fs.rmSync(path.join(folder, name))
    const publicKey = await createFileCard(folder, card, Buffer.from(VENDOR.pin), systemRandom)
    writeDurably(publicFile, publicKey.export({ type: 'spki', format: 'pem' }))
  }
  const publicKey = readPublicKeyFile(publicFile).export({ type: 'spki', format: 'pem' })
  const known = await staff.tryGet<CardView>(`/api/cards/${card}`)
  const { vendors } = await staff.get<{ vendors: readonly VendorView[] }>(
    `/api/retailers/${retailer}/vendors`,
  )
  // The centre gives the first vendor of a shop this number.
  if (!vendors.some(({ id }) => id === VENDOR.id))
    await staff.post(`/api/retailers/${retailer}/vendors`, { name: VENDOR.name })
  const view =
    known ??
    (await staff.post<CardView>('/api/cards', {
      card,
      retailer,
      vendor: VENDOR.id,
      class: 'file',
      publicKey,
    }))
  await approve(market, `/api/cards/${card}/approvals`, view.approvers, 'register-card', [
    card,
    retailer,
    VENDOR.id,
    view.class,
    view.keyFingerprint,
  ])
  return card
}

/** Orders codes until at least `sales` sales in turn through these products find one each. */
export async function ensureStock(
  market: Market,
  till: OpenTill,
  products: readonly string[],
  sales: number,
): Promise<void> {
  const perProduct = Math.ceil(sales / products.length)
  for (;;) {
    const onBoard = await stockOnBoard(till.vendor)
    const lines = products
      .map((product) => ({ product, missing: perProduct - (onBoard.get(product) ?? 0) }))
      .filter(({ missing }) => missing > 0)
      .map(({ product, missing }) => ({
        product,
        quantity: Math.min(Math.floor(MOST_CODES / products.length), Math.max(missing, FIRST_CODES)),
      }))
    if (lines.length === 0) return
    await ensureMoney(market, till.shop, lines)
    await orderCodes(till.vendor, lines)
  }
}

/** The shop pays in before it orders more than it can pay. */
async function ensureMoney(
  market: Market,
  { name, place }: Shop,
  lines: readonly { product: string; quantity: number }[],
): Promise<void> {
  const { staff } = market.offices.get('centre')!
  const shop = await findShop(staff, { name, place })
  const price = new Map(
    OPERATORS.flatMap(productsOf).map(({ id, publicPrice }) => [id as string, publicPrice.amountMinor]),
  )
  const neededMinor = lines.reduce(
    (sum, { product, quantity }) => sum + BigInt(quantity) * price.get(product)!,
    0n,
  )
  const available = parseDecimal(shop.available, 'TND')
  if (available && available.amountMinor > neededMinor) return
  const amount = toDecimal(money(neededMinor > DEPOSIT_MINOR ? neededMinor : DEPOSIT_MINOR, 'TND'))
  // A deposit's document is used once: what the shop has moved so far tells one from the next.
  const document = `D-${shop.balance}-${shop.pending}-${neededMinor}`
  await staff.post(`/api/retailers/${shop.id}/deposits`, {
    amount,
    document,
  })
}
