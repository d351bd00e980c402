// Forged, altered, cut, doubled and late messages at the centre's door, over the real tables: each kind of request is
// tried in every bit and at every length before the true one comes. None is taken and none changes anything.

import { createHash } from 'node:crypto'
import { generatePair } from '@scratchless/keys/party-keys'
import type { Pool } from '@scratchless/office/database/database'
import { terminalId, vendorId } from '@scratchless/voucher/ids'
import { serialAt } from '@scratchless/voucher/serial'
import { p256Signer, type Signer } from '@scratchless/wire/compact/cose'
import { cardLetterRequestMessage } from '@scratchless/wire/supply/card-letter-request'
import { catalogueRequestMessage } from '@scratchless/wire/supply/catalogue-request'
import { enrolmentKeys, readEnrolmentCode } from '@scratchless/wire/supply/enrolment-code'
import { enrolmentRequestMessage } from '@scratchless/wire/supply/enrolment-request'
import { type Binding, type Signed, UNACCEPTABLE_FRAME } from '@scratchless/wire/supply/envelope'
import { salesReportMessage } from '@scratchless/wire/supply/sales-report'
import { statusRequestMessage } from '@scratchless/wire/supply/status-request'
import { supplyOrderMessage } from '@scratchless/wire/supply/supply-order'
import { supplyReceiptMessage } from '@scratchless/wire/supply/supply-receipt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ATLAS_5, UNIT_PRICE_MINOR } from '../../../voucher/testing/example-product.ts'
import { damaged } from '../../../wire/testing/damaged.ts'
import { beginEnrolment } from '../../testing/people.ts'
import { startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { addShop, enrolTerminal, type TestTerminal } from '../../testing/test-terminal.ts'

let centre: TestCentre
let tried = 0
let accepted = 0

beforeAll(async () => {
  centre = await startTestCentre()
  expect(await centre.operator.stock(1_000_000, 1_000)).toMatchObject({ verdict: 'taken' })
})
afterAll(async () => {
  process.stdout.write(`forgeries at the centre's door: ${tried} tried, ${accepted} accepted\n`)
  await centre.close()
})

/** Every row of every table. */
async function everything(): Promise<string> {
  const databases = [centre.database, centre.vaultDatabase]
  const digests = await Promise.all(databases.map((database) => everythingIn(database.pool('owner'))))
  return createHash('sha256').update(digests.join('\n')).digest('hex')
}

async function everythingIn(sql: Pool): Promise<string> {
  const { rows: tables } = await sql.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
      WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
  )
  const digests: string[] = []
  for (const { name } of tables) {
    const { rows } = await sql.query<{ digest: string | null }>(
      `SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) AS digest FROM ${name} t`,
    )
    digests.push(`${name} ${rows[0]!.digest}`)
  }
  return digests.join('\n')
}

/** Gives the door bytes that it must answer like a stranger's. */
async function refuse(bytes: Uint8Array): Promise<void> {
  tried++
  if (Buffer.compare(await centre.door(bytes), UNACCEPTABLE_FRAME) === 0) return
  accepted++
  throw new Error(`accepted: ${Buffer.from(bytes).toString('hex')}`)
}

type Close = (signer: Signer, binding: Binding) => Signed

interface Prepared {
  readonly terminal: TestTerminal
  readonly close: Close
  /** The same kind of request with another content. */
  readonly altered: Close
  readonly sequence: number
}

/** A terminal with a delivery of three codes, before its next request: sequence 3. */
async function delivered() {
  const terminal = await enrolTerminal(centre, await addShop(centre, 20n * UNIT_PRICE_MINOR))
  const answer = await terminal.ask('supply-order', terminal.order(3))
  if (answer.kind !== 'supply-delivery') throw new Error(answer.kind)
  return { terminal, delivery: answer }
}

const bind =
  <Content>(close: (content: Content, signer: Signer, binding: Binding) => Signed, content: Content): Close =>
  (signer, binding) =>
    close(content, signer, binding)

