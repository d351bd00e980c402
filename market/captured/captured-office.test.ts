// Whoever has captured an office's api process has its private line to the vault, its database role and what it has
// read. The vaults of a running market are asked for everything by such a one. He may repeat what a real terminal or a
// real partner ordered, and gets just that again; everything else is refused.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { VaultVerbs as CentreVault, DecidedSupply } from '@scratchless/centre/vault/verbs'
import { fingerprintOf } from '@scratchless/keys/fingerprint'
import { generatePair, readPublicKey } from '@scratchless/keys/party-keys'
import { signApproval } from '@scratchless/office/staff/approval'
import type { DeliveryPlan, VaultVerbs as OperatorVault } from '@scratchless/operator/vault/verbs'
import { connectPrivateLine, type PrivateLineConnection, type Verbs } from '@scratchless/program/private-line'
import {
  cardId,
  centreId,
  depotId,
  lotId,
  messageId,
  operatorId,
  retailerId,
  terminalId,
  vendorId,
} from '@scratchless/voucher/ids'
import { money } from '@scratchless/voucher/money'
import { productId } from '@scratchless/voucher/product'
import { newMessageId, systemRandom } from '@scratchless/voucher/random'
import { serialFromNumber } from '@scratchless/voucher/serial'
import { p256Signer } from '@scratchless/wire/compact/cose'
import { frameReader, writeFrame } from '@scratchless/wire/compact/frame'
import { signRestockOrder } from '@scratchless/wire/restock/restock-order'
import { cardLetterRequestMessage } from '@scratchless/wire/supply/card-letter-request'
import { deviceFingerprint, enrolmentKeys, readEnrolmentCode } from '@scratchless/wire/supply/enrolment-code'
import { enrolmentRequestMessage } from '@scratchless/wire/supply/enrolment-request'
import { KIND } from '@scratchless/wire/supply/envelope'
import { supplyOrderMessage } from '@scratchless/wire/supply/supply-order'
import { signingKeyOf } from '@scratchless/wire/xml/rsa-keys'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEPOT } from '../../centre/testing/main-depot.ts'
import { claimDataFolder } from '../demo/data-folder.ts'
import { loadTills, type OpenTill } from '../demo/fill-till.ts'
import { type Market, startMarket } from '../demo/start-market.ts'
import { loadCentre, loadOperators } from '../demo/stock-market.ts'
import { waitUntil } from '../demo/wait-until.ts'
import { apiOf } from '../hunt/listened-market.ts'
import { startTap, type Tap } from '../line/tap.ts'
import { type Attempts, startAttempts } from './attempts.ts'

const MINUTE_MS = 60_000
/** A till's first orders are 120 codes: a further hundred are above this, and fifty are not. */
const CODES_PER_HOUR = 200
const ATLAS = operatorId('atlas')
const CENTRE = centreId('centre')
const PRODUCT = productId('ATLAS-1')

let folder: string
let market: Market
let till: OpenTill
let frames: Tap
const connections: { close(): void }[] = []
const databases: pg.Client[] = []
const stopped: number[] = []

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'captured-'))
  const data = claimDataFolder(path.join(folder, 'data'))
  if ('problem' in data) throw new Error(data.problem)
  market = await startMarket(data, {
    databaseUrl: null,
    terminals: 1,
    unpaced: true,
    onPaper: () => {},
    say: () => {},
    async adjust({ offices, terminals }) {
      const centre = offices.find(({ party }) => party === 'centre')!.config
      change(centre, { ceilings: { codesPerHour: CODES_PER_HOUR, codesPerDay: CODES_PER_HOUR } })
      const { config } = terminals[0]!
      const known = JSON.parse(fs.readFileSync(config, 'utf8'))
      frames = await startTap(known.centre.frames)
      const ownLine = { host: '127.0.0.1', port: frames.port }
      change(config, { centre: { ...known.centre, transport: 'frames', frames: ownLine } })
    },
  })
  await loadOperators(market, [], () => {})
  await loadCentre(market, () => {})
  till = (await loadTills(market, () => {}))[0]!
}, 3 * MINUTE_MS)

afterAll(async () => {
  for (const { close } of connections) close()
  for (const client of databases) await client.end()
  for (const pid of stopped) process.kill(pid, 'SIGCONT')
  await market?.stop()
  await frames?.stop()
  fs.rmSync(folder, { recursive: true, force: true })
}, MINUTE_MS)

