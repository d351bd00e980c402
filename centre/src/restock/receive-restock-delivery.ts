// Step 5 of the way of a code: a delivery part arrives. Its bytes go to the vault as they came; the vault verifies,
// opens, checks, closes and stores, whole or not at all, and signs the receipt. Here it is written down where the
// codes now are; the receipt is stored before it is sent, and a part that comes again gets the same bytes.

import { setTimeout as sleep } from 'node:timers/promises'
import { postTransfers } from '@scratchless/ledger/post-transfers'
import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import { bookingAt } from '@scratchless/office/calendar/booking'
import { lockCases } from '@scratchless/office/cases/code-case.sql'
import { inTransaction, type SqlClient } from '@scratchless/office/database/database'
import { storeAnswer, takeMessage } from '@scratchless/office/inbox/take-message'
import type { DepotId, MessageId, OperatorId } from '@scratchless/voucher/ids'
import { raiseAlarm } from '../alarms.sql.ts'
import type { CentreNeeds } from '../needs.ts'
import { openHeldAccount, payableAccount, STOCK_ACCOUNT } from '../retailers/accounts.ts'
import { holdArrivals } from '../stock/held-codes.sql.ts'
import { holdPartOfLot } from '../stock/held-lots.sql.ts'
import type { TakenDelivery } from '../vault/verbs.ts'
import { insertDateOfPart, lockLot, markActivated } from './activation.sql.ts'
import { alarmOfHead } from './contradicting-head.ts'
import {
  addLineReceived,
  insertLot,
  insertPacks,
  insertRestockDelivery,
  readDepotOfOrder,
} from './restock.sql.ts'

/** `invalid`: the constant answer. `not-yet`: the operator's answer to our order is still being opened. */
export type DeliveryAnswer = { readonly receipt: Uint8Array } | 'invalid' | 'not-yet'

const KIND = 'restock-delivery'
/** An operator's first part overtakes its own answer by some milliseconds: that is not worth a retry of his. */
const WAITS_MS = [20, 50, 100, 200, 400] as const

export async function receiveRestockDelivery(
  needs: CentreNeeds,
  operator: OperatorId,
  bytes: Uint8Array,
): Promise<DeliveryAnswer> {
  const taken = await takeInVault(needs, operator, bytes)
  if ('refusal' in taken) {
    if (taken.refusal === 'order-unanswered') return 'not-yet'
    needs.log.warn({ operator, refusal: taken.refusal }, 'a delivery does not open')
    const alarm = { kind: 'restock-message-invalid', subject: operator, details: { refusal: taken.refusal } }
    await raiseAlarm(needs.pool, { at: new Date(needs.clock.nowMs()), ...alarm })
    return 'invalid'
  }
  await alarmOfHead(needs, operator, taken.contradictingHead)
  return { receipt: await writeDown(needs, operator, taken) }
}

async function takeInVault(needs: CentreNeeds, operator: OperatorId, bytes: Uint8Array) {
  for (const waitMs of WAITS_MS) {
    const taken = await needs.vault.takeRestockDelivery({ operator, bytes })
    if (!('refusal' in taken && taken.refusal === 'order-unanswered')) return taken
    await sleep(waitMs)
  }
  return needs.vault.takeRestockDelivery({ operator, bytes })
}

async function writeDown(
  needs: CentreNeeds,
  operator: OperatorId,
  taken: TakenDelivery,
): Promise<Uint8Array> {
  const { id, payloadHash, receipt, orderId, product, lot, expiresOn, activatedOn, packs } = taken
  const receivedAt = new Date(needs.clock.nowMs())
  return inTransaction(needs.pool, async (sql) => {
    const key = { sender: operator, kind: KIND, id }
    const known = await takeMessage(sql, { ...key, payloadHash, takenAt: receivedAt })
    if (known === 'altered') {
      await raiseAlarm(sql, { at: receivedAt, kind: 'restock-message-altered', subject: id })
      return receipt
    }
    // Taking and answering are one transaction here, so nothing is ever in progress.
    if (known === 'in-progress') throw new Error(`delivery ${id} was taken without an answer`)
    if (known !== 'new') return known.answer

    const codes = packs.reduce((sum, { count }) => sum + count, 0)
    const { orderLineNo: lineNo, part, parts, verdict, reason } = taken
    const delivery = { id, operator, orderId, lineNo, part, parts, lot, product, verdict, reason, codes }
    const unitCostMinor = await insertRestockDelivery(sql, { ...delivery, receivedAt })
    if (verdict === 'taken') {
      const depot = await readDepotOfOrder(sql, orderId)
      const held = { depot, operator, product, expiresOn, activatedOn }
      await lockLot(sql, operator, lot)
      await insertLot(sql, { ...held, id: lot })
      // Nobody opens a case meanwhile that would miss these.
      await lockCases(sql, { operator })
      await insertPacks(sql, { ...held, lot, id }, packs)
      await holdArrivals(sql, depot, operator, id)
      await holdPartOfLot(sql, depot, operator, { lot, delivery: id }, receivedAt)
      // A part's own date says that the lot is awake: parts that came before it are dated too.
      if (activatedOn !== null)
        await insertDateOfPart(sql, { operator, id, lot, activatedOn, takenAt: receivedAt })
      await markActivated(sql, operator, lot, receivedAt)
      await addLineReceived(sql, orderId, lineNo, codes)
      await bookPurchase(
        needs,
        sql,
        { id, depot, operator, costMinor: BigInt(codes) * (unitCostMinor ?? 0n) },
        receivedAt,
      )
    } else {
      const details = { reason, duplicates: taken.duplicates.length }
      await raiseAlarm(sql, { at: receivedAt, kind: 'restock-delivery-refused', subject: id, details })
    }
    await storeAnswer(sql, key, receipt, receivedAt)
    await appendAudit(sql, {
      at: receivedAt,
      actor: operator,
      action: verdict === 'taken' ? 'restock-delivery-taken' : 'restock-delivery-refused',
      subject: id,
      details: { orderId, product, lot, part, parts, codes, reason },
    })
    return receipt
  })
}

/** What was bought lies in stock at its cost, and is owed to the operator. */
async function bookPurchase(
  { settings }: CentreNeeds,
  sql: SqlClient,
  part: {
    readonly id: MessageId
    readonly depot: DepotId
    readonly operator: OperatorId
    readonly costMinor: bigint
  },
  at: Date,
): Promise<void> {
  if (part.costMinor === 0n) return
  const payable = payableAccount(part.operator)
  const { currency, timeZone } = settings
  await openHeldAccount(sql, 'payable', {
    ...{ depotId: part.depot, holder: part.operator, currency, creditLineMinor: null, openedAt: at },
  })
  const purchase = {
    ...{ id: `purchase:${part.id}`, kind: 'purchase', subject: part.operator, currency, document: part.id },
    ...{ debit: STOCK_ACCOUNT, credit: payable, amountMinor: part.costMinor },
  }
  const decided = await postTransfers(sql, part.depot, [purchase], bookingAt(at, timeZone))
  if (decided.get(purchase.id) !== 'accepted') throw new Error(`${purchase.id}: ${decided.get(purchase.id)}`)
}
