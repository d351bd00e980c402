// Step 10 of the way of a code, in the vault: for each order of a group, the terminal's own signed bytes are verified
// again, the runs are held against the order, the ceilings and the packs' marks; then one durable write for the
// whole group; then each code is opened and closed at once under a key of its own for its terminal, and the delivery
// is signed. An order that was journalled before is closed again with just the same runs.

import type { KeyObject } from 'node:crypto'
import { inTransaction, type Sql } from '@scratchless/office/database/database'
import { openPack, sealedPack } from '@scratchless/office/vault/closing'
import { readLotRecord } from '@scratchless/office/vault/lot-record'
import { type DepotId, lotId, type OperatorId, type TerminalId } from '@scratchless/voucher/ids'
import { productId } from '@scratchless/voucher/product'
import { type SerialNumber, serialFromNumber, serialToNumber } from '@scratchless/voucher/serial'
import { readFrame } from '@scratchless/wire/compact/frame'
import { sealForTerminal } from '@scratchless/wire/seal/code-box'
import { openSigned } from '@scratchless/wire/supply/envelope'
import { orderIn, readRequest } from '@scratchless/wire/supply/request'
import { type DeliveredRun, supplyDeliveryMessage } from '@scratchless/wire/supply/supply-delivery'
import type { SupplyOrder } from '@scratchless/wire/supply/supply-order'
import { signerOfNumber } from './centre-signers.ts'
import { lockTerminalsOf, readNewestSafeKeys, readSafeKey, type SafeKeyRow } from './ring.sql.ts'
import { safeKeyOf, terminalVerifier } from './ring.ts'
import {
  type ClosedPack,
  countClosedCodes,
  insertJournal,
  lockPacks,
  type MarkedRun,
  markClosed,
  readClosedPacks,
  readJournal,
} from './supply.sql.ts'
import type { VaultNeeds } from './vault-needs.ts'
import type { ClosedDelivery, DecidedSupply, SupplyClosingRefusal, VaultVerbs } from './verbs.ts'

type Group = Parameters<VaultVerbs['closeSupplyDeliveries']>[0]
type Order = Group['orders'][number]
type Lot = DecidedSupply['lots'][number]

interface PackMarks {
  readonly operator: OperatorId
  readonly firstSerial: bigint
  readonly count: number
  readonly lot: string
  readonly product: string
  /** A digit a code, `1` where it is gone. */
  gone: string
}

