// Restock: codes a second from the order until stored and receipted, both sides' work, against COPY of as many rows;
// and the opening of one delivery by the centre's running vault against xmlsec1.

import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import type { RestockOrderView } from '@scratchless/centre/staff-api'
import type { VaultVerbs } from '@scratchless/centre/vault/verbs'
import { unlockKeyFolder } from '@scratchless/keys/party-keys'
import { passphraseFor } from '@scratchless/keys/passphrase-box'
import { connectPrivateLine } from '@scratchless/program/private-line'
import { operatorId } from '@scratchless/voucher/ids'
import pg from 'pg'
import { passphraseOf } from '../demo/passphrases.ts'
import type { Market } from '../demo/start-market.ts'
import { loadCentre, loadOperators } from '../demo/stock-market.ts'
import { waitUntil } from '../demo/wait-until.ts'
import { withBenchMarket } from './bench-market.ts'
import { median, rounded } from './figures.ts'
import { prepareReferenceCopy, REFERENCE_ROWS } from './reference.ts'
import type { BenchLine, BenchOptions } from './run.ts'

const ROUNDS = 3
const PRODUCT = 'ATLAS-1'
const OPENINGS = 21

export async function* bench(options: BenchOptions): AsyncIterable<BenchLine> {
  yield* await withBenchMarket(options, undefined, measure)
}

async function* measure(market: Market): AsyncIterable<BenchLine> {
  await loadOperators(market, [], () => {})
  await loadCentre(market, () => {})
  const { staff: operator } = market.offices.get('atlas')!
  for (let round = 0; round <= ROUNDS; round++) {
    await operator.post('/api/stock/generations', {
      product: PRODUCT,
      count: REFERENCE_ROWS,
      activated: true,
    })
  }
  const copy = await prepareReferenceCopy(market.database.adminUrl)

  // The first pair warms both up and does not count.
  await copy.run()
  await restock(market)
  const copies: number[] = []
  const restocks: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    copies.push(await copy.run())
    restocks.push(await restock(market))
  }
  await copy.close()
  const value = (1000 * REFERENCE_ROWS) / median(restocks)
  const reference = (1000 * REFERENCE_ROWS) / median(copies)
  yield {
    bench: 'restock',
    value: Math.round(value),
    unit: 'codes a second, order to stored and receipted',
    against: `COPY of ${REFERENCE_ROWS} rows into reference.sql, rows a second`,
    reference: Math.round(reference),
    ratio: rounded(median(restocks.map((ms, round) => copies[round]! / ms))),
    restockMs: restocks.map(Math.round),
    copyMs: copies.map(Math.round),
  }
  yield await openOne(market)
}

/** Milliseconds from the order's request until the operator has the last receipt. */
async function restock(market: Market): Promise<number> {
  const { staff: centre } = market.offices.get('centre')!
  const { staff: operator } = market.offices.get('atlas')!
  const began = performance.now()
  const lines = [{ product: PRODUCT, quantity: REFERENCE_ROWS }]
  const { id } = await centre.post<{ id: string }>('/api/restock/orders', { operator: 'atlas', lines })
  await waitUntil('the stored codes', async () => {
    const { orders } = await centre.get<{ orders: readonly RestockOrderView[] }>('/api/restock/orders')
    return orders.find((order) => order.id === id)?.state === 'received' ? true : null
  })
  await waitUntil('the receipts', async () => {
    const { deliveries } = await operator.get<{ deliveries: readonly { orderId: string; state: string }[] }>(
      '/api/restock/deliveries',
    )
    const own = deliveries.filter(({ orderId }) => orderId === id)
    return own.length > 0 && own.every(({ state }) => state === 'taken') ? true : null
  })
  return performance.now() - began
}

/** The largest delivery that was really sent, opened again and again: by the vault, by xmlsec1's two commands. */
async function openOne(market: Market): Promise<BenchLine> {
  const bytes = await largestDelivery(market)
  const files = await filesForXmlsec1(market, bytes)
  const vault = connectPrivateLine<VaultVerbs>(market.data.path('centre', 'run', 'vault.sock'))
  const ours: number[] = []
  const theirs: number[] = []
  let codes = 0
  for (let i = 0; i < OPENINGS; i++) {
    const began = performance.now()
    const examined = await vault.verbs.examineRestockDelivery({ operator: operatorId('atlas'), bytes })
    if (i > 0) ours.push(performance.now() - began)
    if ('refusal' in examined) throw new Error(`the vault refuses: ${examined.refusal}`)
    codes = examined.codes
    const before = performance.now()
    xmlsec1('--verify', '--pubkey-pem', files.verifyKey, files.message)
    xmlsec1('--decrypt', '--privkey-pem', files.unwrapKey, '--output', files.output, files.message)
    if (i > 0) theirs.push(performance.now() - before)
  }
  vault.close()
  const began = performance.now()
  for (let i = 0; i < 5; i++) xmlsec1('--version')
  const startUpMs = (performance.now() - began) / 5
  return {
    bench: 'restock open',
    value: rounded(median(ours)),
    unit: `ms to verify and decrypt ${codes} codes of an interop delivery`,
    against: 'xmlsec1 --verify and --decrypt on the same file, start-up included, ms',
    reference: rounded(median(theirs)),
    ratio: rounded(median(theirs) / median(ours)),
    xmlsec1StartUpMs: rounded(startUpMs),
    bytes: bytes.length,
  }
}

async function largestDelivery(market: Market): Promise<Buffer> {
  const client = new pg.Client({ connectionString: market.database.offices.get('atlas')!.books.owner })
  await client.connect()
  const { rows } = await client.query<{ bytes: Buffer }>(
    'SELECT bytes FROM message_out ORDER BY length(bytes) DESC LIMIT 1',
  )
  await client.end()
  return rows[0]!.bytes
}

async function filesForXmlsec1(market: Market, bytes: Buffer) {
  const file = (name: string) => market.data.path('bench', name)
  fs.mkdirSync(path.dirname(file('x')), { recursive: true, mode: 0o700 })
  const { privateKey } = await unlockKeyFolder(
    market.data.path('centre', 'keys', 'vault'),
    passphraseFor(passphraseOf(market.data, 'centre'), 'vault'),
  ).pair('restock-unwrap')
  fs.writeFileSync(file('unwrap.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  fs.writeFileSync(file('delivery.xml'), bytes)
  return {
    message: file('delivery.xml'),
    output: file('opened'),
    unwrapKey: file('unwrap.pem'),
    verifyKey: market.data.path('atlas', 'keys', 'vault', 'restock-sign.pub'),
  }
}

function xmlsec1(...args: string[]): void {
  if (args[0] === '--version') spawnSync('xmlsec1', args)
  else execFileSync('xmlsec1', args, { stdio: 'pipe' })
}
