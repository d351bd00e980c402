// An activation from the act of staff to the centre's receipt, and what a centre posts besides orders: by the real vault
// and tables.

import type { OutgoingMessage } from '@scratchless/office/outbox/outbox.sql'
import type { Log } from '@scratchless/program/log'
import {
  centreId,
  depotId,
  type LotId,
  lotId,
  type MessageId,
  messageId,
  operatorId,
} from '@scratchless/voucher/ids'
import { productId } from '@scratchless/voucher/product'
import { newMessageId, systemRandom } from '@scratchless/voucher/random'
import { serialFromNumber } from '@scratchless/voucher/serial'
import {
  type LotActivation,
  signLotActivation as signLotActivationMessage,
  verifyLotActivation,
} from '@scratchless/wire/restock/lot-activation'
import {
  type NoticeReceipt,
  signNoticeReceipt,
  verifyNoticeReceipt as verifyReceipt,
} from '@scratchless/wire/restock/notice-receipt'
import {
  signRestockNotUnderstood,
  verifyRestockNotUnderstood,
} from '@scratchless/wire/restock/restock-not-understood'
import { signRestockOrder } from '@scratchless/wire/restock/restock-order'
import { signingKeyOf, unwrappingKeyOf } from '@scratchless/wire/xml/rsa-keys'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { signRangeNotice } from '../../../wire/testing/sign-notices.ts'
import { ATLAS, CENTRE, type TestVault, testVault } from '../../testing/test-vault.ts'
import { createPartnerAccount } from '../finance/partner-account.ts'
import { activateLot } from '../stock/activate-lot.ts'
import { closeRestockDelivery } from '../vault/close-restock-delivery.ts'
import { generateStock } from '../vault/generate-stock.ts'
import {
  answerRestockNotice,
  openNotUnderstood,
  openRestockNotice,
  signLotActivation,
  verifyNoticeReceipt,
} from '../vault/restock-notices.ts'
import { readSealedLots } from '../vault/sealed-stock.sql.ts'
import { signRestockOrderResponse } from '../vault/sign-restock-order-response.ts'
import { takeRestockOrder } from '../vault/take-restock-order.ts'
import type { VaultVerbs } from '../vault/verbs.ts'
import { verifyRestockReceipt } from '../vault/verify-restock-receipt.ts'
import { receiveNoticeReceipt } from './receive-notice-receipt.ts'
import { type RestockOrderNeeds, receiveRestockOrder } from './receive-restock-order.ts'
import { receiveRestockReceipt } from './receive-restock-receipt.ts'
import { findPlannedDeliveries } from './restock.sql.ts'
import { sendRestockDelivery } from './send-restock-delivery.ts'

const NOW = Date.parse('2026-11-22T10:00:00.000Z')
const FIVE = productId('ATLAS-5')
const FROM = '2026-12-01T00:00:00.000Z'
const FIRST = 100_000_000_000
const clock = { nowMs: () => NOW }
const log = { warn: vi.fn(), error: vi.fn(), info: vi.fn() }
const amel = { signInName: 'amel' } as Parameters<typeof activateLot>[1]
let vault: TestVault
let needs: RestockOrderNeeds & { vault: VaultVerbs }

beforeEach(async () => {
  vi.clearAllMocks()
  vault = await testVault()
  const own = { ...vault.needs, clock }
  const verbs = {
    listSealedLots: ({ known }) => readSealedLots(own.pool, known, 10),
    takeRestockOrder: (argument) => takeRestockOrder(own, argument),
    signRestockOrderResponse: (response) => signRestockOrderResponse(own, response),
    closeRestockDelivery: (plan) => closeRestockDelivery(own, plan),
    verifyRestockReceipt: (argument) => verifyRestockReceipt(own, argument),
    openRestockNotice: (argument) => openRestockNotice(own, argument),
    answerRestockNotice: (argument) => answerRestockNotice(own, argument),
    signLotActivation: (argument) => signLotActivation(own, argument),
    verifyNoticeReceipt: (argument) => verifyNoticeReceipt(own, argument),
    openNotUnderstood: (argument) => openNotUnderstood(own, argument),
  } as Partial<VaultVerbs> as VaultVerbs
  needs = {
    ...{ party: ATLAS, pool: vault.database.pool('api'), vault: verbs, clock, random: systemRandom },
    ...{ log: log as unknown as Log, discounts: new Map([[CENTRE, 600]]), timeZone: 'Africa/Tunis' },
  }
  await vault.addProduct(FIVE, 14)
  await createPartnerAccount(needs.pool, {
    ...{ partner: CENTRE, currency: 'TND', guaranteeMinor: null, openedAt: new Date(NOW) },
  })
})
afterEach(() => vault.drop())

