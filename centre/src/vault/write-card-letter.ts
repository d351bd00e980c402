// Step 8 of the way of a code, in the vault: the safe key of a terminal's epoch is made here, kept closed for this
// vault, and given out only closed for the registered cards of the terminal's shop.

import { wrapForHolder } from '@scratchless/keys/holder-key'
import { inTransaction, type Sql } from '@scratchless/office/database/database'
import { randomBytes } from '@scratchless/voucher/random'
import { readFrame } from '@scratchless/wire/compact/frame'
import { SAFE_KEY_BYTES } from '@scratchless/wire/seal/code-box'
import { cardLetterMessage, wrapForCard } from '@scratchless/wire/supply/card-letter'
import { cardLetterRequestMessage } from '@scratchless/wire/supply/card-letter-request'
import { signerOfNumber } from './centre-signers.ts'
import {
  insertSafeKey,
  lockTerminals,
  readCards,
  readNewestSafeKeys,
  type SafeKeyRow,
  type TerminalRow,
} from './ring.sql.ts'
import { assertOwnSafeKey, cardKeyOf, macSafeKey, safeKeyOf, terminalVerifier } from './ring.ts'
import type { VaultNeeds } from './vault-needs.ts'
import type { VaultVerbs } from './verbs.ts'

const DAY_MS = 86_400_000
/** The wire's bound on recipients. */
const MAX_CARDS = 16

export async function writeCardLetter(
  needs: VaultNeeds,
  { terminal, sequence, frame: bytes, standing }: Parameters<VaultVerbs['writeCardLetter']>[0],
): ReturnType<VaultVerbs['writeCardLetter']> {
  const frame = readFrame(bytes)
  return inTransaction(needs.pool, async (sql) => {
    const [row] = await lockTerminals(sql, [terminal])
    const verifier = row && terminalVerifier(needs, row)
    if (!row || !verifier || !frame) return 'request-not-verified'
    const verified = cardLetterRequestMessage.verify(frame, verifier, { terminal, sequence, answering: null })
    if (verified === 'unacceptable') return 'request-not-verified'
    const cards = (await readCards(sql, row.retailer_id)).slice(0, MAX_CARDS)
    if (cards.length === 0) return 'no-card'

    const current = await currentSafeKey(needs, sql, row)
    const safeKey = safeKeyOf(needs, current)
    const epochEndsS = Math.floor(current.ends_at.getTime() / 1000)
    const letter = cardLetterMessage.sign(
      {
        standing,
        number: standing.letter,
        epoch: current.epoch,
        epochEndsS,
        recipients: cards.map((card) =>
          // SoftHSM and the cards we know unwrap with SHA-1 only.
          wrapForCard(
            safeKey,
            card.id,
            cardKeyOf(needs.keys, card),
            card.class === 'file' ? 'sha256' : 'sha1',
          ),
        ),
      },
      signerOfNumber(needs, row.centre_certificate),
      { terminal, sequence, answering: verified.payloadHash },
    )
    return { frame: letter.frame, epoch: current.epoch, epochEndsS }
  })
}

/** The safe key of the epoch that runs now, made where the last one has ended. The terminal's row is locked. */
async function currentSafeKey(
  needs: VaultNeeds,
  sql: Sql,
  { id: terminal, depot_id: depot }: Pick<TerminalRow, 'id' | 'depot_id'>,
): Promise<SafeKeyRow> {
  const nowMs = needs.clock.nowMs()
  const [newest] = await readNewestSafeKeys(sql, depot, [terminal])
  if (newest !== undefined) assertOwnSafeKey(needs.keys, newest)
  if (newest !== undefined && newest.ends_at.getTime() > nowMs) return newest
  const bytes = randomBytes(needs.random, SAFE_KEY_BYTES)
  const made = {
    depot_id: depot,
    terminal_id: terminal,
    epoch: (newest?.epoch ?? 0) + 1,
    ends_at: new Date(nowMs + needs.epochDays * DAY_MS),
    wrapped_key: wrapForHolder(needs.keys.stock, bytes),
  }
  bytes.fill(0)
  const row = { ...made, mac: macSafeKey(needs.keys, made) }
  await insertSafeKey(sql, row)
  return row
}
