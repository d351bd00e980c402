// Supply: orders of 20 codes (signed, decided, closed, durable, receipted) over frame sockets from a fleet in a process of
// its own, against TPC-B of the same PostgreSQL. `costRatio`: processor time of one transaction, its client included,
// over that of one order in api, vault and PostgreSQL. `ratio`: orders a second over transactions a second.

import { readConfigFile } from '@scratchless/program/config-file'
import { LOOPBACK } from '@scratchless/program/http/listener'
import { money, toDecimal } from '@scratchless/voucher/money'
import { CENTRE, OPERATORS, productsOf } from '../demo/parties.ts'
import type { Market } from '../demo/start-market.ts'
import { enrolLightTerminals } from '../load/enrol-light-terminals.ts'
import type { LightDevice } from '../load/light-terminal.ts'
import { loadStock } from '../load/load-stock.ts'
import { startFleet } from '../load/start-fleet.ts'
import { processesOf } from '../scenarios/processes.ts'
import { withBenchMarket } from './bench-market.ts'
import { cpuOf, cpuOfTree, listenerAt } from './cpu.ts'
import { median, rounded } from './figures.ts'
import type { BenchLine, BenchOptions } from './run.ts'
import { hasPgbench, prepareTpcB, runOurs, runPgbench, type TpcB } from './tpc-b.ts'

const TERMINALS = 128
const TERMINALS_OF_SHOP = 4
const CODES = 20
const ROUNDS = 3
const ORDERS = 2_000
const WARM_ORDERS = 500
const TPC_B_S = 6
const WARM_TPC_B_S = 2
const SEED = 20_261_125
const PRODUCT = productsOf(OPERATORS[0]!).find(({ id }) => id === 'ATLAS-5')!
/** The centre's own discount of 4 %. */
const UNIT_PRICE_MINOR = (PRODUCT.publicPrice.amountMinor * 96n) / 100n

interface Supplied {
  readonly ordersPerSecond: number
  /** Milliseconds of processor time an order. */
  readonly apiMs: number
  readonly vaultMs: number
  readonly postgresMs: number
}

export async function* bench(options: BenchOptions): AsyncIterable<BenchLine> {
  yield* await withBenchMarket(options, undefined, measure, 0)
}

async function* measure(market: Market): AsyncIterable<BenchLine> {
  const orders = WARM_ORDERS + ROUNDS * ORDERS
  await loadStock(market, PRODUCT, Math.ceil(orders * CODES * 1.05), () => {})
  const frames = framesOf(market)
  const paid = BigInt(orders * CODES) * UNIT_PRICE_MINOR
  const shops = Array.from({ length: TERMINALS / TERMINALS_OF_SHOP }, () => ({
    // Each shop could pay for everything.
    deposit: toDecimal(money(paid, PRODUCT.publicPrice.currency)),
    terminals: TERMINALS_OF_SHOP,
  }))
  let devices = await enrolLightTerminals(market, frames, shops)
  const pids = programsOf(market)
  const postgresCpu = () => cpuOfTree(pids.postgres)

  async function supply(count: number): Promise<Supplied> {
    const before = { api: cpuOf(pids.api), vault: cpuOf(pids.vault), postgres: postgresCpu() }
    const report = await startFleet({
      ...{ devices, centres: [frames], product: PRODUCT.id, unitPrice: String(UNIT_PRICE_MINOR) },
      ...{ leastCodes: CODES, mostCodes: CODES, orders: count, retriesOf100: 0, seed: SEED },
    }).report
    if (report.delivered !== count || report.problems.length > 0)
      throw new Error(`${report.delivered} of ${count} orders: ${JSON.stringify(report)}`)
    devices = moved(devices, report.lastSequences)
    const ms = (seconds: number) => (1000 * seconds) / count
    return {
      ordersPerSecond: count / report.seconds,
      apiMs: ms(cpuOf(pids.api) - before.api),
      vaultMs: ms(cpuOf(pids.vault) - before.vault),
      postgresMs: ms(postgresCpu() - before.postgres),
    }
  }

  const tpcB = await prepareTpcB(market.database.adminUrl)
  try {
    const clients = [runOurs, ...((await hasPgbench()) ? [runPgbench] : [])]
    // The first round warms everything up and does not count.
    for (const run of clients) await run(tpcB.url, WARM_TPC_B_S, postgresCpu)
    await supply(WARM_ORDERS)
    const supplied: Supplied[] = []
    const transacted = clients.map((): TpcB[] => [])
    for (let round = 0; round < ROUNDS; round++) {
      for (const [index, run] of clients.entries())
        transacted[index]!.push(await run(tpcB.url, TPC_B_S, postgresCpu))
      supplied.push(await supply(ORDERS))
    }
    for (const rounds of transacted) yield lineOf(supplied, rounds)
  } finally {
    await tpcB.drop()
  }
}

function lineOf(supplied: readonly Supplied[], transacted: readonly TpcB[]): BenchLine {
  const middle = (of: (one: Supplied) => number) => median(supplied.map(of))
  const costMs = middle(({ apiMs, vaultMs, postgresMs }) => apiMs + vaultMs + postgresMs)
  const orders = middle(({ ordersPerSecond }) => ordersPerSecond)
  const transactionMs = median(transacted.map(({ cpuMs }) => cpuMs))
  const transactions = median(transacted.map(({ transactionsPerSecond }) => transactionsPerSecond))
  const client = transacted[0]!.client
  return {
    bench: `supply, against ${client === 'pgbench' ? 'pgbench -M prepared' : 'our prepared client'}`,
    value: rounded(orders),
    unit: `orders of ${CODES} codes a second, ${TERMINALS} terminals`,
    against: 'TPC-B of the same PostgreSQL, 8 clients, scale 10, transactions a second',
    reference: rounded(transactions),
    ratio: rounded(orders / transactions),
    costRatio: rounded(transactionMs / costMs),
    orderCpuMs: rounded(costMs),
    apiMs: rounded(middle(({ apiMs }) => apiMs)),
    vaultMs: rounded(middle(({ vaultMs }) => vaultMs)),
    postgresMs: rounded(middle(({ postgresMs }) => postgresMs)),
    transactionCpuMs: rounded(transactionMs),
  }
}

function framesOf(market: Market) {
  const { frames } = readConfigFile(market.data.path(CENTRE.party, 'config.json')) as {
    frames: { port: number }
  }
  return { host: LOOPBACK, port: frames.port }
}

/** Throws where PostgreSQL runs on another machine: its processor time cannot be read from here. */
function programsOf(market: Market) {
  const processes = processesOf(process.pid)
  const pidOf = (kind: string) => processes.find((one) => one.kind === `${CENTRE.party}/${kind}`)?.pid
  const postgres = listenerAt(Number(new URL(market.database.adminUrl).port))
  const [api, vault] = [pidOf('api'), pidOf('vault')]
  if (postgres === undefined) throw new Error('PostgreSQL does not run on this machine.')
  if (api === undefined || vault === undefined)
    throw new Error(`The centre's processes are not there: ${processes.map(({ kind }) => kind).join(', ')}`)
  return { api, vault, postgres }
}

function moved(devices: readonly LightDevice[], lastSequences: readonly number[]): LightDevice[] {
  return devices.map((device, index) => ({ ...device, lastSequence: lastSequences[index]! }))
}
