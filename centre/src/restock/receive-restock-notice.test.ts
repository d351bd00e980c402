// What an operator posts besides deliveries, taken by the real vault over a real database, and what it does to packs.

import { endCase } from '@scratchless/office/cases/end-case'
import { openCase } from '@scratchless/office/cases/open-case'
import { inTransaction } from '@scratchless/office/database/database'
import { lotId, type MessageId, messageId } from '@scratchless/voucher/ids'
import { serialFromNumber } from '@scratchless/voucher/serial'
import { type LotActivation, signLotActivation } from '@scratchless/wire/restock/lot-activation'
import { verifyNoticeReceipt } from '@scratchless/wire/restock/notice-receipt'
import {
  signRestockNotUnderstood,
  verifyRestockNotUnderstood,
} from '@scratchless/wire/restock/restock-not-understood'
import { signDocument } from '@scratchless/wire/xml/sign'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ATLAS } from '../../../voucher/testing/example-product.ts'
import { exampleUpdate } from '../../../wire/testing/restock-examples.ts'
import {
  signPartnerNextKey,
  signRangeNotice,
  signRestockOrderUpdate,
} from '../../../wire/testing/sign-notices.ts'
import { startTestCentre, type TestCentre } from '../../testing/test-centre.ts'
import { centreCases } from '../stock/centre-cases.ts'
import { receiveRestockNotice } from './receive-restock-notice.ts'
import { sendRestockOrder, takeRestockOrderResponse } from './send-restock-order.ts'
import { wakeCodesInTime } from './wake-codes.ts'

const EARLY = '2026-03-01T00:00:00.000Z'
const LATE = '2026-06-01T00:00:00.000Z'
const FUTURE = '2999-01-01T00:00:00.000Z'
let centre: TestCentre
beforeAll(async () => {
  centre = await startTestCentre()
})
afterAll(() => centre.close())

const rows = async (text: string, values: unknown[] = []) =>
  (await centre.database.pool('owner').query(text, values)).rows
const alarms = async (subject: string) =>
  (await rows('SELECT kind, details FROM alarm WHERE subject = $1 ORDER BY id', [subject])).map((alarm) => [
    alarm.kind,
    JSON.parse(alarm.details),
  ])

async function activation(change: Partial<LotActivation>): Promise<{ id: MessageId; bytes: Buffer }> {
  const content = {
    ...centre.operator.header(),
    lot: lotId('L000010'),
    activatedOn: EARLY,
    runs: [],
    ...change,
  }
  return { id: content.id, bytes: await signLotActivation(content, await centre.operator.signing()) }
}

async function say(bytes: Uint8Array) {
  const answer = await receiveRestockNotice(centre.needs, ATLAS, bytes)
  if (answer === null) return null
  const verified = await verifyNoticeReceipt(answer, await centre.operator.verifying())
  if ('refusal' in verified) throw new Error(verified.refusal)
  return { answer, ...verified.content }
}

/** Delivers packs of 1,000 of a lot that sleeps, unless told otherwise; pack by pack since when each is awake. */
const deliver = (lot: string, first: number, quantity: number, activatedOn?: string) =>
  centre.operator.stock(first, quantity, { lot: lotId(lot), activatedOn })
const packs = async (lot: string) =>
  (await rows('SELECT activated_on FROM pack WHERE lot_id = $1 ORDER BY first_serial', [lot])).map(
    ({ activated_on }) => activated_on?.toISOString() ?? null,
  )
const run = (first: number, count: number) => ({ firstSerial: serialFromNumber(first), count })

test('an activation dates the lot and its packs, once, and the same message gets the same receipt', async () => {
  await deliver('L000010', 10_000, 2_500)
  expect(await packs('L000010')).toEqual([null, null, null])
  const { id, bytes } = await activation({})
  const first = await say(bytes)
  expect(first).toMatchObject({ notice: 'LotActivation', noticeId: id, verdict: 'taken', ranges: [] })
  expect(await packs('L000010')).toEqual([EARLY, EARLY, EARLY])
  expect((await rows(`SELECT activated_on FROM lot WHERE id = 'L000010'`))[0].activated_on).toEqual(
    new Date(EARLY),
  )
  expect(Buffer.compare((await say(bytes))!.answer, first!.answer)).toBe(0)
  expect(
    await rows(`SELECT actor, subject, details FROM audit_entry WHERE action = 'lot-activated'`),
  ).toEqual([
    {
      actor: 'atlas',
      subject: 'atlas L000010',
      details: JSON.stringify({ activatedOn: EARLY, codes: null, packs: 3 }),
    },
  ])
})

