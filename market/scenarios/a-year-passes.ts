// A year and more passes over a whole market, in steps of a few days: terminals sell every day, order, report and renew
// their keys; vaults are restarted, cards replaced, stock ends and is ordered anew, certificates of the offices are
// renewed; one terminal lies switched off for longer than its certificate and comes back. On the last day every
// terminal orders, receives, opens and sells.

import fs from 'node:fs'
import type { HomeView, TillState, TillStatus } from '@scratchless/terminal/till/till-contract'
import { auditMarket } from '../audit/audit-market.ts'
import type { MarketSettings } from '../demo/ceremony.ts'
import { claimDataFolder } from '../demo/data-folder.ts'
import { enrolAgain, findShop, loadTills, type OpenTill } from '../demo/fill-till.ts'
import { UnexpectedAnswer } from '../demo/http-person.ts'
import { OPERATORS, VENDOR } from '../demo/parties.ts'
import { orderCodes, sellOne, stockOnBoard } from '../demo/sell.ts'
import { type Market, STAFF, startMarket } from '../demo/start-market.ts'
import { loadCentre, loadOperators } from '../demo/stock-market.ts'
import { waitUntil } from '../demo/wait-until.ts'
import { type MovedTime, moveTime } from './moved-time.ts'
import { readRenewals } from './renewals.ts'
import { type ReplacedCard, replaceCard, tryOldCard } from './replace-card.ts'
import { renewTls, restartVaults } from './restarts.ts'

export interface YearSize {
  readonly days: number
  readonly terminals: number
}

export const WHOLE_YEAR: YearSize = { days: 400, terminals: 30 }

export interface YearPassed extends YearSize {
  readonly ok: boolean
  readonly sales: number
  readonly orders: number
  readonly renewals: number
  readonly secondEnrolments: number
  readonly cardsReplaced: number
  /** Of all three vaults together. */
  readonly vaultRestarts: number
  readonly problems: readonly string[]
  readonly seconds: number
}

const DAY_MS = 86_400_000
const LEASE_DAYS = 7
/** Below a lease: a terminal that is on is never locked. */
const STEP_DAYS = 5
/** The ones that are sold; of all others the first codes lie in the safe until they end. */
const SOLD = ['ATLAS-1', 'SAHEL-1']
/** Bought on the first day and sold by nobody: what has ended is not sold. */
const UNSOLD = 'ATLAS-10'
const VALIDITY_DAYS = 365
const TLS_DAYS = 397
/** People renew a certificate within the month in which it is said to end. */
const TLS_RENEWED_DAYS_BEFORE = 20
const CENTRE_CERTIFICATE_DAYS = 365
/** A terminal's certificate; its last third is when it is renewed. */
const CERTIFICATE_DAYS = 90
const RENEWED_FROM_DAY = 60
/** No wire takes more cards a shop than 16. */
const TERMINALS_A_SHOP = 10
const AT_ONCE = 6
const ORDERED_CODES = 20
const RESTOCKED_EVERY_DAYS = 90
const RESTOCKED_CODES = 2_000
/** Paid in at the start by each shop, in dinars. */
const DEPOSIT = '60000.000'

interface Year extends YearSize {
  readonly market: Market
  readonly time: MovedTime
  readonly problems: string[]
  readonly say: (progress: string) => void
  readonly counts: { sales: number; orders: number; secondEnrolments: number; vaultRestarts: number }
  readonly replaced: ReplacedCard[]
  /** The one that is switched off for a while. */
  readonly sleeper: OpenTill
  isAsleep: boolean
}

