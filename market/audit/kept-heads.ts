// The heads of the offices' audit chains as this auditor found them, kept outside the offices: a chain that was cut
// off or written anew since then does not have them in place.

import fs from 'node:fs'
import path from 'node:path'
import type { AuditHead, KeptHead } from '@scratchless/office/audit-chain/audit-chain'

/** By party, oldest first. */
export type KeptHeads = ReadonlyMap<string, readonly KeptHead[]>

interface Written {
  readonly n: string
  readonly hash: string
}

const KEEPER = 'an earlier audit'

/** Each further one proves less than the last: as many as this are kept of a party. */
const MOST_KEPT = 100

const fileOf = (dataDir: string) => path.join(dataDir, 'audit-heads.json')

export function readKeptHeads(dataDir: string): KeptHeads {
  if (!fs.existsSync(fileOf(dataDir))) return new Map()
  const written = JSON.parse(fs.readFileSync(fileOf(dataDir), 'utf8')) as Record<string, Written[]>
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
  fs.writeFileSync(`${fileOf(dataDir)}.new`, `${JSON.stringify(written, null, 2)}\n`, { mode: 0o600 })
  fs.renameSync(`${fileOf(dataDir)}.new`, fileOf(dataDir))
}