test('the same id with another content is refused, changes nothing, and alarms', async () => {
  const { id, bytes } = await activation({ lot: lotId('L000011'), activatedOn: FUTURE })
  expect(await say(bytes)).toMatchObject({ verdict: 'taken' })
  const other = await activation({ id, lot: lotId('L000011'), activatedOn: EARLY })
  expect(await say(other.bytes)).toMatchObject({
    verdict: 'refused',
    reason: 'duplicate-content',
    noticeId: id,
  })
  await deliver('L000011', 20_000, 1_000)
  expect(await packs('L000011')).toEqual([FUTURE])
  expect(await alarms(id)).toEqual([['restock-message-altered', {}]])
})

test('codes that come after their activation are dated when they come', async () => {
  await say((await activation({ lot: lotId('L000012'), activatedOn: LATE })).bytes)
  await deliver('L000012', 30_000, 1_500)
  expect(await packs('L000012')).toEqual([LATE, LATE])
})

test('a later part that says its date wakes the parts that came before it', async () => {
  await deliver('L000013', 40_000, 1_000)
  await deliver('L000013', 41_000, 1_000, LATE)
  expect(await packs('L000013')).toEqual([LATE, LATE])
})

test('of several dates the earliest holds, whichever comes first, and one that has passed stays', async () => {
  await deliver('L000014', 50_000, 1_000)
  const date = async (activatedOn: string) => {
    await say((await activation({ lot: lotId('L000014'), activatedOn })).bytes)
    const [lot] = await rows(`SELECT activated_on FROM lot WHERE id = 'L000014'`)
    return [...(await packs('L000014')), lot.activated_on.toISOString()]
  }
  expect(await date(FUTURE)).toEqual([FUTURE, FUTURE])
  expect(await date('2999-06-01T00:00:00.000Z')).toEqual([FUTURE, FUTURE])
  expect(await date(LATE)).toEqual([LATE, LATE])
  expect(await date(EARLY)).toEqual([LATE, EARLY])
})

/** Pack by pack: since when it is awake, and the places of its codes that sleep all the same. */
const sleepers = async (lot: string) =>
  (
    await rows(
      'SELECT activated_on, asleep, aside, free, count FROM pack WHERE lot_id = $1 ORDER BY first_serial',
      [lot],
    )
  ).map(({ activated_on, asleep, aside, free, count }) => {
    // Nothing else is aside here: whatever does not sleep is free.
    expect([aside, Number(free)]).toEqual([asleep, count - asleep.replaceAll('0', '').length])
    const places = [...asleep].flatMap((mark, place) => (mark === '1' ? [place] : []))
    return [activated_on?.toISOString() ?? null, places.length, places[0] ?? null]
  })

test('the codes of a pack that is activated in part are awake, the others wake with theirs', async () => {
  await deliver('L000015', 60_000, 3_000)
  const wake = async (activatedOn: string, ...runs: LotActivation['runs']) => {
    expect(await say((await activation({ lot: lotId('L000015'), activatedOn, runs })).bytes)).toMatchObject({
      verdict: 'taken',
    })
    return sleepers('L000015')
  }
  const asleep = [null, 0, null]
  expect(await wake(LATE, run(60_000, 999))).toEqual([[LATE, 1, 999], asleep, asleep])
  expect(await wake(EARLY, run(60_999, 1), run(61_000, 500))).toEqual([
    ...[[LATE, 0, null], [EARLY, 500, 500], asleep],
  ])
  expect(await wake(LATE, run(61_500, 400), run(61_950, 50), run(62_000, 999))).toEqual([
    ...[
      [LATE, 0, null],
      [EARLY, 50, 900],
      [LATE, 1, 999],
    ],
  ])
  // Codes of another lot's number do not count, and none of the lot is awake as a whole.
  expect(
    await say((await activation({ lot: lotId('L000016'), runs: [run(62_999, 1)] })).bytes),
  ).toMatchObject({
    verdict: 'taken',
  })
  expect((await sleepers('L000015'))[2]).toEqual([LATE, 1, 999])
  expect((await rows(`SELECT activated_on FROM lot WHERE id = 'L000015'`))[0].activated_on).toBeNull()
  expect((await wake(FUTURE, run(62_999, 1)))[2]).toEqual([LATE, 1, 999])
  // Of the lot as a whole later: what sleeps wakes with it.
  expect(await wake(LATE)).toEqual([
    [LATE, 0, null],
    [EARLY, 0, null],
    [LATE, 0, null],
  ])
})

