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

export function dropCardLetters(store: Store, epoch: number): void {
  store.statement('DELETE FROM card_letter WHERE epoch = ?').run(epoch)
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
