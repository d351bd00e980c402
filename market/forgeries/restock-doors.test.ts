// Every published forgery of every restock message, made of true messages under way, given to the office that waits
// for it: each is refused, changes nothing there, and asks nobody on the network for an entity.

import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:net'
import { generatePair } from '@scratchless/keys/party-keys'
import { LineFault } from '@scratchless/keys/pinned-client'
import type { OutgoingMessage } from '@scratchless/office/outbox/outbox.sql'
import { systemRandom } from '@scratchless/voucher/random'
import { signRestockOrder, verifyRestockOrder } from '@scratchless/wire/restock/restock-order'
import { signingKeyOf, unwrappingKeyOf } from '@scratchless/wire/xml/rsa-keys'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ATLAS, CENTRE } from '../../voucher/testing/example-product.ts'
import { damaged } from '../../wire/testing/damaged.ts'
import { forgedShapes } from '../../wire/testing/forged-shapes.ts'
import { type BaseWorld, makeBaseWorld, type SeedDatabase, START_MS } from '../sim/base-world.ts'
import { type SimCentre, type SimOperator, startCentre, startOperator } from '../sim/sim-offices.ts'

const CODES = 20

let base: BaseWorld
let centre: SimCentre
let operator: SimOperator
let databases: { readonly centre: SeedDatabase; readonly operator: SeedDatabase }
let listener: Server
let heard = 0
let tried = 0
let accepted = 0

beforeAll(async () => {
  base = await makeBaseWorld()
  databases = await base.freshDatabases()
  const office = { base, clock: { nowMs: () => START_MS }, random: systemRandom, hook: null }
  centre = await startCentre({ ...office, database: databases.centre })
  operator = await startOperator({ ...office, database: databases.operator })
  listener = createServer((socket) => {
    heard++
    socket.destroy()
  })
  await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done))
})
afterAll(async () => {
  process.stdout.write(`forgeries at the offices' doors: ${tried} tried, ${accepted} accepted\n`)
  listener.close()
  await base.close()
})

/** Every row of an office's tables; of its own outbox not how often it tried, and its alarms aside. */
async function everything(office: 'centre' | 'operator'): Promise<string> {
  const sql = databases[office].pool('owner')
  const { rows: tables } = await sql.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alarm' ORDER BY 1`,
  )
  const hash = createHash('sha256')
  for (const { name } of tables) {
    const row = name === 'message_out' ? "to_jsonb(t) - '{attempts,next_try_at,last_problem}'::text[]" : 't'
    const { rows } = await sql.query<{ digest: string | null }>(
      `SELECT md5(string_agg((${row})::text, chr(10) ORDER BY (${row})::text)) AS digest FROM "${name}" t`,
    )
    hash.update(`${name} ${rows[0]!.digest}\n`)
  }
  return hash.digest('hex')
}

/** The forgeries of one true message from `sender`, and samples of it damaged. */
async function* forgeriesOf(message: Uint8Array, sender: 'centre' | 'operator') {
  const receiver = sender === 'centre' ? 'operator' : 'centre'
  const document = Buffer.from(message).toString('utf8')
  for await (const { shape, bytes } of forgedShapes(document, {
    senderKey: base.partnerKeys[sender].sign.privateKey,
    other: { name: 'sahel', key: generatePair('restock-sign').privateKey },
    receiverPublicKey: base.partnerKeys[receiver].unwrap.publicKey,
    entityUrl: `http://127.0.0.1:${(listener.address() as { port: number }).port}/entity`,
  }))
    yield { shape, bytes }
  let at = 0
  for (const bytes of damaged(message)) if (at++ % DAMAGE_STEP === 0) yield { shape: `damage ${at}`, bytes }
}
/** All flips and cuts are tried at the openers; here one in so many. */
const DAMAGE_STEP = 397

/** Gives each forgery to `offer`, which says whether it was taken. */
async function tryAll(
  message: Uint8Array,
  sender: 'centre' | 'operator',
  offer: (bytes: Buffer) => Promise<boolean>,
): Promise<void> {
  const receiver = sender === 'centre' ? 'operator' : 'centre'
  const before = await everything(receiver)
  for await (const { shape, bytes } of forgeriesOf(message, sender)) {
    // Some flips vanish in canonicalization: then the message says what was signed.
    if (shape.startsWith('damage') && (await saysTheSame(message, bytes))) continue
    tried++
    if (await offer(bytes)) {
      accepted++
      throw new Error(`accepted: ${shape}`)
    }
  }
  expect(await everything(receiver)).toBe(before)
}

