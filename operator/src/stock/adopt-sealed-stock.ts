// The vault seals in its own database, and the books enter what it sealed in theirs: whenever somebody asks for stock,
// and so also after a crash between the two. Who brought it in is written down with it.

import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import { lockCases } from '@scratchless/office/cases/code-case.sql'
import { inTransaction, type Pool, type SqlClient } from '@scratchless/office/database/database'
import type { PrivateLine } from '@scratchless/program/private-line'
import type { SealedLotEntry, VaultVerbs } from '../vault/verbs.ts'
import { holdArrivals } from './held-codes.sql.ts'
import { countLots, insertLots, insertPacks } from './stock.sql.ts'

export interface AdoptNeeds {
  readonly pool: Pool
  readonly vault: Pick<PrivateLine<VaultVerbs>, 'listSealedLots'>
}

export async function adoptSealedStock({ pool, vault }: AdoptNeeds): Promise<void> {
  for (let before = -1; ; ) {
    const known = await countLots(pool)
    const lots = await vault.listSealedLots({ known })
    if (lots.length === 0) return
    if (known === before) throw new Error('the books have a lot that the vault closed after others')
    before = known
    await inTransaction(pool, (sql) => enter(sql, lots))
  }
}

async function enter(sql: SqlClient, lots: readonly SealedLotEntry[]): Promise<void> {
  // Of two that ask at once, one enters them.
  const entered = new Set(await insertLots(sql, lots))
  const fresh = lots.filter(({ lot }) => entered.has(lot))
  // Nobody opens a case meanwhile that would miss these.
  await lockCases(sql, {})
  await insertPacks(sql, fresh)
  await holdArrivals(sql, [...entered])
  for (const { lot, product, codes, source, sealedAt, broughtBy, fileName } of fresh)
    if (broughtBy !== null)
      await appendAudit(sql, {
        at: new Date(sealedAt),
        actor: broughtBy,
        action: source === 'file' ? 'stock-imported' : 'stock-generated',
        subject: lot,
        details: { product, codes, ...(fileName !== null && { file: fileName }) },
      })
}