const order = (quantity: number) => ({
  expiresAtS: Math.floor(centre.clock.nowMs() / 1000) + 86_400,
  because: 'person' as const,
  lines: [{ product: ATLAS_5.id, quantity, unitPriceMinor: UNIT_PRICE_MINOR }],
})

const requests: Record<string, () => Promise<Prepared>> = {
  'card-letter-request': async () => ({
    ...{ terminal: (await delivered()).terminal, sequence: 3 },
    close: bind(cardLetterRequestMessage.sign, { holdsLetter: 1, epoch: 0, cards: [] }),
    altered: bind(cardLetterRequestMessage.sign, { holdsLetter: 0, epoch: 0, cards: [] }),
  }),
  'catalogue-request': async () => ({
    ...{ terminal: (await delivered()).terminal, sequence: 3 },
    close: bind(catalogueRequestMessage.sign, { knownVersion: 0 }),
    altered: bind(catalogueRequestMessage.sign, { knownVersion: 1 }),
  }),
  'supply-order': async () => ({
    ...{ terminal: (await delivered()).terminal, sequence: 3 },
    close: bind(supplyOrderMessage.sign, order(2)),
    altered: bind(supplyOrderMessage.sign, order(5)),
  }),
  'supply-receipt': async () => {
    const { terminal, delivery } = await delivered()
    const deliveryHash = delivery.payloadHash.subarray(0, 8)
    return {
      ...{ terminal, sequence: 3 },
      close: bind(supplyReceiptMessage.sign, { delivery: 2, deliveryHash }),
      altered: bind(supplyReceiptMessage.sign, { delivery: 2, deliveryHash: Buffer.alloc(8) }),
    }
  },
  'sales-report': async () => {
    const { terminal, delivery } = await delivered()
    const { firstSerial } = delivery.content.lots[0]!.runs[0]!
    const sale = (index: number) => ({
      ...{ product: ATLAS_5.id, serial: serialAt(firstSerial, index), ticket: index + 1 },
      ...{ vendor: vendorId('02'), priceId: 1, soldAtS: Math.floor(centre.clock.nowMs() / 1000) },
    })
    return {
      ...{ terminal, sequence: 3 },
      close: bind(salesReportMessage.sign, { sales: [sale(0)], events: [], cards: [] }),
      altered: bind(salesReportMessage.sign, { sales: [sale(1)], events: [], cards: [] }),
    }
  },
  'status-request': async () => ({
    ...{ terminal: (await delivered()).terminal, sequence: 3 },
    close: bind(statusRequestMessage.sign, { asked: 2 }),
    altered: bind(statusRequestMessage.sign, { asked: 1 }),
  }),
}

