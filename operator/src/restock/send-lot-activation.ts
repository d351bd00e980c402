// A lot was activated: each centre that has codes of it, or is promised some without their date, is told by a message of
// the outbox, once.

import type { SqlClient } from '@scratchless/office/database/database'
import { saveMessage } from '@scratchless/office/outbox/outbox.sql'
import type { PrivateLine } from '@scratchless/program/private-line'
import type { Clock } from '@scratchless/voucher/clock'
import type { LotId } from '@scratchless/voucher/ids'
import { newMessageId, type Random } from '@scratchless/voucher/random'
import type { VaultVerbs } from '../vault/verbs.ts'
import { findUntoldActivations, insertTold } from './activation-told.sql.ts'

export interface ActivationNeeds {
  readonly vault: PrivateLine<VaultVerbs>
  readonly clock: Clock
  readonly random: Random
}

export const ACTIVATION_KIND = 'lot-activation'

/** Under the lock of the lots' products: what is promised meanwhile would be missed. */
export async function sendLotActivations(
  { vault, clock, random }: ActivationNeeds,
  sql: SqlClient,
  lots: readonly LotId[],
): Promise<void> {
  for (const { activation, partner, ...said } of await findUntoldActivations(sql, lots)) {
    const savedAt = new Date(clock.nowMs())
    const id = newMessageId(random)
    const bytes = await vault.signLotActivation({ id, issuedAt: savedAt.toISOString(), partner, ...said })
    if ('refusal' in bytes) {
      // Who is no partner any more is told nothing.
      if (bytes.refusal === 'unknown-partner') continue
      throw new Error(`the vault signs no activation: ${bytes.refusal}`)
    }
    await insertTold(sql, { activation, partner, id, toldAt: savedAt })
    await saveMessage(sql, { id, partner, kind: ACTIVATION_KIND, bytes, savedAt })
  }
}
