// Step 4 of the way of a code, inside the vault: codes closed for ourselves are opened, and closed for the centre, in one worker's
// memory. What the api asked is checked against the signed order, the lot's record and the packs' own marks.

import { createHash } from 'node:crypto'
import type { AuditHead } from '@scratchless/office/audit-chain/audit-chain'
import { readHead } from '@scratchless/office/audit-chain/audit-chain.sql'
import { inTransaction, type SqlClient } from '@scratchless/office/database/database'
import { openPack, sealedPack } from '@scratchless/office/vault/closing'
import { packedSize } from '@scratchless/voucher/packed-code'
import { serialFromNumber, serialToNumber } from '@scratchless/voucher/serial'
import { wipeableBytes } from '@scratchless/voucher/wipeable-bytes'
import { wipeTraces } from '@scratchless/voucher/wiped-traces'
import { signRestockDelivery } from '@scratchless/wire/restock/restock-delivery'
import { encode } from 'cborg'
import { type OpenLot, openLot } from './lot-key.ts'
import {
  countClosed,
  findClosedDelivery,
  findVerifiedLine,
  insertClosedDelivery,
  markClosed,
  readSealedRuns,
  type SealedRunRow,
} from './restock-journal.sql.ts'
import { closingFor, type VaultNeeds } from './vault-needs.ts'
import type { ClosingRefusal, DeliveryPlan } from './verbs.ts'

/**
 * The signed bytes of one delivery part. The bytes and the marks that say "gone" commit together before anything
 * is returned; the same plan again gives the same bytes.
 */
export async function closeRestockDelivery(
  needs: VaultNeeds,
  plan: DeliveryPlan,
): Promise<Uint8Array | { refusal: ClosingRefusal }> {
  const planHash = createHash('sha256').update(encode(plan)).digest()
  const known = await findClosedDelivery(needs.pool, plan.id)
  if (known) return known.plan_hash.equals(planHash) ? known.bytes : { refusal: 'delivery-differs' }

  const closing = closingFor(needs, plan.partner)
  if (closing === null) return { refusal: 'unknown-partner' }
  const line = await findVerifiedLine(needs.pool, plan)
  if (line === undefined) return { refusal: 'unknown-order-line' }
  const lot = await openLot(needs, needs.pool, plan.lot)
  if (lot === null || lot.row.product !== line.product) return { refusal: 'unknown-lot' }
  const rows = await readSealedRuns(needs.pool, plan.lot, {
    packs: plan.runs.map(({ pack }) => pack),
    firstSerials: plan.runs.map(({ firstSerial }) => serialToNumber(firstSerial)),
    counts: plan.runs.map(({ count }) => count),
  })
  if (rows.length !== plan.runs.length) return { refusal: 'run-differs' }
  if (rows.some(({ gone }) => gone)) return { refusal: 'closed-already' }

  const auditHead = await readHead(needs.books)
  const counts = plan.runs.map(({ count }) => count)
  const codes = counts.reduce((sum, count) => sum + count, 0)
  const packedCodes = wipeableBytes(codes * packedSize(lot.row.code_digits))
  let bytes: Buffer
  try {
    openRuns(lot, plan, rows, packedCodes)
    bytes = await signRestockDelivery(messageOf(needs, plan, lot, auditHead), packedCodes, closing)
  } finally {
    packedCodes.fill(0)
    wipeTraces()
  }
  return inTransaction(needs.pool, async (sql) => {
    const closedAt = new Date(needs.clock.nowMs())
    if (!(await insertClosedDelivery(sql, plan, { codes, planHash, bytes, closedAt })))
      return storedBytes(sql, plan, planHash)
    const marked = await markClosed(sql, {
      packs: rows.map(({ pack }) => pack),
      offsets: rows.map(({ offset }) => offset),
      counts,
    })
    // A refusal must leave nothing behind; only a thrown one rolls back.
    if (!marked) throw new Raced('closed-already')
    if (!(await countClosed(sql, plan, codes))) throw new Raced('more-than-ordered')
    return bytes
  }).catch((error: unknown) => {
    if (error instanceof Raced) return { refusal: error.refusal }
    throw error
  })
}

class Raced extends Error {
  readonly refusal: ClosingRefusal
  constructor(refusal: ClosingRefusal) {
    super(refusal)
    this.refusal = refusal
  }
}

async function storedBytes(sql: SqlClient, plan: DeliveryPlan, planHash: Buffer) {
  const stored = await findClosedDelivery(sql, plan.id)
  if (stored === undefined) throw new Error('a closed delivery vanished')
  return stored.plan_hash.equals(planHash) ? stored.bytes : { refusal: 'delivery-differs' as const }
}

/** The packed codes of all runs, one after the other, into a buffer that its owner zeroes. */
function openRuns(lot: OpenLot, plan: DeliveryPlan, rows: readonly SealedRunRow[], target: Buffer): void {
  const digits = lot.row.code_digits
  let at = 0
  for (const [index, row] of rows.entries()) {
    const { count } = plan.runs[index]!
    const { first_serial, first_index, sealed } = row
    const pack = sealedPack<'operator'>(
      {
        ...{ firstSerial: serialFromNumber(Number(first_serial)), firstIndex: Number(first_index) },
        ...{ count: row.count, sealed },
      },
      digits,
    )
    const opened = openPack(lot.contentKey, lot.binding, pack, { place: row.offset, count }, digits)
    target.set(opened, at)
    opened.fill(0)
    at += opened.length
  }
}

function messageOf(needs: VaultNeeds, plan: DeliveryPlan, lot: OpenLot, auditHead: AuditHead) {
  return {
    id: plan.id,
    issuedAt: plan.issuedAt,
    sender: needs.party,
    receiver: plan.partner,
    auditHead,
    orderId: plan.orderId,
    orderLineNo: plan.orderLineNo,
    part: plan.part,
    parts: plan.parts,
    product: lot.row.product,
    lot: lot.row.id,
    expiresOn: lot.row.expires_on,
    ...(plan.activatedOn === null ? {} : { activatedOn: plan.activatedOn }),
    unitPrice: plan.unitPrice,
    codeDigits: lot.row.code_digits,
    runs: plan.runs.map(({ firstSerial, count }) => ({ firstSerial, count })),
  }
}
