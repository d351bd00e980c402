// The whole audit: each party's own books, and then what only several books together can show. Terminals are read
// first, then the centre, then the operators, so that a market may go on working meanwhile. Each office's chain is held
// against the heads that the other parties kept of it, which are read before anything else, and against those of
// earlier audits, which are kept beside the books.

import { setTimeout as sleep } from 'node:timers/promises'
import { centreChecks } from '@scratchless/centre/audit'
import { type AuditedOffice, inSnapshots, runChecks } from '@scratchless/office/audit/run-checks'
import type { AuditHead } from '@scratchless/office/audit-chain/audit-chain'
import { readHead } from '@scratchless/office/audit-chain/audit-chain.sql'
import { operatorChecks } from '@scratchless/operator/audit'
import { auditTerminal } from '@scratchless/terminal/audit'
import { storeTrouble } from '@scratchless/terminal/store/whole-store'
import { connectForAudit } from './connect-for-audit.ts'
import { type AuditLine, crossCheck } from './cross-checks.ts'
import { readCentreFacts, readOperatorFacts } from './facts.sql.ts'
import type { Office } from './find-parties.ts'
import { readHeadsOfOthers } from './heads-of-others.ts'
import { keepHeads, readKeptHeads } from './kept-heads.ts'
import { readTerminalFacts } from './terminal-facts.ts'

/** Where the codes of a terminal whose store is lost can be found out. */
const ITS_CODES = "the centre's /api/terminals/ID/codes lists what was on board"

type OwnLine = Omit<AuditLine, 'name'>

/** One line per invariant and party. Throws one sentence where there is nothing to audit or no way in. */
export async function auditMarket(dataDir: string): Promise<AuditLine[]> {
  for (let tries = 1; ; tries++) {
    try {
      return await auditOnce(dataDir)
    } catch (error) {
      // A server that stopped between two books: they are all read again, by one that is started for it if need be.
      if (tries === MOST_TRIES || !SERVER_GONE.includes((error as { code?: string }).code ?? '')) throw error
      await sleep(AGAIN_AFTER_MS)
    }
  }
}

const MOST_TRIES = 5
const AGAIN_AFTER_MS = 500
/** admin_shutdown, crash_shutdown, cannot_connect_now (PostgreSQL, appendix A), and a closed door. */
const SERVER_GONE = ['57P01', '57P02', '57P03', 'ECONNRESET', 'ECONNREFUSED']

async function auditOnce(dataDir: string): Promise<AuditLine[]> {
  const opened = await connectForAudit(dataDir)
  try {
    const { parties } = opened
    const troubles = new Map(
      parties.terminals.map(({ name, storeFile, madeBefore }) => [name, storeTrouble(storeFile, madeBefore)]),
    )
    const readable = parties.terminals.filter(({ name }) => troubles.get(name) === null)
    const others = await readHeadsOfOthers({ ...parties, terminals: readable }, snapshot)
    const earlier = readKeptHeads(dataDir)
    const keptOf = (party: string) => [...(others.get(party) ?? []), ...(earlier.get(party) ?? [])]
    const heads = new Map<string, AuditHead>()
    const lines: AuditLine[] = []
    const say = (name: string, own: readonly OwnLine[]) =>
      lines.push(...own.map(({ invariant, ok, detail }) => ({ invariant, name, ok, detail })))

    for (const { name, storeFile } of parties.terminals) {
      const trouble = troubles.get(name)
      if (trouble) say(name, [{ invariant: 7, ok: false, detail: `${storeFile}: ${trouble}; ${ITS_CODES}` }])
    }
    const terminals = readable.map(({ name, storeFile }) => {
      const facts = readTerminalFacts(storeFile, new Date(Date.now()))
      say(name, auditTerminal(storeFile))
      return facts
    })
    const centre = await snapshot(parties.centre, async (office) => {
      const { party } = parties.centre
      say(party, await runChecks(office, centreChecks, keptOf(party)))
      heads.set(party, await readHead(office.books))
      return readCentreFacts(office)
    })
    const operators = []
    for (const office of parties.operators) {
      operators.push(
        await snapshot(office, async (seen) => {
          say(office.party, await runChecks(seen, operatorChecks, keptOf(office.party)))
          heads.set(office.party, await readHead(seen.books))
          return readOperatorFacts(seen.books, office.party)
        }),
      )
    }
    lines.push(...crossCheck({ terminals, centre, operators }))
    if (lines.every(({ ok }) => ok)) keepHeads(dataDir, earlier, heads)
    return lines
  } finally {
    await opened.close()
  }
}

/** No such table, database or role, or no right on it (PostgreSQL, appendix A): an office that is being made. */
const UNFINISHED = ['42P01', '3D000', '28P01', '28000', '42501']

async function snapshot<Result>(
  { party, auditorUrls }: Office,
  work: (office: AuditedOffice) => Promise<Result>,
): Promise<Result> {
  try {
    return await inSnapshots(auditorUrls, work)
  } catch (error) {
    const { code = '', message } = error as { code?: string; message: string }
    if (!UNFINISHED.includes(code)) throw error
    throw new Error(`The books of ${party} are not made yet (${message}): npm start makes them.`, {
      cause: error,
    })
  }
}
