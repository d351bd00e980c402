// Step 5 of the way of a code, in the vault: a delivery part is verified, opened, checked and closed for the centre,
// whole or not at all. A part that was answered before gets the same receipt.

import { readHead } from '@scratchless/office/audit-chain/audit-chain.sql'
import { inTransaction, type Sql, type SqlClient } from '@scratchless/office/database/database'
import { openPack, type SealedPack, sealedPack } from '@scratchless/office/vault/closing'
import { shortFingerprint } from '@scratchless/office/vault/fingerprint'
import { readLotRecord } from '@scratchless/office/vault/lot-record'
import { nowIso } from '@scratchless/voucher/clock'
import { type DepotId, lotId, type OperatorId } from '@scratchless/voucher/ids'
import { productId } from '@scratchless/voucher/product'
import { newMessageId } from '@scratchless/voucher/random'
import { type SerialNumber, serialAt, serialFromNumber } from '@scratchless/voucher/serial'
import {
  type DeliveryRefusal,
  type RestockReceipt,
  signRestockReceipt,
} from '@scratchless/wire/restock/restock-receipt'
import { keepPartnerHead } from './keep-partner-head.ts'
import {
  addReceived,
  anySerialKnown,
  copyFingerprints,
  findDelivery,
  findSameFingerprints,
  findShortFingerprints,
  forgetEnded,
  insertDelivery,
  insertLotRecord,
  insertPacks,
  lockOperatorStock,
  type MatchingCode,
  readMatchingCodes,
  readOrderLines,
  readProductsOf,
} from './restock.sql.ts'
import type { OpenedPart } from './restock-jobs.ts'
import { priceText, signingFor } from './restock-orders.ts'
import type { VaultNeeds } from './vault-needs.ts'
import type { TakenDelivery, VaultVerbs } from './verbs.ts'

type Part = Extract<OpenedPart, { content: unknown }>
/** What is kept of it, and the same at every repeat. */
type Answered = Omit<TakenDelivery, 'contradictingHead'>
type Verdict =
  | { reason: DeliveryRefusal; duplicates: readonly SerialNumber[] }
  /** Taken, into the depot that it was ordered for. */
  | { reason: null; duplicates: readonly SerialNumber[]; depot: DepotId }

export async function takeRestockDelivery(
  needs: VaultNeeds,
  { operator, bytes }: { operator: OperatorId; bytes: Uint8Array },
): ReturnType<VaultVerbs['takeRestockDelivery']> {
  const products = await readProductsOf(needs.pool, operator)
  const luhnProducts = products.filter((one) => one.check_digit === 'luhn').map(({ id }) => id)
  const opened = await needs.restockWorker.run('open', { operator, bytes, luhnProducts })
  if ('refusal' in opened) return opened

  return inTransaction(needs.pool, async (sql) => {
    await lockOperatorStock(sql, operator)
    const { id, auditHead } = opened.content
    const contradictingHead = await keepPartnerHead(needs, sql, operator, auditHead)
    const known = await findDelivery(sql, operator, id)
    if (known !== undefined) {
      if (!known.payload_hash.equals(opened.payloadHash))
        // Not stored: the first answer stays, and this is an alarm for people.
        return {
          ...(await answerWith(needs, opened, { reason: 'duplicate-content', duplicates: [] })),
          contradictingHead,
        }
      const taken = JSON.parse(known.taken) as Omit<Answered, 'receipt' | 'payloadHash'>
      return { ...taken, payloadHash: known.payload_hash, receipt: known.receipt, contradictingHead }
    }
    const digits = new Map(products.map((one) => [one.id, one.code_digits]))
    const verdict = await judge(needs, sql, operator, opened, digits.get(opened.content.product))
    if (verdict === 'order-unanswered') return { refusal: verdict }
    if (verdict.reason === null) {
      await store(sql, { depot: verdict.depot, operator }, opened)
      await forgetSome(needs, sql, operator)
    }
    const answered = await answerWith(needs, opened, verdict)
    const { receipt, payloadHash, ...taken } = answered
    await insertDelivery(sql, { operator, id, payloadHash, taken: JSON.stringify(taken), receipt })
    return { ...answered, contradictingHead }
  })
}