function change(file: string, fields: Record<string, unknown>): void {
  fs.writeFileSync(file, JSON.stringify({ ...JSON.parse(fs.readFileSync(file, 'utf8')), ...fields }))
}

/** Takes the api process's place: it is halted, and its line and its role are the attacker's. */
async function capture<V extends Verbs>(party: string) {
  const pid = apiOf(market.data.path(party))
  if (pid === undefined) throw new Error(`${party} has no api process`)
  process.kill(pid, 'SIGSTOP')
  stopped.push(pid)
  const line: PrivateLineConnection<V> = connectPrivateLine<V>(market.data.path(party, 'run', 'vault.sock'))
  connections.push(line)
  const sql = new pg.Client({ connectionString: market.database.offices.get(party)!.books.api })
  await sql.connect()
  databases.push(sql)
  return { vault: line.verbs, sql, attempts: startAttempts(party) }
}

/** Verbs that a vault might have and must not, and names that every object has. */
const NO_VERBS = [
  'openCode',
  'openCodes',
  'exportKey',
  'readKey',
  'unwrapKey',
  'decrypt',
  'sign',
  'signBytes',
  'certify',
  'wrapForCard',
  'constructor',
  'toString',
  '__proto__',
]

async function tryVerbs(vault: unknown, attempts: Attempts): Promise<void> {
  const anyVerb = vault as Record<string, (argument: unknown) => Promise<unknown>>
  for (const verb of NO_VERBS)
    expect(await attempts.try(`the verb ${verb}`, () => anyVerb[verb]!({}))).toBe('no such verb, or it broke')
}

/**
 * Sealed bytes, wrapped keys and fingerprints, which lie in a database to which the api does not even get; another's
 * rights; files of the database's machine.
 */
async function tryDatabase(sql: pg.Client, attempts: Attempts, party: string): Promise<void> {
  const address = new URL(market.database.offices.get(party)!.vault.owner)
  const own = new URL(market.database.offices.get(party)!.books.api)
  address.username = own.username
  address.password = own.password
  const reach = async () => {
    const client = new pg.Client({ connectionString: address.href })
    await client.connect()
    databases.push(client)
  }
  expect(await attempts.try("the vault's database", reach)).toBe('permission denied')
  const statements = [
    `SET ROLE ${party}_vault`,
    `SET ROLE ${party}_owner`,
    "SELECT pg_read_file('PG_VERSION')",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    'CREATE TABLE mine (code bytea)',
    'DELETE FROM audit_entry',
    'UPDATE audit_entry SET n = n',
  ]
  for (const statement of statements)
    expect(await attempts.try(statement, () => sql.query(statement))).toBe('permission denied')
}