interface Plan {
  readonly order: Order
  readonly orderHash: Buffer
  readonly safeKey: KeyObject
  readonly epoch: number
  readonly codes: number
  readonly runs: string
  /** Under which the delivery is signed. */
  readonly centreCertificate: number
  /** What is to be marked; null where the order is in the journal already. */
  readonly marks: readonly MarkedRun[] | null
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

export async function closeSupplyDeliveries(
  needs: VaultNeeds,
  group: Group,
): Promise<(ClosedDelivery | { refusal: SupplyClosingRefusal })[]> {
  const { plans, packs } = await inTransaction(needs.pool, async (sql) => {
    const judged = await judgeGroup(needs, sql, group)
    const accepted = judged.filter((plan): plan is Plan => typeof plan === 'object')
    const runs = accepted.flatMap(({ order }) =>
      order.decided.lots.flatMap((lot) => lot.runs.map((run) => ({ ...run, operator: lot.operator }))),
    )
    return { plans: judged, packs: runs.length > 0 ? await readClosedPacks(sql, group.depot, runs) : [] }
  })
  // From here on the journal stands: whatever happens now, these codes are this order's.
  const packOf = new Map(packs.map((pack) => [runName(pack.operator, pack.first_serial), pack]))
  return plans.map((plan) => (typeof plan === 'string' ? { refusal: plan } : close(needs, plan, packOf)))
}

async function judgeGroup(
  needs: VaultNeeds,
  sql: Sql,
  { depot, orders }: Group,
): Promise<(Plan | SupplyClosingRefusal)[]> {
  const nowMs = needs.clock.nowMs()
  const ids = [...new Set(orders.map(({ terminal }) => terminal))]
  const terminals = new Map((await lockTerminalsOf(sql, depot, ids)).map((row) => [row.id, row]))
  const journal = new Map(
    (await readJournal(sql, depot, orders)).map((row) => [`${row.terminal_id} ${row.sequence}`, row]),
  )
  const safeKeys = new Map((await readNewestSafeKeys(sql, depot, ids)).map((row) => [row.terminal_id, row]))
  const closed = await countClosedCodes(sql, depot, ids, {
    hour: new Date(nowMs - HOUR_MS),
    day: new Date(nowMs - DAY_MS),
  })
  const counts = new Map(closed.map((row) => [row.terminal_id, row]))
  const packs = await readMarks(sql, depot, orders)

  const plans: (Plan | SupplyClosingRefusal)[] = []
  for (const order of orders) {
    const row = terminals.get(order.terminal)
    const verified = row && verifyOrder(needs, row, order)
    if (!verified) {
      plans.push('order-not-verified')
      continue
    }
    const runs = journalText(order.decided)
    const known = journal.get(`${order.terminal} ${order.sequence}`)
    if (known !== undefined) {
      const same = known.runs === runs && known.order_hash.equals(verified.payloadHash)
      const key = same ? await readSafeKey(sql, depot, order.terminal, known.epoch) : undefined
      if (key === undefined) plans.push('runs-differ')
      else plans.push({ ...planOf(needs, order, verified, runs, key), marks: null })
      continue
    }
    if (!isAsOrdered(order.decided, verified.content)) {
      plans.push('not-as-ordered')
      continue
    }
    const key = safeKeys.get(order.terminal)
    if (key === undefined || key.ends_at.getTime() <= nowMs) {
      plans.push('no-safe-key')
      continue
    }
    const plan = planOf(needs, order, verified, runs, key)
    if (!fitsCeilings(needs, counts, plan)) {
      plans.push('ceiling-exceeded')
      continue
    }
    const marks = marksOf(packs, order.decided)
    plans.push(marks === null ? 'codes-taken' : { ...plan, marks })
  }

  const fresh = plans.filter((plan): plan is Plan => typeof plan === 'object' && plan.marks !== null)
  if (fresh.length > 0) {
    // What was read is locked: the statement, which asks the same of each pack again, can only agree.
    const marks = fresh.flatMap((plan) => plan.marks ?? [])
    if (!(await markClosed(sql, depot, marks))) throw new Error('a code to be closed is gone already')
    const rows = fresh.map(({ order, ...plan }) => ({
      terminal: order.terminal,
      sequence: order.sequence,
      ...plan,
    }))
    await insertJournal(sql, depot, rows, new Date(nowMs))
  }
  return plans
}

function verifyOrder(
  needs: VaultNeeds,
  row: Parameters<typeof terminalVerifier>[1] & { centre_certificate: number },
  { terminal, sequence, frame }: Order,
): VerifiedOrder | undefined {
  const verifier = terminalVerifier(needs, row)
  const parsed = readFrame(frame)
  if (verifier === null || parsed === undefined) return undefined
  const opened = openSigned(parsed, verifier, { terminal, sequence, answering: null })
  const request = opened === 'unacceptable' ? opened : readRequest(opened)
  const content = typeof request === 'string' ? undefined : orderIn(request)
  return content && typeof request === 'object'
    ? { content, payloadHash: request.payloadHash, centreCertificate: row.centre_certificate }
    : undefined
}

interface VerifiedOrder {
  readonly content: SupplyOrder
  readonly payloadHash: Buffer
  readonly centreCertificate: number
}

function planOf(
  needs: VaultNeeds,
  order: Order,
  { payloadHash: orderHash, centreCertificate }: VerifiedOrder,
  runs: string,
  key: SafeKeyRow,
): Omit<Plan, 'marks'> {
  const codes = order.decided.lots.reduce((sum, lot) => sum + codesOf(lot), 0)
  return {
    order,
    orderHash,
    centreCertificate,
    safeKey: safeKeyOf(needs, key),
    epoch: key.epoch,
    codes,
    runs,
  }
}

function codesOf(lot: Lot): number {
  return lot.runs.reduce((sum, { count }) => sum + count, 0)
}

/** What the journal keeps of an order's runs: equal text means equal runs at equal prices. */
function journalText({ lots }: DecidedSupply): string {
  return JSON.stringify(
    lots.map((lot) => [
      lot.operator,
      lot.product,
      lot.lot,
      String(lot.unitPriceMinor),
      lot.runs.map(({ firstSerial, count }) => [firstSerial, count]),
    ]),
  )
}

/** Never more of a product than was ordered, never another price, never a debit that is not the sum. */
function isAsOrdered({ lots, debitedMinor }: DecidedSupply, order: SupplyOrder): boolean {
  let sum = 0n
  const given = new Map<string, number>()
  for (const lot of lots) {
    const line = order.lines.find(({ product }) => product === lot.product)
    if (line === undefined || line.unitPriceMinor !== lot.unitPriceMinor) return false
    const total = (given.get(lot.product) ?? 0) + codesOf(lot)
    if (total > line.quantity) return false
    given.set(lot.product, total)
    sum += lot.unitPriceMinor * BigInt(codesOf(lot))
  }
  return sum === debitedMinor && given.size > 0
}

function fitsCeilings(
  { ceilings }: VaultNeeds,
  counts: Map<TerminalId, { last_hour: number; last_day: number }>,
  { order, codes }: Pick<Plan, 'order' | 'codes'>,
): boolean {
  const before = counts.get(order.terminal) ?? { last_hour: 0, last_day: 0 }
  const after = { last_hour: before.last_hour + codes, last_day: before.last_day + codes }
  if (after.last_hour > ceilings.codesPerHour || after.last_day > ceilings.codesPerDay) return false
  counts.set(order.terminal, after)
  return true
}

async function readMarks(
  sql: Sql,
  depot: DepotId,
  orders: readonly Order[],
): Promise<Map<string, PackMarks>> {
  const packs = orders.flatMap(({ decided }) =>
    decided.lots.flatMap(({ operator, runs }) =>
      runs.map(({ packFirstSerial }) => ({ operator, packFirstSerial })),
    ),
  )
  const rows = packs.length > 0 ? await lockPacks(sql, depot, packs) : []
  return new Map(
    rows.map(({ operator, first_serial: firstSerial, count, gone, lot_id: lot, product_id: product }) => [
      runName(operator, firstSerial),
      { operator, firstSerial, count, gone, lot, product },
    ]),
  )
}

/**
 * Takes an order's codes off what is left of their packs. Takes none, and is null, where a code is gone or lies outside
 * its pack, or where the pack is of another depot, lot or product than the delivery would say.
 */
function marksOf(packs: Map<string, PackMarks>, { lots }: DecidedSupply): MarkedRun[] | null {
  const marks: MarkedRun[] = []
  const left = new Map<PackMarks, string>()
  for (const { operator, product, lot, runs } of lots)
    for (const { packFirstSerial, firstSerial, count } of runs) {
      const pack = packs.get(runName(operator, BigInt(packFirstSerial)))
      if (pack === undefined || pack.lot !== lot || pack.product !== product) return null
      const offset = serialToNumber(firstSerial) - Number(pack.firstSerial)
      if (!Number.isInteger(count) || count < 1) return null
      if (!Number.isInteger(offset) || offset < 0 || offset + count > pack.count) return null
      const gone = left.get(pack) ?? pack.gone
      if (gone.slice(offset, offset + count).includes('1')) return null
      left.set(pack, gone.slice(0, offset) + '1'.repeat(count) + gone.slice(offset + count))
      marks.push({ operator, packFirstSerial: pack.firstSerial, offset, count })
    }
  for (const [pack, gone] of left) pack.gone = gone
  return marks
}

function runName(operator: OperatorId, firstSerial: bigint): string {
  return `${operator} ${firstSerial}`
}

function close(
  needs: VaultNeeds,
  { order, orderHash, centreCertificate, safeKey, epoch }: Plan,
  packOf: ReadonlyMap<string, ClosedPack>,
): ClosedDelivery {
  const { terminal, sequence, decided } = order
  const lots = decided.lots.map((lot) => ({
    product: lot.product,
    lot: lot.lot,
    expiresOn: lot.expiresOn,
    unitPriceMinor: lot.unitPriceMinor,
    runs: lot.runs.map(({ packFirstSerial, firstSerial, count }): DeliveredRun => {
      const pack = packOf.get(runName(lot.operator, BigInt(packFirstSerial)))
      if (pack === undefined) throw new Error(`the run at ${firstSerial} has no pack`)
      return { firstSerial, count, codes: reclose(needs, pack, firstSerial, count) }
    }),
  }))
  return supplyDeliveryMessage.sign(
    {
      standing: decided.standing,
      epoch,
      debitedMinor: decided.debitedMinor,
      availableMinor: decided.availableMinor,
      lots,
    },
    signerOfNumber(needs, centreCertificate),
    { terminal, sequence, answering: orderHash },
  )

  function reclose(
    { keys, cache, centre }: VaultNeeds,
    closed: ClosedPack,
    firstSerial: SerialNumber,
    count: number,
  ): DeliveredRun['codes'] {
    const lot = lotId(closed.lot_id)
    const product = productId(closed.product_id)
    const { operator, code_digits: digits } = closed
    const binding = { holderKind: 'centre', holder: centre, operator, product, lot } as const
    const contentKey = cache.get(`record ${closed.record_id}`, () =>
      readLotRecord(
        {
          recordId: closed.record_id,
          binding,
          codeDigits: digits,
          wrappedKey: closed.wrapped_key,
          mac: closed.mac,
        },
        { holder: keys.stock, macKey: keys.macKey },
      ),
    )
    if (typeof contentKey === 'string') throw new Error(`lot record ${closed.record_id} is ${contentKey}`)
    const pack = sealedPack<'centre'>(
      {
        firstSerial: serialFromNumber(Number(closed.first_serial)),
        firstIndex: Number(closed.first_index),
        ...{ count: closed.count, sealed: closed.sealed },
      },
      digits,
    )
    const place = serialToNumber(firstSerial) - serialToNumber(pack.firstSerial)
    const packed = openPack(contentKey, binding, pack, { place, count }, digits)
    try {
      const context = { terminal, epoch, operator, product, lot, delivery: sequence, digits }
      return sealForTerminal(safeKey, context, firstSerial, packed)
    } finally {
      packed.fill(0)
    }
  }
}