/** The first reason that holds, in the order of the receipt's list. */
async function judge(
  needs: VaultNeeds,
  sql: Sql,
  operator: OperatorId,
  part: Part,
  codeDigits: number | undefined,
): Promise<Verdict | 'order-unanswered'> {
  const { content, packs, malformed, repeated } = part
  const no = (reason: DeliveryRefusal, duplicates: readonly SerialNumber[] = []) => ({ reason, duplicates })
  const lines = await readOrderLines(sql, content.orderId, operator)
  if (lines.length === 0) return no('unknown-order')
  const line = lines.find((one) => one.line_no === content.orderLineNo)
  if (line === undefined) return no('unknown-order-line')
  // The operator's answer and its first part may overtake each other: it is asked to come again.
  if (line.accepted === null) return 'order-unanswered'
  if (line.product_id !== content.product) return no('product-differs')
  if (line.unit_price !== priceText(content.unitPrice)) return no('price-differs')
  if (codeDigits !== content.codeDigits) return no('code-length-differs')
  const codes = packs.reduce((sum, { count }) => sum + count, 0)
  if (line.received + codes > line.accepted) return no('more-than-accepted')
  if (content.expiresOn < nowIso(needs.clock).slice(0, 10)) return no('expired')
  if (await anySerialKnown(sql, operator, packs)) return no('serial-known')
  if (malformed) return no('code-malformed')
  const matches = await findMatchingCodes(sql, operator, part)
  const known = settleMatches(needs, operator, part, matches)
  const duplicates = [...new Set([...repeated, ...known])].sort()
  if (duplicates.length > 0) return no('code-known', duplicates)
  return { reason: null, duplicates: [], depot: line.depot_id }
}

async function findMatchingCodes(sql: Sql, operator: OperatorId, part: Part): Promise<MatchingCode[]> {
  const { fingerprints } = part
  const short = () => Int32Array.from(fingerprints, shortFingerprint)
  const matches = [
    ...placesOf(fingerprints, await findSameFingerprints(sql, part.fingerprintText)),
    ...placesOf(short, await findShortFingerprints(sql, short)),
  ]
  return matches.length === 0 ? [] : readMatchingCodes(sql, operator, matches)
}

/** Which of the new codes have a fingerprint that was found: two of the part's own may share it, too. */
function placesOf(
  ofNew: Float64Array | (() => Int32Array),
  found: readonly { fingerprint: number; serial: bigint }[],
): { index: number; serial: bigint }[] {
  if (found.length === 0) return []
  const fingerprints = typeof ofNew === 'function' ? ofNew() : ofNew
  const matches: { index: number; serial: bigint }[] = []
  for (const { fingerprint, serial } of found) {
    let index = fingerprints.indexOf(fingerprint)
    for (; index >= 0; index = fingerprints.indexOf(fingerprint, index + 1)) matches.push({ index, serial })
  }
  return matches
}