export async function runAYear(
  dataDir: string,
  size: YearSize,
  say: (progress: string) => void,
): Promise<YearPassed> {
  const startedMs = performance.now()
  const data = claimDataFolder(dataDir)
  if ('problem' in data) throw new Error(data.problem)
  const time = moveTime()
  const problems: string[] = []
  let told: Omit<YearPassed, keyof YearSize | 'ok' | 'problems' | 'seconds'>
  try {
    const { terminals } = size
    const market = await startMarket(data, {
      ...{ databaseUrl: null, terminals, unpaced: true, adjust: reportAtOnce, onPaper: () => undefined, say },
    })
    try {
      await loadOperators(market, [], say, RESTOCKED_CODES)
      await loadCentre(market, say)
      const tills = await loadTills(market, say, undefined, undefined, shopOf)
      for (const shop of new Map(tills.map((till) => [till.shop.name, till.shop])).values()) {
        const { staff } = market.offices.get('centre')!
        const { id } = await findShop(staff, shop)
        await staff.post(`/api/retailers/${id}/deposits`, { amount: DEPOSIT, document: `YEAR-${id}` })
      }
      const counts = { sales: 0, orders: 0, secondEnrolments: 0, vaultRestarts: 0 }
      const year: Year = {
        ...{
          ...size,
          market,
          time,
          problems,
          say,
          counts,
          replaced: [],
          sleeper: tills.at(-1)!,
          isAsleep: false,
        },
      }
      await passDays(year, tills)
      await lookAtTheLastDay(year, tills)
      told = { ...counts, renewals: await judgeRenewals(year, tills), cardsReplaced: year.replaced.length }
    } finally {
      await market.stop()
    }
  } finally {
    time.end()
    data.release()
  }
  say('the books are audited')
  const broken = (await auditMarket(dataDir)).filter(({ ok }) => !ok)
  problems.push(...broken.map(({ invariant, name, detail }) => `audit: ${invariant}, ${name}: ${detail}`))
  const seconds = Math.round((performance.now() - startedMs) / 1000)
  return { ok: problems.length === 0, ...size, ...told, problems, seconds }
}

/** What a step sells is reported with its last sale: nothing is on its way when time moves on. */
async function reportAtOnce({ terminals }: MarketSettings): Promise<void> {
  for (const { config } of terminals) {
    const known = JSON.parse(fs.readFileSync(config, 'utf8'))
    const reporting = { ...known.reporting, sales: STEP_DAYS }
    fs.writeFileSync(config, JSON.stringify({ ...known, reporting }))
  }
}

const shopOf = (index: number) => ({
  name: `Epicerie ${Math.floor(index / TERMINALS_A_SHOP) + 1}`,
  place: 'Tunis',
})

/** What happens on which day, for a story of any length. */
function planOf({ days }: YearSize) {
  const step = (day: number) => Math.ceil(day / STEP_DAYS) * STEP_DAYS
  const offDays = days >= 300 ? 120 : 95
  const offFrom = step(days >= 300 ? 100 : 15)
  return {
    vaults: [0.25, 0.5, 0.75].map((part) => step(part * days)),
    cards: step(days * 0.4),
    oldCards: step(days * 0.4 + 2 * LEASE_DAYS),
    offFrom: offFrom + offDays < days ? offFrom : null,
    onFrom: offFrom + step(offDays),
    tls: days >= TLS_DAYS - TLS_RENEWED_DAYS_BEFORE ? step(TLS_DAYS - TLS_RENEWED_DAYS_BEFORE) : null,
  }
}

async function passDays(year: Year, tills: readonly OpenTill[]): Promise<void> {
  const { market, time, days, say, counts } = year
  const plan = planOf(year)
  const startMs = time.nowMs()
  let restockedOn = 0
  for (let day = STEP_DAYS; day <= days; day += STEP_DAYS) {
    await eachOf(awake(year, tills), allSaid)
    await time.moveTo(startMs + day * DAY_MS)
    await signInStaff(market)
    if (day === plan.tls) {
      for (const { party } of market.settings.offices) await renewTls(market, party)
      await signInStaff(market)
      say(`day ${day}: TLS certificates renewed, and every office started again`)
    }
    if (plan.vaults.includes(day)) {
      const restarted = await restartVaults(market)
      counts.vaultRestarts += restarted
      say(`day ${day}: ${restarted} vaults killed and started again`)
    }
    if (day - restockedOn >= RESTOCKED_EVERY_DAYS) {
      restockedOn = day
      await restock(market)
      say(`day ${day}: new stock is here`)
    }
    if (day === plan.offFrom) {
      await year.sleeper.terminal.switchOff()
      year.isAsleep = true
      say(`day ${day}: ${year.sleeper.terminal.name} is switched off`)
    }
    if (year.isAsleep && day >= plan.onFrom) {
      await comeBack(year)
      say(`day ${day}: ${year.sleeper.terminal.name} is back, enrolled again under its name`)
    }
    if (day === plan.oldCards) await tryOldCards(year)
    const open = awake(year, tills)
    await eachOf(open, (till) => workAt(year, till))
    if (day === plan.cards) {
      for (const till of open.filter((_, index) => index % 3 === 0)) {
        year.replaced.push(await replaceCard(market, till))
        await signIn(till)
      }
      say(`day ${day}: ${year.replaced.length} cards replaced`)
    }
    say(`day ${day}: ${counts.sales} sales and ${counts.orders} orders so far`)
  }
}