test('a range that is activated for later wakes then, by itself, before or after its codes have come', async () => {
  const lot = lotId('L000017')
  const inAnHour = new Date(centre.clock.nowMs() + 3_600_000).toISOString()
  await deliver(lot, 70_000, 1_000)
  await say(
    (await activation({ lot, activatedOn: inAnHour, runs: [run(70_100, 10), run(71_000, 20)] })).bytes,
  )
  await deliver(lot, 71_000, 100)
  await wakeCodesInTime(centre.needs)
  expect(await sleepers(lot)).toEqual([
    [null, 0, null],
    [null, 0, null],
  ])
  centre.clock.move(3_600_000)
  await wakeCodesInTime(centre.needs)
  expect(await sleepers(lot)).toEqual([
    [inAnHour, 990, 0],
    [inAnHour, 80, 20],
  ])
  // What arrives once it is awake is awake as it comes.
  await say((await activation({ lot, activatedOn: LATE, runs: [run(72_000, 5)] })).bytes)
  await deliver(lot, 72_000, 10)
  expect((await sleepers(lot))[2]).toEqual([LATE, 5, 5])
  await wakeCodesInTime(centre.needs)
  expect((await sleepers(lot))[0]).toEqual([inAnHour, 990, 0])
})

test('what sleeps and is held as well stays aside until it is awake and let go', async () => {
  const lot = lotId('L000018')
  await deliver(lot, 80_000, 100)
  await say((await activation({ lot, runs: [run(80_000, 50)] })).bytes)
  const office = centreCases(centre.needs)
  const range = { operator: ATLAS, ...run(80_040, 20), cause: 'c' }
  const marks = async () => {
    const [{ aside, asleep }] = await rows(`SELECT aside, asleep FROM pack WHERE lot_id = $1`, [lot])
    return [aside, asleep].map((map) => map.replaceAll('0', '').length)
  }
  const held = await openCase(office, 'amel', { ...range, state: 'on_hold' })
  expect([held.held, held.heldAlready, await marks()]).toEqual([10, 10, [60, 50]])
  const { released } = await endCase(office, 'amel', { id: held.id, cause: 'found' })
  expect([released, await marks()]).toEqual([10, [50, 50]])
  const again = await openCase(office, 'amel', { ...range, state: 'on_hold' })
  await say((await activation({ lot, runs: [run(80_050, 40)] })).bytes)
  expect(await marks()).toEqual([30, 10])
  expect((await endCase(office, 'amel', { id: again.id, cause: 'found' })).released).toBe(20)
  expect(await marks()).toEqual([10, 10])
})

test('notices that nothing acts on yet are refused as not offered, once, and people are told', async () => {
  const header = centre.operator.header
  const signing = await centre.operator.signing()
  const publicKey = Buffer.alloc(91, 1)
  const notices = [
    [
      'PartnerNextKey',
      'partner-next-key',
      header(),
      (head: ReturnType<typeof header>) =>
        signPartnerNextKey({ ...head, purpose: 'tls', publicKey, validFrom: FUTURE }, signing),
    ],
    [
      'RangeNotice',
      'range-notice',
      header(),
      (head: ReturnType<typeof header>) =>
        signRangeNotice({ ...head, case: '7', what: 'held', cause: 'stolen', runs: [run(1, 2)] }, signing),
    ],
    [
      'RestockOrderUpdate',
      'restock-order-update',
      header(),
      (head: ReturnType<typeof header>) => signRestockOrderUpdate({ ...exampleUpdate, ...head }, signing),
    ],
  ] as const
  for (const [notice, kind, head, sign] of notices) {
    const bytes = await sign(head)
    const said = await say(bytes)
    expect(said).toMatchObject({ notice, noticeId: head.id, verdict: 'refused', reason: 'not-offered' })
    expect(Buffer.compare((await say(bytes))!.answer, said!.answer)).toBe(0)
    expect(await alarms(head.id)).toEqual([['restock-notice-refused', { operator: 'atlas', kind }]])
  }
})

