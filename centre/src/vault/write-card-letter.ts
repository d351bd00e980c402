// Step 8 of the way of a code, in the vault: the safe key of a terminal's epoch is made here, kept closed for this
// vault, and given out only closed for the registered cards of the terminal's shop. A card that came later is given the
// earlier epochs, too: codes closed under them may still lie in the terminal.

import { wrapForHolder } from '@scratchless/keys/holder-key'
import { inTransaction, type Sql } from '@scratchless/office/database/database'
import { randomBytes } from '@scratchless/voucher/random'
import { readFrame } from '@scratchless/wire/compact/frame'
import { SAFE_KEY_BYTES } from '@scratchless/wire/seal/code-box'
import { cardLetterMessage, wrapForCard } from '@scratchless/wire/supply/card-letter'
import { cardLetterRequestMessage } from '@scratchless/wire/supply/card-letter-request'
import { MAX_CARDS } from '@scratchless/wire/supply/line-fields'
import { signerOfNumber } from './centre-signers.ts'
import {
  insertSafeKey,
  lockTerminals,
  readCards,
  readNewestSafeKeys,
  readSafeKey,
  type SafeKeyRow,
  type TerminalRow,
} from './ring.sql.ts'
import { assertOwnSafeKey, cardKeyOf, macSafeKey, safeKeyOf, terminalVerifier } from './ring.ts'
import type { VaultNeeds } from './vault-needs.ts'
import type { VaultVerbs } from './verbs.ts'

const DAY_MS = 86_400_000

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
    const wanted = verified.content
    const ofShop = await readCards(sql, row.retailer_id)
    const cards = ofShop
      .filter(({ id }) => wanted.cards.length === 0 || wanted.cards.includes(id))
      .slice(0, MAX_CARDS)
    if (cards.length === 0) return 'no-card'

    const found =
      wanted.epoch === 0
        ? await currentSafeKey(needs, sql, row)
        : await readSafeKey(sql, row.depot_id, terminal, wanted.epoch)
    if (found === undefined) return 'unknown-epoch'
    const safeKey = safeKeyOf(needs, found)
    const epochEndsS = Math.floor(found.ends_at.getTime() / 1000)
    const letter = cardLetterMessage.sign(
      {
        standing,
        number: standing.letter,
        epoch: found.epoch,
        epochEndsS,
        otherCards: ofShop.length - cards.length,
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
    const namesAll = cards.length === ofShop.length || cards.length === MAX_CARDS
    return { frame: letter.frame, epoch: found.epoch, epochEndsS, isNewest: wanted.epoch === 0 && namesAll }
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