async function saysTheSame(message: Uint8Array, bytes: Buffer): Promise<boolean> {
  const { canonicalBytes } = await import('@scratchless/wire/xml/strict-document')
  const [one, other] = [canonicalBytes(message, 10_000_000), canonicalBytes(bytes, 10_000_000)]
  return typeof one !== 'string' && typeof other !== 'string' && one.equals(other)
}

/** The message that waits in an outbox: nobody answers it this time. */
async function waiting(office: SimCentre | SimOperator): Promise<OutgoingMessage> {
  let found: OutgoingMessage | undefined
  await office.turnOutbox(async (message) => {
    found = message
    throw new LineFault('unreachable')
  })
  return found!
}

test('an order, its response, a delivery and its receipt, an activation and its receipt', {
  timeout: 300_000,
}, async () => {
  // The lot sleeps.
  await databases.operator.pool('owner').query('UPDATE lot SET activated_at = NULL')
  // The order.
  expect(await centre.orderRestock(CODES)).toBe('ordered')
  const order = await waiting(centre)
  await tryAll(order.bytes, 'centre', async (bytes) => (await operator.takeOrder(bytes)) !== null)
  const response = (await operator.takeOrder(order.bytes))!
  let taken = await everything('operator')
  expect(Buffer.compare((await operator.takeOrder(order.bytes))!, response)).toBe(0)
  // The same id, signed by the centre, with another content: a signed refusal, and nothing changes.
  const { operator: operatorKeys, centre: centreKeys } = base.partnerKeys
  const opened = await verifyRestockOrder(order.bytes, {
    partner: { id: CENTRE, suite: 'interop', level: 1, verifyKey: centreKeys.sign.publicKey },
    self: ATLAS,
    unwrappingKey: unwrappingKeyOf(operatorKeys.unwrap.privateKey),
  })
  if ('refusal' in opened) throw new Error(opened.refusal)
  const altered = await signRestockOrder(
    { ...opened.content, lines: opened.content.lines.map((line) => ({ ...line, quantity: CODES + 1 })) },
    {
      suite: 'interop',
      signingKey: signingKeyOf(centreKeys.sign.privateKey),
      level: 1,
      receiverKey: operatorKeys.unwrap.publicKey,
      random: systemRandom,
    },
  )
  expect(Buffer.compare((await operator.takeOrder(altered))!, response)).not.toBe(0)
  expect(await everything('operator')).toBe(taken)

  // Its response, offered as the answer to the order that waits.
  await tryAll(
    response,
    'operator',
    async (bytes) => (await centre.turnOutbox(async () => bytes)) === 'restock-order answered',
  )
  expect(await centre.turnOutbox(async () => response)).toBe('restock-order answered')

  // The delivery.
  expect(await operator.closeNextDelivery()).toBe('closed')
  const delivery = await waiting(operator)
  await tryAll(
    delivery.bytes,
    'operator',
    async (bytes) => typeof (await centre.takePosted(bytes)) !== 'string',
  )
  const first = await centre.takePosted(delivery.bytes)
  if (typeof first === 'string') throw new Error(first)
  taken = await everything('centre')
  const again = await centre.takePosted(delivery.bytes)
  expect(typeof again === 'object' && Buffer.compare(again.receipt, first.receipt)).toBe(0)
  expect(await everything('centre')).toBe(taken)

  // Its receipt, offered as the answer to the delivery that waits.
  await tryAll(
    first.receipt,
    'centre',
    async (bytes) => (await operator.turnOutbox(async () => bytes)) === 'restock-delivery answered',
  )
  expect(await operator.turnOutbox(async () => first.receipt)).toBe('restock-delivery answered')

  // The activation, taken as a notice.
  expect(await operator.activate(0, null)).toContain('all of')
  const activation = await waiting(operator)
  await tryAll(
    activation.bytes,
    'operator',
    async (bytes) => typeof (await centre.takePosted(bytes)) !== 'string',
  )
  const noticed = await centre.takePosted(activation.bytes)
  if (typeof noticed === 'string') throw new Error(noticed)
  taken = await everything('centre')
  const repeated = await centre.takePosted(activation.bytes)
  expect(typeof repeated === 'object' && Buffer.compare(repeated.receipt, noticed.receipt)).toBe(0)
  expect(await everything('centre')).toBe(taken)

  // Its receipt, offered as the answer to the activation that waits.
  await tryAll(
    noticed.receipt,
    'centre',
    async (bytes) => (await operator.turnOutbox(async () => bytes)) === 'lot-activation answered',
  )
  expect(await operator.turnOutbox(async () => noticed.receipt)).toBe('lot-activation answered')
  expect(heard).toBe(0)
})
