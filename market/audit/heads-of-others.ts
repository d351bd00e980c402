// The heads of the offices' audit chains that the other parties kept: operators and terminals those of the centre, the
// centre those of the operators.

import type { AuditedOffice } from '@scratchless/office/audit/run-checks'
import { readKeptHeads } from '@scratchless/office/audit-chain/kept-head.sql'
import type { KeptHead } from '@scratchless/office/audit-chain/verify-chain'
import { connectStoreForReading } from '@scratchless/terminal/store/connect-store'
import { readKeptHeads as readTerminalHeads } from '@scratchless/terminal/supply/kept-head.sql'
import type { Office, PartiesFound } from './find-parties.ts'

/** By the party whose chain they are of. */
export type HeadsOfOthers = ReadonlyMap<string, readonly KeptHead[]>

/**
 * To be read before the chains: whatever was kept by now stood in its chain by then, and must stand there later.
 * `read` opens one office's books.
 */
export async function readHeadsOfOthers(
  { terminals, centre, operators }: PartiesFound,
  read: <Result>(office: Office, work: (office: AuditedOffice) => Promise<Result>) => Promise<Result>,
): Promise<HeadsOfOthers> {
  const atTerminals = terminals.flatMap(({ name, storeFile }) =>
    headsAtTerminal(storeFile).map((head) => ({ ...head, party: centre.party, keptBy: name })),
  )
  const atOffices = []
  for (const office of [centre, ...operators])
    for (const head of await read(office, ({ vaultBefore }) => readKeptHeads(vaultBefore)))
      atOffices.push({ ...head, keptBy: office.party })
  return Map.groupBy([...atTerminals, ...atOffices], ({ party }) => party)
}

function headsAtTerminal(storeFile: string) {
  const store = connectStoreForReading(storeFile)
  try {
    return readTerminalHeads(store)
  } finally {
    store.close()
  }
}
