import type { CardId } from '@scratchless/voucher/ids'
import type { Store } from '../store/connect-store.ts'

/** A later letter of the same epoch replaces the earlier one. */
export function putCardLetter(store: Store, epoch: number, card: CardId, recipient: Uint8Array): void {
  store
    .statement(
      `INSERT INTO card_letter (epoch, card, recipient) VALUES (?, ?, ?)
       ON CONFLICT (epoch, card) DO UPDATE SET recipient = excluded.recipient`,
    )
    .run(epoch, card, recipient)
}

/** Of every epoch: no other card opens anything here any more. */
export function keepLettersOf(store: Store, cards: readonly CardId[]): void {
  store
    .statement('DELETE FROM card_letter WHERE card NOT IN (SELECT value FROM json_each(?))')
    .run(JSON.stringify(cards))
}

/** The safe key of an epoch as closed for a card: what its process unwraps. */
export function cardLetterFor(store: Store, epoch: number, card: CardId): Uint8Array | undefined {
  const row = store
    .statement('SELECT recipient FROM card_letter WHERE epoch = ? AND card = ?')
    .get(epoch, card)
  return row?.recipient as Uint8Array | undefined
}

/** 0 where there is none. */
export function newestLetterEpoch(store: Store): number {
  const row = store.statement('SELECT coalesce(max(epoch), 0) AS epoch FROM card_letter').get()!
  return row.epoch as number
}

/** The newest epoch under which codes that are good on `today` lie here and for which this card has no letter. */
export function epochLackingLetter(store: Store, card: CardId, today: string): number | undefined {
  const row = store
    .statement(
      `SELECT max(epoch) AS epoch FROM safe_run
        WHERE next_index < count AND expires_on >= ?2
          AND NOT EXISTS (SELECT 1 FROM card_letter AS l WHERE l.epoch = safe_run.epoch AND l.card = ?1)`,
    )
    .get(card, today)!
  return (row.epoch as number | null) ?? undefined
}
