// Step 7 of the way of a code: a device asks to be certified. The vault judges its MAC and keeps its key; here the
// fingerprint is put before the staff who compare it with the device's screen.

import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import { inTransaction } from '@scratchless/office/database/database'
import { peekKid } from '@scratchless/wire/compact/cose'
import type { Frame } from '@scratchless/wire/compact/frame'
import { UNACCEPTABLE_FRAME } from '@scratchless/wire/supply/envelope'
import { raiseAlarm } from '../alarms.sql.ts'
import type { CentreNeeds } from '../needs.ts'
import { findEnrolment, updateFingerprint } from '../terminals/terminals.sql.ts'
import { standingFor } from './standing.ts'

/** Later than any certificate ends. */
const LATEST_MS = 8_640_000_000_000_000
/** PostgreSQL's int. */
const MAX_NUMBER = 0x7fff_ffff

export async function receiveEnrolmentRequest(
  needs: CentreNeeds,
  frame: Frame,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const number = peekKid(frame.message)?.readUInt32BE() ?? 0
  const enrolment = number > 0 && number <= MAX_NUMBER ? await findEnrolment(needs.pool, number) : undefined
  if (enrolment === undefined) return UNACCEPTABLE_FRAME

  const nothingYet = {
    ...{ retailer_id: enrolment.retailer_id, letter_ends_at: null },
    ...{ letter_number: 0n, letter_wanted: 1n },
    ...{ catalogue_version: 1, settings_version: 1 },
    // It gets a certificate of ours together with its own.
    centre_until: new Date(LATEST_MS),
  }
  const progress = await needs.vault.answerEnrolmentRequest({
    frame: bytes,
    standing: await standingFor(needs, needs.pool, nothingYet),
    retailerName: enrolment.retailer_name,
    lastSequence: Number(enrolment.last_sequence),
  })
  if (progress === 'unacceptable') return UNACCEPTABLE_FRAME
  const at = new Date(needs.clock.nowMs())
  if (progress.state === 'other-device')
    await raiseAlarm(needs.pool, { at, kind: 'enrolment-other-device', subject: enrolment.terminal_id })
  if (progress.state === 'waiting' && enrolment.fingerprint === null) {
    const { fingerprint } = progress
    await inTransaction(needs.pool, async (sql) => {
      await updateFingerprint(sql, number, fingerprint)
      const actor = enrolment.terminal_id
      await appendAudit(sql, {
        at,
        actor,
        action: 'enrolment-asked',
        subject: actor,
        details: { fingerprint },
      })
    })
  }
  return progress.answer
}