async function rows(text: string, values: unknown[] = []) {
  return (await vault.database.pool('owner').query(text, values)).rows
}
async function stock(count: number): Promise<LotId> {
  const lot = await generateStock(
    { ...vault.needs, clock },
    { product: FIVE, count, expiresOn: '2099-12-31', activated: false, actor: 'amel' },
  )
  if ('refusal' in lot) throw new Error(lot.refusal)
  return lot.lot
}
const closing = () => ({
  suite: 'interop' as const,
  level: 1,
  signingKey: signingKeyOf(vault.centre.sign.privateKey),
  receiverKey: vault.own.unwrap,
  random: systemRandom,
})
const verifying = () => ({
  partner: { id: ATLAS, suite: 'interop' as const, level: 1, verifyKey: vault.own.sign },
  self: CENTRE,
  unwrappingKey: unwrappingKeyOf(vault.centre.unwrap.privateKey),
})
const from = () => ({
  ...{ id: newMessageId(systemRandom), issuedAt: new Date(NOW).toISOString(), sender: CENTRE },
  ...{ receiver: ATLAS, auditHead: { n: 1n, hash: Buffer.alloc(32, 1) } },
})
async function order(quantity: number): Promise<MessageId> {
  const lines = [{ lineNo: 1, product: FIVE, quantity }]
  const content = {
    ...from(),
    expiresAt: new Date(NOW + 3_600_000).toISOString(),
    depot: depotId('main'),
    lines,
  }
  expect(await receiveRestockOrder(needs, CENTRE, await signRestockOrder(content, closing()))).not.toBeNull()
  return content.id
}
async function waiting(kind = 'lot-activation'): Promise<OutgoingMessage[]> {
  return rows(
    `SELECT id, partner, kind, bytes, attempts FROM message_out
      WHERE kind = $1 AND state = 'waiting' ORDER BY position`,
    [kind],
  )
}
async function told(): Promise<LotActivation[]> {
  return Promise.all(
    (await waiting()).map(async ({ id, partner, bytes }) => {
      const verified = await verifyLotActivation(bytes, verifying())
      if ('refusal' in verified) throw new Error(verified.refusal)
      expect([partner, verified.content.id]).toEqual([CENTRE, id])
      return verified.content
    }),
  )
}
const run = (first: number, count: number) => ({ firstSerial: serialFromNumber(FIRST + first), count })

test('a lot is activated for the centre that has codes of it, and for nobody where none was promised', async () => {
  const lot = await stock(10)
  await order(3)
  await activateLot(needs, amel, { lot, activatedOn: FROM })
  expect(await told()).toMatchObject([{ lot, activatedOn: FROM, runs: [], receiver: CENTRE }])
  const other = await stock(5)
  await activateLot(needs, amel, { lot: other })
  expect(await told()).toHaveLength(1)
  expect(await rows('SELECT id, activated_at FROM lot ORDER BY id')).toEqual([
    { id: lot, activated_at: new Date(FROM) },
    { id: other, activated_at: new Date(NOW) },
  ])
  // What is promised afterwards says its date itself.
  await order(12)
  expect(await told()).toHaveLength(1)
  expect(await rows('SELECT lot, activated_on FROM restock_delivery ORDER BY position')).toMatchObject([
    { activated_on: null },
    { activated_on: expect.any(Date) },
    { activated_on: expect.any(Date) },
  ])
})