async function eachOf<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const waiting = [...all]
  const worker = async () => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) await work(one)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

/** A sale a day, all at once on the day that is there; what is short is ordered. */
async function workAt(year: Year, till: OpenTill): Promise<void> {
  await inTouch(year, till)
  const onBoard = await stockOnBoard(till.vendor)
  const lines = SOLD.filter((product) => (onBoard.get(product) ?? 0) < STEP_DAYS).map((product) => ({
    product,
    quantity: ORDERED_CODES,
  }))
  if (lines.length > 0) await order(year, till, lines)
  for (let day = 0; day < STEP_DAYS; day++) await sell(year, till, SOLD[day % SOLD.length]!)
}

async function sell(year: Year, till: OpenTill, product: string): Promise<void> {
  // What was closed for the card before opens with the new one as soon as its letters are here.
  const sold = async () => {
    await sellOne(till.vendor, product)
    return true
  }
  const patient = () =>
    sold().catch((problem: Error) => {
      if (problem.message.includes('letter-missing')) return null
      throw problem
    })
  const done = isReplaced(year, till)
    ? waitUntil(`${till.terminal.name}: the letters of the new card are here`, patient)
    : sold()
  await done.catch((problem: Error) => {
    throw new Error(`${till.terminal.name}: ${problem.message}`, { cause: problem })
  })
  year.counts.sales++
}

const isReplaced = ({ replaced }: Year, till: OpenTill) => replaced.some((card) => card.till === till)

async function order(
  { counts }: Year,
  till: OpenTill,
  lines: readonly { product: string; quantity: number }[],
): Promise<void> {
  await orderCodes(till.vendor, lines).catch((problem: Error) => {
    throw new Error(`${till.terminal.name}: ${problem.message}`, { cause: problem })
  })
  counts.orders++
}

/** After days: the vendor is signed in, the centre was heard today, and nothing is left to ask. */
async function inTouch({ time }: Year, till: OpenTill): Promise<void> {
  await waitUntil(
    `${till.terminal.name}: the centre is heard`,
    async () => {
      const home = await till.vendor.get<HomeView>('/api/home').catch((problem) => {
        if (problem instanceof UnexpectedAnswer && problem.status === 401) return null
        throw problem
      })
      if (home === null) {
        await signIn(till)
        return null
      }
      const { outboxEmpty } = await till.vendor.get<TillStatus>('/api/status')
      return home.leaseUntilMs - time.nowMs() > (LEASE_DAYS - 1) * DAY_MS && outboxEmpty ? true : null
    },
    { everyMs: 200, withinMs: 120_000 },
  )
}

/**
 * A question that is on its way while time moves is answered with the time of before, by which the terminal sets its
 * clock back for hours.
 */
async function allSaid({ terminal }: OpenTill): Promise<void> {
  const screen = terminal.visit()
  await waitUntil(`${terminal.name}: all is said`, async () => {
    const { outboxEmpty, unsent } = await screen.get<TillStatus>('/api/status')
    return outboxEmpty && unsent === 0 ? true : null
  })
}

const awake = ({ isAsleep, sleeper }: Year, tills: readonly OpenTill[]) =>
  tills.filter((till) => !(isAsleep && till === sleeper))

async function signIn({ vendor }: OpenTill): Promise<void> {
  await vendor.post('/api/sign-in', { vendor: VENDOR.id, password: VENDOR.password, pin: VENDOR.pin })
}

async function signInStaff({ offices }: Market): Promise<void> {
  for (const { staff } of offices.values())
    await staff.post('/api/sign-in', { signInName: STAFF.signInName, password: STAFF.password })
}

