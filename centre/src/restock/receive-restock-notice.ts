// What an operator posts that is no delivery of an agreed level: a notice, or a message that only a higher level reads.
// It is verified, answered signed, and the answer is stored before its first byte is sent. An activation is done here;
// nothing acts on the other notices yet, and they are refused.

import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import { inTransaction, type SqlClient } from '@scratchless/office/database/database'
import { storeAnswer, takeMessage } from '@scratchless/office/inbox/take-message'
import type { OperatorId } from '@scratchless/voucher/ids'
import { type NoticeVerdict, noticeKey } from '@scratchless/wire/restock/answer-notice'
import { raiseAlarm } from '../alarms.sql.ts'
import type { CentreNeeds } from '../needs.ts'
import { alarmOfHead } from './contradicting-head.ts'
import { receiveLotActivation } from './receive-lot-activation.ts'

const NOT_OFFERED: NoticeVerdict = { verdict: 'refused', reason: 'not-offered', ranges: [] }
const ALTERED: NoticeVerdict = { verdict: 'refused', reason: 'duplicate-content', ranges: [] }
const TAKEN: NoticeVerdict = { verdict: 'taken', ranges: [] }

/** The bytes of the signed answer, or null where the message is none of the operator's. */
export async function receiveRestockNotice(
  needs: CentreNeeds,
  operator: OperatorId,
  bytes: Uint8Array,
): Promise<Uint8Array | null> {
  const { pool, vault } = needs
  const opened = await vault.openRestockNotice({ operator, bytes })
  const at = new Date(needs.clock.nowMs())
  if ('refusal' in opened) {
    const { refusal } = opened
    needs.log.warn({ operator, refusal }, 'a restock message does not open')
    await raiseAlarm(pool, {
      ...{ at, kind: 'restock-message-invalid', subject: operator },
      details: { refusal },
    })
    return null
  }
  if ('contradictingHead' in opened) await alarmOfHead(needs, operator, opened.contradictingHead)
  const { kind, id } = noticeKey(opened)
  const answer = async (verdict: NoticeVerdict) => {
    const signed = await vault.answerRestockNotice({ operator, bytes, verdict })
    if ('refusal' in signed) throw new Error(`the vault signs no answer: ${signed.refusal}`)
    return signed
  }
  return inTransaction(pool, async (sql: SqlClient) => {
    const key = { sender: operator, kind, id }
    const known = await takeMessage(sql, { ...key, payloadHash: opened.payloadHash, takenAt: at })
    if (typeof known === 'object') return known.answer
    if (known === 'in-progress') throw new Error(`notice ${id} was taken without an answer`)
    if (known === 'altered') {
      await raiseAlarm(sql, { at, kind: 'restock-message-altered', subject: id })
      return answer(ALTERED)
    }
    let verdict = NOT_OFFERED
    if (opened.notice === 'LotActivation') {
      await receiveLotActivation(sql, operator, opened.content, at)
      verdict = TAKEN
    } else {
      const refused =
        opened.notice === 'not-understood' ? 'restock-message-not-understood' : 'restock-notice-refused'
      await raiseAlarm(sql, { at, kind: refused, subject: id, details: { operator, kind } })
      await appendAudit(sql, { at, actor: operator, action: refused, subject: id, details: { kind } })
    }
    const signed = await answer(verdict)
    await storeAnswer(sql, key, signed, at)
    return signed
  })
}
