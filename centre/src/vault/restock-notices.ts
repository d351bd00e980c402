// The vault's part in an operator's notices: it opens them, and signs what is said to them.

import { readHead } from '@scratchless/office/audit-chain/audit-chain.sql'
import { nowIso } from '@scratchless/voucher/clock'
import { newMessageId } from '@scratchless/voucher/random'
import { answerNotice } from '@scratchless/wire/restock/answer-notice'
import type { NoticeName } from '@scratchless/wire/restock/notice-receipt'
import { openNotice } from '@scratchless/wire/restock/open-notice'
import { verifyRestockNotUnderstood } from '@scratchless/wire/restock/restock-not-understood'
import { keepPartnerHead } from './keep-partner-head.ts'
import { signingFor, verifyingFor } from './restock-orders.ts'
import type { VaultNeeds } from './vault-needs.ts'
import type { VaultVerbs } from './verbs.ts'

/** What an operator may tell a centre. */
const TAKEN: readonly NoticeName[] = ['RestockOrderUpdate', 'LotActivation', 'PartnerNextKey', 'RangeNotice']

export async function openRestockNotice(
  needs: VaultNeeds,
  { operator, bytes }: Parameters<VaultVerbs['openRestockNotice']>[0],
): ReturnType<VaultVerbs['openRestockNotice']> {
  const opened = await openNotice(bytes, verifyingFor(needs, operator), TAKEN)
  if (!('content' in opened)) return opened
  const { auditHead } = opened.content
  return { ...opened, contradictingHead: await keepPartnerHead(needs, needs.pool, operator, auditHead) }
}

export async function answerRestockNotice(
  needs: VaultNeeds,
  { operator, bytes, verdict }: Parameters<VaultVerbs['answerRestockNotice']>[0],
): ReturnType<VaultVerbs['answerRestockNotice']> {
  return answerNotice(bytes, verdict, {
    verifying: verifyingFor(needs, operator),
    signing: signingFor(needs, operator),
    taken: TAKEN,
    id: newMessageId(needs.random),
    issuedAt: nowIso(needs.clock),
    auditHead: await readHead(needs.books),
  })
}

/** Opens an operator's answer that it does not understand a message of ours. */
export async function openNotUnderstood(
  needs: VaultNeeds,
  { operator, bytes }: Parameters<VaultVerbs['openNotUnderstood']>[0],
): ReturnType<VaultVerbs['openNotUnderstood']> {
  const verified = await verifyRestockNotUnderstood(bytes, verifyingFor(needs, operator))
  if ('refusal' in verified) return verified
  const { content } = verified
  const contradictingHead = await keepPartnerHead(needs, needs.pool, operator, content.auditHead)
  return { ...content, contradictingHead }
}