test('a lot is activated as a whole once, and ranges of it only while it sleeps', async () => {
  const lot = await stock(10)
  const again = (more: object) => expect(activateLot(needs, amel, { lot, ...more })).rejects
  await again({ runs: [run(5, 6)] }).toThrow('serials-not-of-lot')
  await again({ runs: [run(-1, 2)] }).toThrow('serials-not-of-lot')
  await stock(10)
  await again({ runs: [run(12, 1)] }).toThrow('serials-not-of-lot')
  await activateLot(needs, amel, { lot, runs: [run(5, 5)] })
  await activateLot(needs, amel, { lot })
  await again({}).toThrow('unknown-or-activated')
  await again({ runs: [run(0, 1)] }).toThrow('unknown-or-activated')
  await expect(activateLot(needs, amel, { lot: lotId('L999999') })).rejects.toThrow('unknown-or-activated')
  expect(await rows('SELECT whole, made_by FROM lot_activation ORDER BY whole')).toEqual([
    { whole: false, made_by: 'amel' },
    { whole: true, made_by: 'amel' },
  ])
})

test('ranges are told at once to who has codes of the lot, and with the codes to who gets them later', async () => {
  const lot = await stock(2_000)
  await activateLot(needs, amel, { lot, activatedOn: FROM, runs: [run(0, 10), run(1_500, 500)] })
  expect(await told()).toEqual([])
  await order(3)
  expect(await told()).toMatchObject([{ lot, activatedOn: FROM, runs: [run(0, 10), run(1_500, 500)] }])
  await order(3)
  expect(await told()).toHaveLength(1)
  await activateLot(needs, amel, { lot, runs: [run(10, 1)] })
  expect((await told()).map(({ runs }) => runs)).toEqual([[run(0, 10), run(1_500, 500)], [run(10, 1)]])
})

test('a centre that refused its part of the lot is not told', async () => {
  const lot = await stock(10)
  await order(3)
  await rows(`UPDATE restock_delivery SET state = 'refused', codes_taken = 0`)
  await activateLot(needs, amel, { lot })
  expect(await told()).toEqual([])
})

/** An activation on its way, and what is said to it. */
async function onItsWay() {
  const lot = await stock(10)
  await order(3)
  await activateLot(needs, amel, { lot })
  const [message] = await waiting()
  const take = async (said: Partial<NoticeReceipt> = {}) => {
    const receipt = {
      ...from(),
      ...{ notice: 'LotActivation', noticeId: messageId(message!.id), verdict: 'taken', ranges: [] },
      ...said,
    } as NoticeReceipt
    const bytes = await signNoticeReceipt(receipt, closing())
    return receiveNoticeReceipt(needs, needs.pool as never, message!, bytes)
  }
  const state = () => rows('SELECT state, reason, settled_at FROM lot_activation_told')
  return { message: message!, take, state }
}

test('the centre’s receipt settles it, once', async () => {
  const { take, state } = await onItsWay()
  await take()
  expect(await state()).toEqual([{ state: 'taken', reason: null, settled_at: new Date(NOW) }])
  await expect(take()).rejects.toThrow('fits no activation')
  expect(log.error).not.toHaveBeenCalled()
})

test('a refusal is kept with its reason and told to people', async () => {
  const { take, state, message } = await onItsWay()
  await take({ verdict: 'refused', reason: 'unknown-lot' })
  expect(await state()).toMatchObject([{ state: 'refused', reason: 'unknown-lot' }])
  expect(log.error.mock.calls).toEqual([
    [
      { partner: CENTRE, activation: message.id, reason: 'unknown-lot' },
      'the centre did not take an activation',
    ],
  ])
})

test('a receipt of another notice settles nothing', async () => {
  const { take, state } = await onItsWay()
  await expect(take({ noticeId: newMessageId(systemRandom) })).rejects.toThrow('of another notice')
  await expect(take({ notice: 'PartnerNextKey' })).rejects.toThrow('of another notice')
  expect(await state()).toMatchObject([{ state: 'waiting' }])
})

