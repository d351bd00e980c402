// The vault's part in notices: it opens a centre's and signs what is said to them, signs the operator's own, and opens
// what a centre says to these.

import { readHead } from '@scratchless/office/audit-chain/audit-chain.sql'
import { nowIso } from '@scratchless/voucher/clock'
import { newMessageId } from '@scratchless/voucher/random'
import { answerNotice } from '@scratchless/wire/restock/answer-notice'
import { signLotActivation as signMessage } from '@scratchless/wire/restock/lot-activation'
import {
  type NoticeName,
  verifyNoticeReceipt as verifyMessage,
} from '@scratchless/wire/restock/notice-receipt'
import { openNotice } from '@scratchless/wire/restock/open-notice'
import { verifyRestockNotUnderstood } from '@scratchless/wire/restock/restock-not-understood'
import { keepPartnerHead } from './keep-partner-head.ts'
import { findSealedLot } from './sealed-stock.sql.ts'
import { closingFor, type VaultNeeds, verifyingFor } from './vault-needs.ts'
import type { VaultVerbs } from './verbs.ts'

/** What a centre may tell an operator. */
const TAKEN: readonly NoticeName[] = ['PartnerNextKey', 'RangeNotice']

export async function openRestockNotice(
  needs: VaultNeeds,
  { partner, bytes }: Parameters<VaultVerbs['openRestockNotice']>[0],
): ReturnType<VaultVerbs['openRestockNotice']> {
  const verifying = verifyingFor(needs, partner)
  if (verifying === null) return { refusal: 'unknown-partner' }
  const opened = await openNotice(bytes, verifying, TAKEN)
  if ('content' in opened) await keepPartnerHead(needs, needs.pool, partner, opened.content.auditHead)
  return opened
}

export async function answerRestockNotice(
  needs: VaultNeeds,
  { partner, bytes, verdict }: Parameters<VaultVerbs['answerRestockNotice']>[0],
): ReturnType<VaultVerbs['answerRestockNotice']> {
  const verifying = verifyingFor(needs, partner)
  const signing = closingFor(needs, partner)
  if (verifying === null || signing === null) return { refusal: 'unknown-partner' }
  return answerNotice(bytes, verdict, {
    verifying,
    signing,
    taken: TAKEN,
    id: newMessageId(needs.random),
    issuedAt: nowIso(needs.clock),
    auditHead: await readHead(needs.books),
  })
}

/** Signs that codes of a lot that this vault sealed are activated. */
export async function signLotActivation(
  needs: VaultNeeds,
  { partner, ...activation }: Parameters<VaultVerbs['signLotActivation']>[0],
): ReturnType<VaultVerbs['signLotActivation']> {
  const closing = closingFor(needs, partner)
  if (closing === null) return { refusal: 'unknown-partner' }
  if ((await findSealedLot(needs.pool, activation.lot)) === undefined) return { refusal: 'unknown-lot' }
  const auditHead = await readHead(needs.books)
  return signMessage({ ...activation, sender: needs.party, receiver: partner, auditHead }, closing)
}

export async function verifyNoticeReceipt(
  needs: VaultNeeds,
  { partner, bytes }: Parameters<VaultVerbs['verifyNoticeReceipt']>[0],
): ReturnType<VaultVerbs['verifyNoticeReceipt']> {
  const verifying = verifyingFor(needs, partner)
  if (verifying === null) return { refusal: 'unknown-partner' }
  const verified = await verifyMessage(bytes, verifying)
  if ('refusal' in verified) return verified
  await keepPartnerHead(needs, needs.pool, partner, verified.content.auditHead)
  return verified.content
}

/** Opens a centre's answer that it does not understand a message of ours. */
export async function openNotUnderstood(
  needs: VaultNeeds,
  { partner, bytes }: Parameters<VaultVerbs['openNotUnderstood']>[0],
): ReturnType<VaultVerbs['openNotUnderstood']> {
  const verifying = verifyingFor(needs, partner)
  if (verifying === null) return { refusal: 'unknown-partner' }
  const verified = await verifyRestockNotUnderstood(bytes, verifying)
  if ('refusal' in verified) return verified
  await keepPartnerHead(needs, needs.pool, partner, verified.content.auditHead)
  return verified.content
}