/** Serials of the new codes that are here already: two codes may share a fingerprint, so both are opened. */
function settleMatches(
  needs: VaultNeeds,
  operator: OperatorId,
  { content, packs, record }: Part,
  matches: readonly MatchingCode[],
): SerialNumber[] {
  if (matches.length === 0) return []
  const keys = { holder: needs.keys.stock, macKey: needs.keys.macKey }
  const newKey = readLotRecord(record, keys)
  if (typeof newKey === 'string') throw new Error(`the record just made is ${newKey}`)
  return matches.flatMap((match) => {
    const binding = {
      ...record.binding,
      product: productId(match.product_id),
      lot: lotId(match.lot_id),
      operator,
    }
    const knownKey = needs.cache.get(`record ${match.record_id}`, () =>
      readLotRecord(
        {
          recordId: match.record_id,
          binding,
          codeDigits: match.code_digits,
          wrappedKey: match.wrapped_key,
          mac: match.mac,
        },
        keys,
      ),
    )
    if (typeof knownKey === 'string') throw new Error(`lot record ${match.record_id} is ${knownKey}`)
    const known = sealedPack<'centre'>(
      {
        firstSerial: serialFromNumber(Number(match.first_serial)),
        firstIndex: Number(match.first_index),
        ...{ count: match.count, sealed: match.sealed },
      },
      match.code_digits,
    )
    const old = openPack(knownKey, binding, known, { place: match.place, count: 1 }, match.code_digits)
    const { pack, place } = packAt(packs, match.index)
    const serial = serialAt(pack.firstSerial, place)
    const fresh = openPack(newKey, record.binding, pack, { place, count: 1 }, content.codeDigits)
    const same = match.code_digits === content.codeDigits && old.equals(fresh)
    old.fill(0)
    fresh.fill(0)
    return same ? [serial] : []
  })
}

function packAt(packs: Part['packs'], index: number): { pack: SealedPack<'centre'>; place: number } {
  let before = 0
  for (const pack of packs) {
    if (index < before + pack.count) return { pack, place: index - before }
    before += pack.count
  }
  throw new RangeError('the packs end before this code')
}

async function store(
  sql: SqlClient,
  of: { readonly depot: DepotId; readonly operator: OperatorId },
  part: Part,
): Promise<void> {
  const { content, packs, record, fingerprints } = part
  await insertLotRecord(sql, record, content.expiresOn)
  await insertPacks(sql, of, record.recordId, packs)
  await copyFingerprints(sql, part.fingerprintRows)
  await addReceived(sql, content.orderId, content.orderLineNo, fingerprints.length)
}

/** How long after its last day a lot's codes are still known here: the network may take them as long as its clock is behind. */
const KNOWN_DAYS = 30
const DAY_MS = 24 * 3_600_000
/** Twice of what a part brings: the number of fingerprints follows the codes that live. */
const FORGOTTEN_AT_ONCE = 2

async function forgetSome({ clock }: VaultNeeds, sql: Sql, operator: OperatorId): Promise<void> {
  const at = new Date(clock.nowMs())
  const before = new Date(at.getTime() - KNOWN_DAYS * DAY_MS).toISOString().slice(0, 10)
  await forgetEnded(sql, operator, { before, at, most: FORGOTTEN_AT_ONCE })
}

async function answerWith(needs: VaultNeeds, part: Part, verdict: Verdict): Promise<Answered> {
  const { content, packs, payloadHash } = part
  const { reason, duplicates } = verdict
  const taken = reason === null
  const receipt: RestockReceipt = {
    id: newMessageId(needs.random),
    issuedAt: nowIso(needs.clock),
    sender: needs.centre,
    receiver: content.sender,
    auditHead: await readHead(needs.books),
    deliveryId: content.id,
    orderId: content.orderId,
    verdict: taken ? 'taken' : 'refused',
    ...(reason !== null && { reason }),
    count: taken ? part.fingerprints.length : 0,
    duplicates: duplicates.map((serial) => ({ serial })),
  }
  return {
    id: content.id,
    payloadHash,
    orderId: content.orderId,
    orderLineNo: content.orderLineNo,
    part: content.part,
    parts: content.parts,
    lot: content.lot,
    product: content.product,
    expiresOn: content.expiresOn,
    activatedOn: content.activatedOn ?? null,
    verdict: receipt.verdict,
    reason,
    packs: taken ? packs.map(({ firstSerial, count }) => ({ firstSerial, count })) : [],
    duplicates,
    receipt: await signRestockReceipt(receipt, signingFor(needs, content.sender)),
  }
}