test("the centre's captured api process gets nothing but what terminals ordered", {
  timeout: 2 * MINUTE_MS,
}, async () => {
  const { vault, sql, attempts } = await capture<CentreVault>('centre')
  await tryVerbs(vault, attempts)
  await tryDatabase(sql, attempts, 'centre')
  for (const statement of [
    'UPDATE sale SET serial = serial',
    'DELETE FROM sale',
    'DELETE FROM supply_message',
    'UPDATE approval SET signature = signature',
  ])
    expect(await attempts.try(statement, () => sql.query(statement))).toBe('permission denied')

  // A card of his own, by forged, replayed and one person's approvals.
  const own = generatePair('stock')
  const terminal = terminalId('T00001')
  const retailer = retailerId('R00001')
  const ownCard = {
    card: cardId('C0006666'),
    retailer,
    vendor: vendorId('02'),
    class: 'file' as const,
    publicKey: own.publicKey.export({ type: 'spki', format: 'der' }),
  }
  const mallory = generatePair('approval').privateKey
  const cardFields = ['C0006666', 'R00001', '02', 'file', fingerprintOf(own.publicKey)]
  const forged = ['approver-one', 'approver-two'].map((approver) => ({
    approver,
    signature: signApproval(mallory, 'register-card', cardFields),
  }))
  const real = (purpose: string) =>
    sql
      .query<{ approver: string; signature: Buffer }>(
        'SELECT approver, signature FROM approval WHERE purpose = $1',
        [purpose],
      )
      .then(({ rows }) => rows)
  const register = (what: string, approvals: readonly { approver: string; signature: Uint8Array }[]) =>
    attempts.try(`a card of his own, ${what}`, () => vault.registerCard({ ...ownCard, approvals }))
  expect(await register('without approval', [])).toBe('one-approver-only')
  expect(
    await register(
      'approved by himself',
      forged.map((one) => ({ ...one, approver: 'mallory' })),
    ),
  ).toBe('unknown-approver')
  expect(await register('by forged approvals', forged)).toBe('wrong-signature')
  const replayed = await real('register-card')
  expect(replayed.length).toBe(2)
  expect(await register("by a real card's approvals", replayed)).toBe('wrong-signature')

  // A certificate of his own: he may open an enrolment and be its device, but not approve it.
  const device = generatePair('approval')
  const enrolment = await vault.beginEnrolment({
    terminal: terminalId('T00066'),
    retailer,
    expiresAtS: Math.floor(Date.now() / 1000) + 3_600,
  })
  const { enrolmentNumber } = enrolment
  const standing = {
    timeS: Math.floor(Date.now() / 1000),
    leaseUntilS: Math.floor(Date.now() / 1000) + 3_600,
    unreportedSales: 100,
    revokedCards: [],
    catalogueVersion: 1,
    settingsVersion: 0,
    letter: 1,
    notices: [],
  }
  const request = enrolmentRequestMessage.mac(
    {
      enrolmentNumber,
      deviceKey: device.publicKey,
      nonce: Buffer.alloc(16, 7),
      deviceTimeS: standing.timeS,
      softwareVersion: '0.1.0',
    },
    enrolmentKeys(readEnrolmentCode(enrolment.enrolmentCode)!, enrolmentNumber),
    { enrolmentNumber, poll: 1, answering: null },
  )
  expect(
    await vault.answerEnrolmentRequest({
      ...{ frame: request.frame, standing, retailerName: 'Mallory', lastSequence: 0 },
    }),
  ).toMatchObject({ state: 'waiting' })
  const certify = (what: string, approvals: readonly { approver: string; signature: Uint8Array }[]) =>
    attempts.try(`a certificate of his own, ${what}`, () =>
      vault.certifyTerminal({
        ...{ terminal: terminalId('T00066'), depot: DEPOT, enrolmentNumber, approvals },
      }),
    )
  const deviceFields = ['T00066', 'R00001', deviceFingerprint(device.publicKey)]
  expect(await certify('without approval', [])).toBe('one-approver-only')
  expect(
    await certify(
      'by forged approvals',
      forged.map(({ approver }) => ({
        approver,
        signature: signApproval(mallory, 'certify-terminal', deviceFields),
      })),
    ),
  ).toBe('wrong-signature')
  expect(await certify("by a real terminal's approvals", await real('certify-terminal'))).toBe(
    'wrong-signature',
  )

  // Safe keys and codes without a terminal's signature.
  const signer = p256Signer(Buffer.alloc(4, 1), device.privateKey)
  const binding = { terminal, sequence: 9_999, answering: null }
  const letter = cardLetterRequestMessage.sign({ holdsLetter: 1, epoch: 0, cards: [] }, signer, binding)
  expect(
    await attempts.try('the safe key, by a request of his own', () =>
      vault.writeCardLetter({ terminal, sequence: 9_999, frame: letter.frame, standing }),
    ),
  ).toBe('request-not-verified')

  const orders = await sql.query<{ sequence: string; request: Buffer }>(
    `SELECT sequence, request FROM supply_message WHERE kind = 'supply-order' AND terminal_id = $1 ORDER BY sequence`,
    [terminal],
  )
  const { sequence: realText, request: realFrame } = orders.rows[0]!
  const realSequence = Number(realText)
  const taken = await decidedOf(sql, terminal, realSequence, standing)
  const ask = (
    what: string,
    order: { terminal: typeof terminal; sequence: number; frame: Uint8Array; decided: DecidedSupply },
  ) => attempts.try(what, () => vault.closeSupplyDeliveries({ depot: DEPOT, orders: [order] }))
  const own50 = supplyOrderMessage.sign(
    {
      expiresAtS: standing.leaseUntilS,
      because: 'person',
      lines: [{ product: PRODUCT, quantity: 50, unitPriceMinor: 0n }],
    },
    signer,
    binding,
  )
  expect(
    await ask('codes by an order that he signed', {
      terminal,
      sequence: 9_999,
      frame: own50.frame,
      decided: taken,
    }),
  ).toBe('order-not-verified')
  expect(
    await ask("another terminal's name on a real order", {
      ...{ terminal: terminalId('T00066'), sequence: realSequence, frame: realFrame, decided: taken },
    }),
  ).toBe('order-not-verified')
  expect(
    await ask('a real order in another place of the sequence', {
      ...{ terminal, sequence: realSequence + 1_000, frame: realFrame, decided: taken },
    }),
  ).toBe('order-not-verified')
  expect(
    await ask('a real order again with other runs', {
      ...{ terminal, sequence: realSequence, frame: realFrame, decided: moved(taken) },
    }),
  ).toBe('runs-differ')
  // What the terminal ordered, for that terminal, under its own safe key: nobody else can open it.
  expect(
    await ask('a real order again with the same runs, for its own terminal', {
      ...{ terminal, sequence: realSequence, frame: realFrame, decided: taken },
    }),
  ).toBe('taken')

  // A real order that only he has seen: the api process was halted when it came.
  const price = taken.lots.find(({ product }) => product === PRODUCT)!.unitPriceMinor
  const fresh = await freshOrder(100)
  const shelf = taken.lots.filter(({ product }) => product === PRODUCT).slice(0, 1)
  const decide = (quantity: number, unitPriceMinor: bigint, offset: number): DecidedSupply => ({
    ...taken,
    debitedMinor: BigInt(quantity) * unitPriceMinor,
    lots: shelf.map((lot) => ({
      ...lot,
      unitPriceMinor,
      runs: [
        {
          packFirstSerial: lot.runs[0]!.packFirstSerial,
          firstSerial: serialFromNumber(Number(lot.runs[0]!.packFirstSerial) + offset),
          count: quantity,
        },
      ],
    })),
  })
  const askFresh = (what: string, decided: DecidedSupply) => ask(what, { terminal, ...fresh, decided })
  expect(await askFresh('more than a new order orders', decide(101, price, 100))).toBe('not-as-ordered')
  expect(await askFresh('another price', decide(50, 0n, 100))).toBe('not-as-ordered')
  expect(await askFresh("above the terminal's ceiling", decide(100, price, 100))).toBe('ceiling-exceeded')
  expect(await askFresh('codes that went out already', decide(20, price, 0))).toBe('codes-taken')

  process.stdout.write(`${attempts.report()}\n`)
})

