// The heads of the offices' audit chains as this auditor found them, kept outside the offices: a chain that was cut
// off or written anew since then does not have them in place.

import path from 'node:path'
import type { AuditHead } from '@scratchless/office/audit-chain/audit-chain'
import type { KeptHead } from '@scratchless/office/audit-chain/verify-chain'
import { readKept, writeKept } from '@scratchless/program/kept-file'
import { z } from 'zod'

/** By party, oldest first. */
export type KeptHeads = ReadonlyMap<string, readonly KeptHead[]>

const writtenSchema = z.record(
  z.string(),
  z.array(z.strictObject({ n: z.string().regex(/^\d+$/), hash: z.string().regex(/^[0-9a-f]{64}$/) })),
)
type Written = z.output<typeof writtenSchema>[string][number]

const REMEDY = 'restore it from a copy; removed, what earlier audits found is not looked for any more'

const KEEPER = 'an earlier audit'

/** Each further one proves less than the last: as many as this are kept of a party. */
const MOST_KEPT = 100

const fileOf = (dataDir: string) => path.join(dataDir, 'audit-heads.json')

export function readKeptHeads(dataDir: string): KeptHeads {
  const written = readKept(fileOf(dataDir), writtenSchema, REMEDY) ?? {}
  return new Map(
    Object.entries(written).map(([party, heads]) => [
      party,
      heads.map(({ n, hash }) => ({ n: BigInt(n), hash: Buffer.from(hash, 'hex'), keptBy: KEEPER })),
    ]),
  )
}

/** Adds what was found this time. The file is replaced whole, so that a cut leaves the old one. */
export function keepHeads(dataDir: string, kept: KeptHeads, found: ReadonlyMap<string, AuditHead>): void {
  const written: Record<string, Written[]> = {}
  for (const [party, head] of found) {
    const before: readonly AuditHead[] = kept.get(party) ?? []
    const heads = before.at(-1)?.n === head.n ? before : [...before, head]
    written[party] = heads
      .slice(-MOST_KEPT)
      .map(({ n, hash }) => ({ n: String(n), hash: hash.toString('hex') }))
  }
  writeKept(fileOf(dataDir), written)
}
