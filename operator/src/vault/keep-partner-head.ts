import { keepHead } from '@scratchless/office/audit-chain/keep-head'
import type { Sql } from '@scratchless/office/database/database'
import type { CentreId } from '@scratchless/voucher/ids'
import type { AuditHeadField } from '@scratchless/wire/restock/audit-head-field'
import type { VaultNeeds } from './vault-needs.ts'

/** Keeps the head that a verified message of a centre brought; the log says where it contradicts an earlier one. */
export async function keepPartnerHead(
  { clock, log }: Pick<VaultNeeds, 'clock' | 'log'>,
  sql: Sql,
  partner: CentreId,
  { n, hash }: AuditHeadField,
): Promise<void> {
  const head = { party: partner, n, hash, keptAt: new Date(clock.nowMs()) }
  if ((await keepHead(sql, head)) === 'contradicts')
    log.error({ partner, n: String(n) }, 'a head of an audit chain contradicts the one that was kept before')
}
