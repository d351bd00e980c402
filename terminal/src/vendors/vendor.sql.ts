import { type CardId, cardId } from '@scratchless/voucher/ids'
import type { Store } from '../store/connect-store.ts'

interface StoredVendor {
  readonly id: string
  readonly passwordHash: string
  /** Null for the owner. */
  readonly card: CardId | null
}

/** The owner is `owner`; a vendor's second registration replaces the first. */
export function putVendor(store: Store, { id, passwordHash, card }: StoredVendor): void {
  store
    .statement(
      `INSERT INTO vendor (id, password_hash, card) VALUES (?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET password_hash = excluded.password_hash, card = excluded.card`,
    )
    .run(id, passwordHash, card)
}

export function vendorOf(store: Store, id: string): StoredVendor | undefined {
  const row = store.statement('SELECT * FROM vendor WHERE id = ?').get(id)
  return (
    row && {
      id,
      passwordHash: row.password_hash as string,
      card: row.card === null ? null : cardId(row.card as string),
    }
  )
}

export function vendorIds(store: Store): string[] {
  return store
    .statement(`SELECT id FROM vendor WHERE id <> 'owner' ORDER BY id`)
    .all()
    .map((row) => row.id as string)
}
