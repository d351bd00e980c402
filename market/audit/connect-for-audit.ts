// A way to the books: those of a running market as they are; those of one that is stopped (or was killed) with its
// database started for as long as the audit takes.

import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createPool } from '@scratchless/office/database/database'
import { claimDataFolder } from '../demo/data-folder.ts'
import { startMarketDatabase } from '../demo/database.ts'
import { findParties, type PartiesFound } from './find-parties.ts'

export interface ConnectedForAudit {
  readonly parties: PartiesFound
  close(): Promise<void>
}

/** A server that starts or stops says so, and knows its mind within this time. */
const UNDECIDED_WITHIN_MS = 10_000
/** cannot_connect_now, admin_shutdown, crash_shutdown (PostgreSQL, appendix A), and a server that dies meanwhile. */
const UNDECIDED = ['57P03', '57P01', '57P02', 'ECONNRESET']

export async function connectForAudit(dataDir: string): Promise<ConnectedForAudit> {
  const parties = findParties(dataDir)
  if (await answers(parties.centre.auditorUrls.books)) return { parties, close: async () => {} }

  // A server that is not the market's own is not ours to start.
  if (!fs.existsSync(path.join(dataDir, 'postgres', 'cluster')))
    throw new Error(
      `The database of ${dataDir} does not answer at ${new URL(parties.centre.auditorUrls.books).host}.`,
    )
  const data = claimDataFolder(dataDir)
  if ('problem' in data) throw new Error(data.problem)
  try {
    const database = await startMarketDatabase(data, null)
    const withUrl = <Office extends { readonly party: string }>(office: Office) => {
      const { books, vault } = database.offices.get(office.party)!
      return { ...office, auditorUrls: { books: books.auditor, vault: vault.auditor } }
    }
    return {
      parties: { ...parties, centre: withUrl(parties.centre), operators: parties.operators.map(withUrl) },
      async close() {
        await database.stop()
        data.release()
      },
    }
  } catch (error) {
    data.release()
    throw error
  }
}

/** Whether somebody serves at this address; a server that only just starts or stops is waited for. */
async function answers(url: string): Promise<boolean> {
  const startedMs = performance.now()
  for (;;) {
    const pool = createPool({ url, name: 'audit', max: 1 })
    try {
      await pool.query('SELECT 1')
      return true
    } catch (error) {
      const { code = '' } = error as { code?: string }
      if (code === 'ECONNREFUSED') return false
      // Whoever refuses by an SQLSTATE of its own serves; what is wrong is told by who reads the books.
      if (/^\d[\dA-Z]{4}$/.test(code) && !UNDECIDED.includes(code)) return true
      if (!UNDECIDED.includes(code) || performance.now() - startedMs > UNDECIDED_WITHIN_MS) throw error
      await sleep(50)
    } finally {
      await pool.end()
    }
  }
}
