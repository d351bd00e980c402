// npm start: the whole market on this machine, from the operators' stock to the first ticket.

import path from 'node:path'
import { whyNoStockFile } from '@scratchless/operator/stock/post-stock-file'
import { claimDataFolder, type DataFolder } from './demo/data-folder.ts'
import { ensureStock, loadTills, type OpenTill } from './demo/fill-till.ts'
import { wayToCentre } from './demo/listeners.ts'
import { migrateMarket } from './demo/migrate-market.ts'
import { type DemoOptions, readOptions } from './demo/options.ts'
import { CENTRE, OPERATORS, OWNER, productsOf, VENDOR } from './demo/parties.ts'
import { sellOne, settleDoubts } from './demo/sell.ts'
import { type Market, STAFF, startMarket } from './demo/start-market.ts'
import { loadCentre, loadOperators, StockRefused } from './demo/stock-market.ts'
import { waitUntil } from './demo/wait-until.ts'
import { whyFailed } from './demo/why-failed.ts'
import type { PrintedPaper } from './printer/printer.ts'

const startedAtMs = Number(process.env.SCRATCHLESS_STARTED_AT_MS) || Date.now()
const timings: Record<string, number> = {}

process.exitCode = await main()
process.exit()

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2))
  if ('problem' in options) return failed(options.problem, process.argv.includes('--json'))
  for (const file of options.stockFiles) {
    const problem = await whyNoStockFile(file)
    if (problem !== null) return failed(problem, options.json)
  }
  const data = claimDataFolder(options.dataDir)
  if ('problem' in data) return failed(data.problem, options.json)
  const interrupted = new Promise<'interrupted'>((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => stop('interrupted'))
  })
  const opened: { market?: Market } = {}
  try {
    const progress = (text: string) => say(options, text)
    const story = options.migrateOnly
      ? migrateMarket(data, { ...options, say: progress })
      : run(data, options, opened)
    // What is still under way when Ctrl-C comes fails because its programs stop; that is no news.
    story.catch(() => undefined)
    const end = await Promise.race([story, interrupted])
    if (end === 'interrupted') return 130
    if (options.once || options.migrateOnly) return 0
    await interrupted
    return 0
  } catch (error) {
    if (error instanceof StockRefused) return refused(error, options.json)
    return failed(whyFailed(error, data.dir), options.json)
  } finally {
    say(options, 'stopping')
    await opened.market?.stop()
    data.release()
  }
}

async function run(data: DataFolder, options: DemoOptions, opened: { market?: Market }): Promise<void> {
  const market = await startMarket(data, {
    databaseUrl: options.databaseUrl,
    terminals: options.terminals,
    unpaced: options.once,
    beginAnew: options.beginAnew,
    onPaper: (paper) => showPaper(options, paper),
    say: (progress) => say(options, progress),
  })
  opened.market = market
  mark('programs')

  const fileProducts = await loadOperators(market, options.stockFiles, (progress) => say(options, progress))
  mark('stock')
  await loadCentre(market, (progress) => say(options, progress))
  mark('restock')
  const tills = await loadTills(market, (progress) => say(options, progress))
  mark('supply')

  const [first] = tills as [OpenTill, ...OpenTill[]]
  for (const till of tills) {
    const doubts = await settleDoubts(till.vendor, till.terminal.tray)
    if (doubts > 0)
      say(options, `${till.terminal.name}: ${doubts} sales in doubt settled by looking into the tray`)
  }
  const products =
    fileProducts.length > 0 ? fileProducts : OPERATORS.flatMap(productsOf).map(({ id }) => id as string)
  await ensureStock(market, first, products, 1 + options.sell)
  say(options, 'first ticket')
  const sale = await sellOne(first.vendor, products[0]!)
  timings.firstTicketMs = Date.now() - startedAtMs
  for (let i = 1; i <= options.sell; i++) await sellOne(first.vendor, products[i % products.length]!)
  if (options.sell > 0) mark('sold')

  const files = await waitUntil('The ticket in the tray', async () => first.terminal.tray.find(sale))
  const ticket = {
    product: sale.product,
    serial: sale.serial,
    number: sale.number,
    vendor: sale.vendor,
    time: new Date(sale.atMs).toISOString(),
    files,
  }
  if (options.once && options.json) {
    process.stdout.write(`${JSON.stringify({ ok: true, ticket, sold: 1 + options.sell, timings })}\n`)
  } else {
    process.stdout.write(
      `\nFirst ticket after ${(timings.firstTicketMs / 1000).toFixed(1)} s: ${path.relative('.', files.picture)}\n`,
    )
    if (!options.once) showAddresses(market)
  }
}

function showAddresses(market: Market): void {
  const { config } = market.settings.offices.find(({ party }) => party === CENTRE.party)!
  const way = wayToCentre(config)
  const lines = [
    '',
    'The market is open. Ctrl-C closes it; npm start opens it again with the same data.',
    '',
    ...market.terminals.map(
      ({ name, address }) =>
        `  ${name.padEnd(12)} ${address}   vendor ${VENDOR.id}, password ${VENDOR.password}, card PIN ${VENDOR.pin}; owner, password ${OWNER.password}`,
    ),
    ...[...market.offices.values()].map(
      ({ party, address }) =>
        `  ${party.padEnd(12)} ${address}   ${STAFF.signInName}, password ${STAFF.password}`,
    ),
    '',
    '  For a terminal of another maker (docs/protocol/first-day.md):',
    `  ${'supply'.padEnd(12)} ${way.https}`,
    `  ${'frames'.padEnd(12)} ${way.frames}`,
    `  ${'authority'.padEnd(12)} ${way.authority}`,
    `  ${'pin'.padEnd(12)} ${way.pin}`,
    '',
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

function showPaper(options: DemoOptions, paper: PrintedPaper): void {
  const out = options.json ? process.stderr : process.stdout
  const edge = `+${'-'.repeat(34)}+`
  const body = paper.text
    .filter((line, i, all) => line !== '' || (all[i + 1] ?? '') !== '')
    .map((line) => `| ${line.padEnd(32)} |`)
  out.write(`${[edge, ...body, edge].join('\n')}\n`)
}

/** Progress for a person; with --json the data alone goes to standard output. */
function say(options: DemoOptions, progress: string): void {
  const out = options.json ? process.stderr : process.stdout
  out.write(`${((Date.now() - startedAtMs) / 1000).toFixed(1).padStart(6)} s  ${progress}\n`)
}

function mark(name: string): void {
  timings[`${name}Ms`] = Date.now() - startedAtMs
}

function refused(error: StockRefused, json: boolean): number {
  const lines = error.problems.map(({ line, field, rule }) => `  line ${line}, ${field}: ${rule}`)
  process.stderr.write(`${error.message}\n${lines.join('\n')}\n`)
  if (json)
    process.stdout.write(
      `${JSON.stringify({ ok: false, problem: error.message, problems: error.problems })}\n`,
    )
  return 1
}

function failed(problem: string, json: boolean): number {
  process.stderr.write(`${problem}\n`)
  if (json) process.stdout.write(`${JSON.stringify({ ok: false, problem })}\n`)
  return 1
}