test.each(Object.entries(requests))('%s', { timeout: 120_000 }, async (_, prepare) => {
  const { terminal, close, altered, sequence } = await prepare()
  const other = (await delivered()).terminal
  const binding = { terminal: terminal.id, sequence, answering: null }
  const good = close(terminal.signer, binding)
  const refusal = async (signed: Signed, place = sequence) => {
    tried++
    const verified = terminal.verify('supply-order', await centre.door(signed.frame), {
      ...signed,
      sequence: place,
    })
    if (verified === 'unacceptable' || verified.kind !== 'supply-refusal') {
      accepted++
      throw new Error(`accepted at ${place}`)
    }
    return verified.content.why
  }
  const before = await everything()

  for (const bytes of damaged(good.frame)) await refuse(bytes)
  // Another terminal's key, under its own number and under this one's; a key that nobody certified.
  await refuse(close(other.signer, binding).frame)
  await refuse(close({ ...other.signer, kid: terminal.signer.kid }, binding).frame)
  await refuse(close(p256Signer(terminal.signer.kid, generatePair('supply-sign').privateKey), binding).frame)
  const unenrolled = p256Signer(Buffer.from('00ffffff', 'hex'), generatePair('supply-sign').privateKey)
  await refuse(close(unenrolled, binding).frame)
  // Signed by this terminal in another's name; an answer where a request should be.
  await refuse(close(terminal.signer, { ...binding, terminal: other.id }).frame)
  await refuse(close(terminal.signer, { ...binding, terminal: terminalId('T99999') }).frame)
  // Out of order: what comes too soon is refused and uses up nothing.
  for (const place of [sequence + 1, sequence + 1_000])
    expect(await refusal(close(terminal.signer, { ...binding, sequence: place }), place)).toEqual({
      reason: 'sequence-unexpected',
      expected: sequence,
    })
  expect(await everything()).toBe(before)

  const first = await centre.door(good.frame)
  expect(Buffer.compare(first, UNACCEPTABLE_FRAME)).not.toBe(0)
  const after = await everything()
  expect(after).not.toBe(before)
  // The exact repeat gets the stored bytes, damaged ones still nothing; nothing happens again.
  expect(Buffer.compare(await centre.door(good.frame), first)).toBe(0)
  await refuse(Buffer.concat([good.frame, Buffer.alloc(1)]))
  await refuse(Buffer.from(good.frame.subarray(0, -1)))
  expect(await everything()).toBe(after)

  // Past its certificate's end only the stored answer; revoked, not even that.
  centre.clock.move(400 * 86_400_000)
  expect(Buffer.compare(await centre.door(good.frame), first)).toBe(0)
  expect(await refusal(close(terminal.signer, { ...binding, sequence: sequence + 1 }), sequence + 1)).toEqual(
    {
      ...{ reason: 'terminal-revoked', why: 'retired' },
    },
  )
  expect(await everything()).toBe(after)
  centre.clock.move(-400 * 86_400_000)
  const sql = centre.database.pool('api')
  await sql.query("UPDATE terminal SET revoked_at = now(), revoked_why = 'stolen' WHERE id = $1", [
    terminal.id,
  ])
  const revoked = await everything()
  expect(await refusal(good)).toEqual({ reason: 'terminal-revoked', why: 'stolen' })
  expect(await refusal(close(terminal.signer, { ...binding, sequence: sequence + 1 }), sequence + 1)).toEqual(
    {
      ...{ reason: 'terminal-revoked', why: 'stolen' },
    },
  )
  expect(await everything()).toBe(revoked)
  await sql.query('UPDATE terminal SET revoked_at = NULL, revoked_why = NULL WHERE id = $1', [terminal.id])

  // Another content in the same place, well signed: refused, and the terminal is locked until people have looked.
  expect(await refusal(altered(terminal.signer, binding))).toEqual({ reason: 'content-altered' })
  expect(await refusal(good)).toMatchObject({ reason: 'terminal-locked', why: 'content-altered' })
})

test('enrolment-request', { timeout: 120_000 }, async () => {
  const { needs } = centre
  const at = new Date(needs.clock.nowMs())
  const { retailer } = await addShop(centre, 0n)
  const { id, enrolmentNumber, enrolmentCode, expiresAtS } = await beginEnrolment(centre, retailer)
  const request = (code: string, number = enrolmentNumber) =>
    enrolmentRequestMessage.mac(
      {
        ...{
          enrolmentNumber: number,
          deviceKey: generatePair('supply-sign').publicKey,
          nonce: Buffer.alloc(16, 7),
        },
        ...{ deviceTimeS: Math.floor(at.getTime() / 1000), softwareVersion: '0.1.0' },
      },
      enrolmentKeys(readEnrolmentCode(code)!, number),
      { enrolmentNumber: number, poll: 1, answering: null },
    )
  const good = request(enrolmentCode)
  const other = await needs.vault.beginEnrolment({ terminal: id, retailer, expiresAtS })
  const before = await everything()
  for (const bytes of damaged(good.frame)) await refuse(bytes)
  await refuse(request(other.enrolmentCode).frame)
  await refuse(request(enrolmentCode, 999_999).frame)
  expect(await everything()).toBe(before)
  expect(Buffer.compare(await centre.door(good.frame), UNACCEPTABLE_FRAME)).not.toBe(0)
})
