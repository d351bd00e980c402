// A vendor opens the till in a real browser and sells, by touch and by keyboard, in both languages.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { claimDataFolder } from '../demo/data-folder.ts'
import { loadTills } from '../demo/fill-till.ts'
import { VENDOR } from '../demo/parties.ts'
import { type Market, startMarket } from '../demo/start-market.ts'
import { loadCentre, loadOperators } from '../demo/stock-market.ts'

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  fs.existsSync,
)
// Where peers are required, a missing one fails the tests instead of leaving them out.
const screenTest = test.skipIf(!CHROMIUM && process.env.PEERS !== 'required')
const MINUTE_MS = 60_000

let folder: string
let market: Market
let browser: Browser
let page: Page
const said: string[] = []

beforeAll(async () => {
  if (!CHROMIUM) return
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'screen-'))
  const data = claimDataFolder(path.join(folder, 'data'))
  if ('problem' in data) throw new Error(data.problem)
  market = await startMarket(data, {
    databaseUrl: null,
    terminals: 1,
    unpaced: false,
    onPaper: () => {},
    say: () => {},
  })
  await loadOperators(market, [], () => {})
  await loadCentre(market, () => {})
  await loadTills(market, () => {})
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  })
  page = await browser.newPage({ viewport: { width: 800, height: 480 } })
  page.on('console', (message) => message.type() === 'error' && said.push(message.text()))
  page.on('pageerror', (error) => said.push(error.message))
}, 3 * MINUTE_MS)
afterAll(async () => {
  await browser?.close()
  await market?.stop()
  if (folder) fs.rmSync(folder, { recursive: true, force: true })
})

async function openTill(language: 'fr' | 'en') {
  await page.goto(`${market.terminals[0]!.address}/?lang=${language}`)
}

const stockOf = async (tile: string) =>
  Number(await page.getByRole('button', { name: tile }).locator('.tile-stock b').innerText())

screenTest(
  'Chromium (skipped where it is not installed): the vendor signs in and one press sells',
  { timeout: MINUTE_MS },
  async () => {
    await openTill('fr')
    await page.getByLabel('Mot de passe').fill(VENDOR.password)
    await page.getByLabel('Code secret de la carte').fill(VENDOR.pin)
    await page.getByRole('button', { name: 'Ouvrir la caisse' }).click()
    const before = await stockOf('1: Atlas 1')

    await page.getByRole('button', { name: '1: Atlas 1' }).click()
    await page.getByText('À encaisser').waitFor()
    expect(await page.getByText('Vente suivante prête').isVisible()).toBe(true)
    expect(await page.getByRole('img', { name: 'Code fermé' }).count()).toBe(1)
    await expect.poll(() => stockOf('1: Atlas 1'), { timeout: 10_000 }).toBe(before - 1)
    await page.getByText('Sorti').waitFor()
  },
)

screenTest(
  'the numeric keypad sells too, in English, and a key while printing queues one sale',
  { timeout: MINUTE_MS },
  async () => {
    await openTill('en')
    await page.getByRole('button', { name: '2: Atlas 5' }).waitFor()
    const before = await stockOf('2: Atlas 5')
    await page.keyboard.press('2')
    await page.getByText('Collect').waitFor()
    await page.waitForTimeout(500)
    await page.keyboard.press('2')
    await expect.poll(() => stockOf('2: Atlas 5'), { timeout: 20_000 }).toBe(before - 2)
    await page.getByText('Printed').waitFor()
  },
)

screenTest(
  'the journal and the supply order are one key away, and back',
  { timeout: MINUTE_MS },
  async () => {
    await page.keyboard.press('.')
    await page.getByRole('heading', { name: 'Journal' }).waitFor()
    await expect.poll(() => page.getByRole('row').count(), { timeout: 10_000 }).toBeGreaterThanOrEqual(4)
    await page.keyboard.press('-')
    await page.keyboard.press('0')
    await page.getByLabel('Quantity, Atlas 10').fill('3')
    const before = await page.getByRole('button', { name: 'Order 3 codes' }).isEnabled()
    expect(before).toBe(true)
    await page.getByRole('button', { name: 'Order 3 codes' }).click()
    await page.getByText('Delivered').first().waitFor({ timeout: 20_000 })
  },
)

screenTest('no page shows a code, and none complains', () => {
  expect(said).toEqual([])
})