/** The next supply order of the till, as it stands on the line to the halted centre. */
async function freshOrder(quantity: number): Promise<{ sequence: number; frame: Uint8Array }> {
  const { sequence } = await till.vendor.post<{ sequence: number }>('/api/supply-orders', {
    lines: [{ product: PRODUCT, quantity }],
  })
  const frame = await waitUntil('The order on the line', async () => {
    for (const bytes of frames.captured()) {
      const read = frameReader().push(bytes)
      const found = read === 'too-long' ? undefined : read.find((one) => isOrder(one, sequence))
      if (found !== undefined) return writeFrame(found)
    }
    return null
  })
  return { sequence, frame }
}

function isOrder(frame: { kind: number; sequence: number }, sequence: number): boolean {
  return frame.kind === KIND['supply-order'] && frame.sequence === sequence
}

/** What the desk decided for an order, from the api's own tables. */
async function decidedOf(
  sql: pg.Client,
  terminal: string,
  sequence: number,
  standing: DecidedSupply['standing'],
): Promise<DecidedSupply> {
  const { rows: runs } = await sql.query<Record<string, string>>(
    `SELECT operator, product_id, lot_id, expires_on::text, unit_price_minor, pack_first_serial, first_serial, count
       FROM supply_run WHERE terminal_id = $1 AND sequence = $2
      ORDER BY product_id COLLATE "C", expires_on, lot_id COLLATE "C", first_serial`,
    [terminal, sequence],
  )
  const { rows: orders } = await sql.query<{ debited_minor: string; available_minor: string }>(
    'SELECT debited_minor, available_minor FROM supply_order WHERE terminal_id = $1 AND sequence = $2',
    [terminal, sequence],
  )
  return {
    standing,
    debitedMinor: BigInt(orders[0]!.debited_minor),
    availableMinor: BigInt(orders[0]!.available_minor),
    lots: [...Map.groupBy(runs, (run) => `${run.product_id} ${run.lot_id}`).values()].map((ofLot) => ({
      operator: operatorId(ofLot[0]!.operator!),
      product: productId(ofLot[0]!.product_id!),
      lot: lotId(ofLot[0]!.lot_id!),
      expiresOn: ofLot[0]!.expires_on!,
      unitPriceMinor: BigInt(ofLot[0]!.unit_price_minor!),
      runs: ofLot.map((run) => ({
        packFirstSerial: serialFromNumber(Number(run.pack_first_serial)),
        firstSerial: serialFromNumber(Number(run.first_serial)),
        count: Number(run.count),
      })),
    })),
  }
}

