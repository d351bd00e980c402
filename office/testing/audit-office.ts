// An office's audit as `npm run audit` runs it, by the auditor's own role.

import {
  type AuditCheck,
  type AuditLine,
  type AuditorUrls,
  inSnapshots,
  runChecks,
} from '../audit/run-checks.ts'
import type { KeptHead } from '../audit-chain/verify-chain.ts'

/** `urls`: the addresses with the auditor's role. `keptHeads`: chain heads that other parties kept of us. */
export function auditOffice(
  urls: AuditorUrls,
  checks: readonly AuditCheck[],
  keptHeads: readonly KeptHead[] = [],
): Promise<AuditLine[]> {
  return inSnapshots(urls, (office) => runChecks(office, checks, keptHeads))
}