const notUnderstood = (id: MessageId) =>
  signRestockNotUnderstood(
    { ...from(), message: 'LotActivation', messageId: id, messageLevel: 1, highestLevel: 1 },
    closing(),
  )

test('what the centre does not understand is over: an activation, and a part that nobody then owes', async () => {
  const { message, state } = await onItsWay()
  const other = await notUnderstood(newMessageId(systemRandom))
  const receive = (bytes: Buffer) => receiveNoticeReceipt(needs, needs.pool as never, message, bytes)
  await expect(receive(other)).rejects.toThrow('other-message')
  await receive(await notUnderstood(message.id))
  expect(await state()).toMatchObject([{ state: 'refused', reason: 'not-understood' }])
  const [plan] = await findPlannedDeliveries(needs.pool, [], 1)
  await sendRestockDelivery(needs, plan!)
  const [part] = await waiting('restock-delivery')
  const settle = (bytes: Buffer) => receiveRestockReceipt(needs, needs.pool as never, part!, bytes)
  await expect(settle(other)).rejects.toThrow('other-message')
  await settle(await notUnderstood(part!.id))
  expect(await rows('SELECT state, codes_taken, reason FROM restock_delivery')).toEqual([
    { state: 'refused', codes_taken: 0, reason: 'not-understood' },
  ])
  expect(await rows(`SELECT debits_pending, debits_posted FROM account WHERE id = 'partner:centre'`)).toEqual(
    [{ debits_pending: 0n, debits_posted: 0n }],
  )
})

test('a centre’s notice is refused as not offered, once; the same id with other content as altered', async () => {
  const head = from()
  const notice = (what: 'held' | 'voided') =>
    signRangeNotice({ ...head, case: '7', what, cause: 'stolen', runs: [run(0, 2)] }, closing())
  const bytes = await notice('held')
  const say = async (said: Buffer) => {
    const answer = (await receiveRestockOrder(needs, CENTRE, said))!
    const verified = await verifyReceipt(answer, verifying())
    if ('refusal' in verified) throw new Error(verified.refusal)
    return { answer, ...verified.content }
  }
  const first = await say(bytes)
  expect(first).toMatchObject({ noticeId: head.id, verdict: 'refused', reason: 'not-offered', ranges: [] })
  expect(Buffer.compare((await say(bytes)).answer, first.answer)).toBe(0)
  expect(await say(await notice('voided'))).toMatchObject({ reason: 'duplicate-content' })
  expect(log.error).toHaveBeenCalledTimes(2)
})

test('an order of a level above the agreed one is answered that it is not understood; one of an activation is none', async () => {
  const content = {
    ...from(),
    expiresAt: new Date(NOW + 3_600_000).toISOString(),
    depot: depotId('main'),
    lines: [{ lineNo: 1, product: FIVE, quantity: 1 }],
  }
  const above = await signRestockOrder(content, { ...closing(), level: 2 })
  const answer = (await receiveRestockOrder(needs, CENTRE, above))!
  expect(await verifyRestockNotUnderstood(answer, verifying())).toMatchObject({
    content: { message: 'RestockOrder', messageId: content.id, messageLevel: 2, highestLevel: 1 },
  })
  expect(Buffer.compare((await receiveRestockOrder(needs, CENTRE, above))!, answer)).toBe(0)
  expect(await rows('SELECT FROM restock_order')).toEqual([])
  // A centre activates nothing, and answers are no questions.
  const activation = { ...from(), lot: lotId('L000001'), activatedOn: FROM, runs: [] }
  const signed = await signLotActivationMessage(
    { ...activation, sender: operatorId(CENTRE), receiver: centreId(ATLAS) },
    closing(),
  )
  expect(await receiveRestockOrder(needs, CENTRE, signed)).toBeNull()
  const receipt = await signNoticeReceipt(
    { ...from(), notice: 'LotActivation', noticeId: content.id, verdict: 'taken', ranges: [] },
    closing(),
  )
  expect(await receiveRestockOrder(needs, CENTRE, receipt)).toBeNull()
})