/** Stock ends a year after it was made: new codes are made and ordered in time. */
async function restock(market: Market): Promise<void> {
  const { staff: centre } = market.offices.get('centre')!
  for (const { party } of OPERATORS) {
    const { staff } = market.offices.get(party)!
    const products = SOLD.filter((product) => product.startsWith(`${party.toUpperCase()}-`))
    for (const product of products)
      await staff.post('/api/stock/generations', { product, count: RESTOCKED_CODES, activated: true })
    const lines = products.map((product) => ({ product, quantity: RESTOCKED_CODES }))
    await centre.post('/api/restock/orders', { operator: party, lines })
  }
  await loadCentre(market, () => undefined)
}

/** Its certificate has ended; its closed codes have not. */
async function comeBack(year: Year): Promise<void> {
  const { sleeper, market, problems, counts } = year
  const { staff } = market.offices.get('centre')!
  await sleeper.terminal.switchOn()
  const screen = sleeper.terminal.visit()
  const before = await screen.get<TillState>('/api/state')
  if (!before.certificateOver) problems.push('the terminal that was off has a certificate that has not ended')
  await enrolAgain(market, sleeper.terminal, (await findShop(staff, sleeper.shop)).id)
  counts.secondEnrolments++
  year.isAsleep = false
  const { terminal } = await screen.get<TillState>('/api/state')
  if (terminal !== before.terminal) problems.push(`${before.terminal} came back as ${terminal}`)
  await signIn(sleeper)
  await inTouch(year, sleeper)
  const held = await stockOnBoard(sleeper.vendor)
  const product = SOLD.find((one) => (held.get(one) ?? 0) > 0)
  if (product === undefined) problems.push('the terminal that was off holds no code of before')
  else await sell(year, sleeper, product)
}

async function lookAtTheLastDay(year: Year, tills: readonly OpenTill[]): Promise<void> {
  const { problems, say, days } = year
  await eachOf(tills, async (till) => {
    await inTouch(year, till)
    for (const product of SOLD) {
      const before = (await stockOnBoard(till.vendor)).get(product) ?? 0
      await order(year, till, [{ product, quantity: 3 }])
      const after = (await stockOnBoard(till.vendor)).get(product) ?? 0
      if (after !== before + 3)
        problems.push(`${till.terminal.name}: ${after} of ${product} after ${before} and 3`)
      await sell(year, till, product)
    }
    if (days <= VALIDITY_DAYS) return
    const said = await till.vendor.tryPost<{ error?: { code: string } }>('/api/sales', {
      ...{ saleId: `ended-${till.terminal.name}`, product: UNSOLD },
    })
    if (said.body.error?.code !== 'no-stock')
      problems.push(`${till.terminal.name}: an ended code: ${said.status} ${JSON.stringify(said.body)}`)
  })
  say(`day ${days}: every terminal has ordered, opened and sold`)
  await tryOldCards(year)
  if (days >= 50 && year.replaced.length === 0) problems.push('no card was replaced')
  // What was sold last is reported before the market stops.
  await eachOf(tills, async (till) => {
    await signIn(till)
    await inTouch(year, till)
  })
}

/** When the centre has ceased to name them, while what was closed for them before is on board still. */
async function tryOldCards({ market, replaced, problems }: Year): Promise<void> {
  for (const card of replaced) {
    const { sold } = await tryOldCard(market, card, SOLD)
    problems.push(...sold.map((product) => `${card.till.terminal.name}: the card of before sold ${product}`))
    await signIn(card.till)
  }
}

/** Every terminal renewed as often as its certificates would have ended; the centre its own. */
async function judgeRenewals(year: Year, tills: readonly OpenTill[]): Promise<number> {
  const { days, problems, sleeper } = year
  const { ofTill, centreCertificates } = await readRenewals(year.market, tills)
  const least = days < RENEWED_FROM_DAY + STEP_DAYS ? 0 : Math.floor(days / CERTIFICATE_DAYS)
  for (const [till, times] of ofTill)
    if (till !== sleeper && times < least)
      problems.push(`${till.terminal.name} renewed its key ${times} times`)
  if (days >= CENTRE_CERTIFICATE_DAYS && centreCertificates < 2)
    problems.push('the centre has no certificate after its first')
  return [...ofTill.values()].reduce((sum, times) => sum + times, 0)
}
