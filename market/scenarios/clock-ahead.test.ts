// A terminal whose machine was once 30 days ahead: without a line it says what it waits for and takes orders; with one
// the first answer sets it right, and the market goes on.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { TillStatus } from '@scratchless/terminal/till/till-contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MarketSettings } from '../demo/ceremony.ts'
import { claimDataFolder, type DataFolder } from '../demo/data-folder.ts'
import { loadTills } from '../demo/fill-till.ts'
import type { HttpPerson } from '../demo/http-person.ts'
import { VENDOR } from '../demo/parties.ts'
import { sellOne } from '../demo/sell.ts'
import { startMarket } from '../demo/start-market.ts'
import { loadCentre, loadOperators } from '../demo/stock-market.ts'
import { waitUntil } from '../demo/wait-until.ts'
import { type SlowLine, startSlowLine } from '../line/slow-line.ts'

const MINUTE_MS = 60_000
const AHEAD_MS = 30 * 86_400_000
let folder: string
let data: DataFolder

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ahead-'))
  // A terminal that may pass through the folders above its store leaves no journal when it stops.
  fs.chmodSync(folder, 0o755)
  const claimed = claimDataFolder(path.join(folder, 'data'))
  if ('problem' in claimed) throw new Error(claimed.problem)
  data = claimed
  const market = await start()
  try {
    await loadOperators(market, [], () => {})
    await loadCentre(market, () => {})
    await loadTills(market, () => {})
  } finally {
    await market.stop()
  }
}, 3 * MINUTE_MS)
afterAll(() => {
  data.release()
  fs.rmSync(folder, { recursive: true, force: true })
})

const start = (adjust: (settings: MarketSettings) => Promise<void> = async () => {}) =>
  startMarket(data, {
    ...{ databaseUrl: null, terminals: 1, unpaced: true, adjust },
    onPaper: () => {},
    say: () => {},
  })

/** What a machine leaves that worked 30 days ahead, and was then set right. */
function wasAhead(): void {
  const store = new DatabaseSync(data.path('terminal', 'store', 'terminal.sqlite'))
  store.prepare('UPDATE device SET high_water_ms = ?, offset_ms = 0').run(Date.now() + AHEAD_MS)
  store.close()
}

/** The terminal's line leads to another port: `port` is given its own and says which. */
async function changeUrl(config: string, port: (own: string) => Promise<string>): Promise<void> {
  const known = JSON.parse(fs.readFileSync(config, 'utf8'))
  const address = new URL(known.centre.url)
  address.port = await port(address.port)
  known.centre.url = address.href
  fs.writeFileSync(config, JSON.stringify(known))
}

async function signIn(person: HttpPerson): Promise<void> {
  await person.post('/api/sign-in', { vendor: VENDOR.id, password: VENDOR.password, pin: VENDOR.pin })
}

const WAITING = "terminal: its clock was once ahead; it waits for the centre's answer, which sets it right"

const order = { lines: [{ product: 'ATLAS-5', quantity: 7 }] }
const press = (product: string) => ({ saleId: `a-sale-of-${product}`, product })

test('without a line it says what it waits for, sells nothing, and takes the order', {
  timeout: 3 * MINUTE_MS,
}, async () => {
  wasAhead()
  let own = ''
  const market = await start(({ terminals }) =>
    changeUrl(terminals[0]!.config, async (port) => {
      own = port
      return '1'
    }),
  )
  let before: number
  try {
    const till = market.terminals[0]!.visit()
    await signIn(till)
    expect(await till.get('/api/status')).toMatchObject({ waitsFor: 'centre-time', line: 'offline' })
    const home = await till.get<{ locked: string; nowMs: number }>('/api/home')
    expect(home.locked).toBe('clock-ahead')
    expect(home.nowMs).toBeGreaterThan(Date.now() + AHEAD_MS - MINUTE_MS)
    expect(await till.tryPost('/api/sales', press('ATLAS-1'))).toMatchObject({
      ...{ status: 409, body: { error: { code: 'clock-ahead' } } },
    })
    expect(await till.post('/api/supply-orders', order)).toMatchObject({ state: 'sending', refusal: null })
    before = (await till.get<TillStatus>('/api/status')).stock['ATLAS-5'] ?? 0
  } finally {
    await market.stop()
  }

  const again = await start(({ terminals }) => changeUrl(terminals[0]!.config, async () => own))
  try {
    const till = again.terminals[0]!.visit()
    await signIn(till)
    await waitUntil('The order that waited', async () => {
      const { stock } = await till.get<TillStatus>('/api/status')
      return stock['ATLAS-5'] === before + 7 ? true : null
    })
    const { nowMs } = await till.get<{ nowMs: number }>('/api/home')
    expect(Math.abs(nowMs - Date.now())).toBeLessThan(3 * MINUTE_MS)
    expect(await till.post('/api/sales', press('ATLAS-1'))).toMatchObject({ state: 'printed' })
  } finally {
    await again.stop()
  }
})

test('the market waits for the answer that sets it right, says so, and sells', {
  timeout: 3 * MINUTE_MS,
}, async () => {
  wasAhead()
  // Slow enough that the vendor has signed in before the first answer is here.
  let line: SlowLine | null = null
  const market = await start(({ terminals }) =>
    changeUrl(terminals[0]!.config, async (own) => {
      line = await startSlowLine({
        to: { host: '127.0.0.1', port: Number(own) },
        ...{ bytesPerSecond: null, delayMs: 1_500 },
      })
      return String(line.port)
    }),
  )
  const said: string[] = []
  try {
    const [till] = await loadTills(market, (progress) => said.push(progress))
    expect(said).toContain(WAITING)
    expect(await till!.vendor.get('/api/status')).toMatchObject({ waitsFor: null })
    expect(await sellOne(till!.vendor, 'ATLAS-1')).toMatchObject({ state: 'printed' })
  } finally {
    await market.stop()
    await (line as SlowLine | null)?.stop()
  }
})

test('an answer that does not come in time is said', { timeout: 3 * MINUTE_MS }, async () => {
  wasAhead()
  const market = await start(({ terminals }) => changeUrl(terminals[0]!.config, async () => '1'))
  const said: string[] = []
  try {
    await expect(loadTills(market, (progress) => said.push(progress), 1_000)).rejects.toThrow(
      'The answer of the centre that sets the clock of terminal right: not within 1 s',
    )
    expect(said).toContain(WAITING)
  } finally {
    await market.stop()
  }
})
