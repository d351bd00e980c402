// What a centre posts that is no order of an agreed level: a notice, or a message that only a higher level reads. It is
// verified, answered signed, and the answer is stored before its first byte is sent.

import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import { inTransaction, type Pool } from '@scratchless/office/database/database'
import { storeAnswer, takeMessage } from '@scratchless/office/inbox/take-message'
import type { Log } from '@scratchless/program/log'
import type { PrivateLine } from '@scratchless/program/private-line'
import type { Clock } from '@scratchless/voucher/clock'
import type { CentreId } from '@scratchless/voucher/ids'
import { type NoticeVerdict, noticeKey } from '@scratchless/wire/restock/answer-notice'
import type { VaultVerbs } from '../vault/verbs.ts'

interface NoticeNeeds {
  readonly pool: Pool
  readonly vault: PrivateLine<VaultVerbs>
  readonly clock: Clock
  readonly log: Log
}

/** Nothing here acts on a centre's notices yet. */
const NOT_OFFERED: NoticeVerdict = { verdict: 'refused', reason: 'not-offered', ranges: [] }
const ALTERED: NoticeVerdict = { verdict: 'refused', reason: 'duplicate-content', ranges: [] }

/** The bytes of the signed answer, or null where the message is none of the partner's. */
export async function receiveRestockNotice(
  needs: NoticeNeeds,
  partner: CentreId,
  bytes: Uint8Array,
): Promise<Uint8Array | null> {
  const { pool, vault, log } = needs
  const opened = await vault.openRestockNotice({ partner, bytes })
  if ('refusal' in opened) {
    log.warn({ partner, refusal: opened.refusal }, 'a restock message did not open')
    return null
  }
  const { kind, id } = noticeKey(opened)
  const answer = async (verdict: NoticeVerdict) => {
    const signed = await vault.answerRestockNotice({ partner, bytes, verdict })
    if ('refusal' in signed) throw new Error(`the vault signs no answer: ${signed.refusal}`)
    return signed
  }
  return inTransaction(pool, async (sql) => {
    const at = new Date(needs.clock.nowMs())
    const key = { sender: partner, kind, id }
    const taken = await takeMessage(sql, { ...key, payloadHash: opened.payloadHash, takenAt: at })
    if (typeof taken === 'object') return taken.answer
    if (taken === 'in-progress') throw new Error('a notice was taken and not answered')
    if (taken === 'altered') {
      log.error({ partner, kind, id }, 'a notice came again with another content')
      return answer(ALTERED)
    }
    const signed = await answer(NOT_OFFERED)
    await storeAnswer(sql, key, signed, at)
    const action = opened.notice === 'not-understood' ? 'restock-message-not-understood' : 'notice-refused'
    log.error({ partner, kind, id, action }, 'a partner asks for what is not offered here')
    await appendAudit(sql, { at, actor: partner, action, subject: id, details: { kind } })
    return signed
  })
}