/** The same, each run one code further. */
function moved(decided: DecidedSupply): DecidedSupply {
  return {
    ...decided,
    lots: decided.lots.map((lot) => ({
      ...lot,
      runs: lot.runs.map((run) => ({ ...run, firstSerial: serialFromNumber(Number(run.firstSerial) + 1) })),
    })),
  }
}

test("an operator's captured api process gets nothing but what its partner ordered", {
  timeout: 2 * MINUTE_MS,
}, async () => {
  const { vault, sql, attempts } = await capture<OperatorVault>('atlas')
  await tryVerbs(vault, attempts)
  await tryDatabase(sql, attempts, 'atlas')

  const { rows } = await sql.query<Record<string, string>>(
    `SELECT d.id, d.order_id, d.line_no, d.part, d.parts, d.lot, d.codes, l.unit_price_minor,
            r.pack, r.first_serial, r.count
       FROM restock_delivery d JOIN restock_order_line l USING (order_id, line_no)
       JOIN restock_run r ON r.delivery_id = d.id ORDER BY d.position, r.first_serial LIMIT 1`,
  )
  const one = rows[0]!
  const firstSerial = serialFromNumber(Number(one.first_serial))
  const run = { pack: BigInt(one.pack!), firstSerial, count: Number(one.count) }
  const plan: DeliveryPlan = {
    id: newMessageId(systemRandom),
    partner: CENTRE,
    issuedAt: new Date().toISOString(),
    orderId: messageId(one.order_id!),
    orderLineNo: Number(one.line_no),
    part: 1,
    parts: 1,
    lot: lotId(one.lot!),
    activatedOn: null,
    unitPrice: money(BigInt(one.unit_price_minor!), 'TND'),
    runs: [run],
  }
  const close = (what: string, over: Partial<DeliveryPlan>) =>
    attempts.try(what, () => vault.closeRestockDelivery({ ...plan, ...over }))
  expect(await close('codes that went out, under a new delivery', {})).toMatch(
    /^(closed-already|more-than-ordered)$/,
  )
  expect(await close('a delivery again with other runs', { id: messageId(one.id!) })).toBe('delivery-differs')
  expect(await close('codes for an order that nobody signed', { orderId: newMessageId(systemRandom) })).toBe(
    'unknown-order-line',
  )
  expect(await close('codes for a line that the order has not', { orderLineNo: 49 })).toBe(
    'unknown-order-line',
  )
  expect(await close('codes for a partner that is none', { partner: centreId('mallory') })).toBe(
    'unknown-partner',
  )

  const { rows: free } = await sql.query<{ id: string; first_serial: string; free: number }>(
    'SELECT id, first_serial + count - 1 AS first_serial, free FROM pack WHERE lot = $1 AND free > 0 ORDER BY id LIMIT 1',
    [one.lot],
  )
  const next = free[0]!
  const nextRun = {
    pack: BigInt(next.id),
    firstSerial: serialFromNumber(Number(next.first_serial)),
    count: 1,
  }
  expect(await close('one code more than the order ordered', { runs: [nextRun] })).toBe('more-than-ordered')

  // An order of his own, signed with a key of his own in the centre's name.
  const own = generatePair('restock-sign')
  const bytes = await signRestockOrder(
    {
      id: newMessageId(systemRandom),
      issuedAt: new Date().toISOString(),
      expiresAt: new Date(Date.now() + MINUTE_MS).toISOString(),
      depot: depotId('main'),
      sender: CENTRE,
      receiver: ATLAS,
      auditHead: { n: 0n, hash: Buffer.alloc(32) },
      lines: [{ lineNo: 1, product: PRODUCT, quantity: 10 }],
    },
    {
      suite: 'interop',
      signingKey: signingKeyOf(own.privateKey),
      level: 1,
      receiverKey: readPublicKey(market.data.path('atlas', 'keys', 'vault'), 'restock-unwrap'),
      random: systemRandom,
    },
  )
  const order = { partner: CENTRE, bytes }
  expect(
    await attempts.try("an order of his own in the centre's name", () => vault.takeRestockOrder(order)),
  ).toBe('signature-wrong')
  expect(
    await attempts.try('a signature under an answer to no order', () =>
      vault.signRestockOrderResponse({
        id: newMessageId(systemRandom),
        issuedAt: new Date().toISOString(),
        orderId: newMessageId(systemRandom),
        verdict: 'refused',
        reason: 'order-expired',
        lines: [],
      }),
    ),
  ).toBe('unknown-order')

  process.stdout.write(`${attempts.report()}\n`)
})