async function ofLevel(level: number, name: string) {
  const { id, issuedAt, sender, receiver } = centre.operator.header()
  const payload = `<${name} xmlns="urn:scratchless:restock:1"><Header><Suite>interop</Suite><Level>${level}</Level><Id>${id}</Id><IssuedAt>${issuedAt}</IssuedAt><Sender>${sender}</Sender><Receiver>${receiver}</Receiver></Header><New>x</New></${name}>`
  const { suite, signingKey } = await centre.operator.signing()
  return { id, bytes: await signDocument(payload, suite, signingKey) }
}

test.each([
  [2, 'RestockDelivery'],
  [2, 'RestockForecast'],
  [1, 'RestockForecast'],
])(
  'level %s of %s is answered that it is not understood, signed, the same each time',
  async (level, name) => {
    const { id, bytes } = await ofLevel(level, name)
    const answer = (await receiveRestockNotice(centre.needs, ATLAS, bytes))!
    expect(await verifyRestockNotUnderstood(answer, await centre.operator.verifying())).toMatchObject({
      content: { message: name, messageId: id, messageLevel: level, highestLevel: 1 },
    })
    expect(Buffer.compare((await receiveRestockNotice(centre.needs, ATLAS, bytes))!, answer)).toBe(0)
    expect((await alarms(id)).map(([kind]) => kind)).toEqual(['restock-message-not-understood'])
  },
)

test('what is not signed by the operator, or is none of its questions, gets no signed answer', async () => {
  const { id, bytes } = await ofLevel(2, 'RestockForecast')
  const text = bytes.toString()
  const receipt = await centre.operator.signing().then((signing) =>
    signRestockNotUnderstood(
      {
        ...centre.operator.header(),
        ...{ message: 'LotActivation', messageId: messageId(id), messageLevel: 2, highestLevel: 1 },
      },
      signing,
    ),
  )
  for (const other of [
    text.replace('<New>x', '<New>y'),
    text.replace('<Level>2', '<Level>3'),
    text.replaceAll('RestockForecast', 'RestockFuture'),
    text.replace(/<ds:Signature .*<\/ds:Signature>/, ''),
    receipt,
    '<RestockForecast/>',
  ])
    expect(await receiveRestockNotice(centre.needs, ATLAS, Buffer.from(other))).toBeNull()
  expect(await rows('SELECT FROM message_in WHERE id = $1', [id])).toEqual([])
})

test('an order that the operator does not understand is over, and people are told', async () => {
  const sent = await sendRestockOrder(
    centre.needs,
    { operator: ATLAS, lines: [{ product: (await rows('SELECT id FROM product'))[0].id, quantity: 1 }] },
    'amel',
  )
  if (typeof sent === 'string') throw new Error(sent)
  const order = sent.id
  const [message] = await rows('SELECT id, partner, kind, bytes, attempts FROM message_out WHERE id = $1', [
    order,
  ])
  const said = { message: 'RestockOrder', messageLevel: 1, highestLevel: 1 }
  const answer = async (id: string) =>
    signRestockNotUnderstood(
      { ...centre.operator.header(), ...said, messageId: messageId(id) },
      await centre.operator.signing(),
    )
  const take = async (said: Promise<Buffer>) => {
    const bytes = await said
    return inTransaction(centre.needs.pool, (sql) =>
      takeRestockOrderResponse(centre.needs, sql, message, bytes),
    )
  }
  await expect(take(answer('00000000-0000-4000-8000-000000000000'))).rejects.toThrow('other-message')
  await take(answer(order))
  expect(await rows('SELECT state, reason FROM restock_order WHERE id = $1', [order])).toEqual([
    { state: 'refused', reason: 'not-understood' },
  ])
  expect(await alarms(order)).toEqual([
    ['restock-order-not-understood', { operator: 'atlas', highestLevel: 1 }],
  ])
})
