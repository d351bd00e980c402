// npm start -- --migrate-only: each office of a stopped market brings its own databases up to date, by its own program;
// nothing is started. A terminal does the same with its store at its next start.

import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { CENTRE_VAULT_MOVE } from '@scratchless/centre/settings'
import { waitsForMove } from '@scratchless/office/database/move-vault'
import { OPERATOR_VAULT_MOVE } from '@scratchless/operator/settings'
import { holdCeremony } from './ceremony.ts'
import type { DataFolder } from './data-folder.ts'
import { type MarketDatabase, startMarketDatabase } from './database.ts'
import { CENTRE } from './parties.ts'

const root = path.dirname(path.dirname(import.meta.dirname))

/** The office's program. */
export function mainOf(party: string): string {
  return path.join(root, party === CENTRE.party ? 'centre' : 'operator', 'src', 'main.ts')
}

export async function migrateMarket(
  data: DataFolder,
  options: { databaseUrl: string | null; terminals: number; say: (progress: string) => void },
): Promise<void> {
  const database = await startMarketDatabase(data, options.databaseUrl)
  try {
    const { offices } = await holdCeremony(data, database.offices, options.terminals)
    for (const { party, config } of offices) {
      await migrateOffice(party, config)
      options.say(`${party}: its databases are up to date`)
    }
  } finally {
    await database.stop()
  }
}

/** Rejects with what the office's program said. */
async function migrateOffice(party: string, config: string): Promise<void> {
  const args = ['--disable-warning=ExperimentalWarning', mainOf(party), '--migrate-only', '--config', config]
  await promisify(execFile)(process.execPath, args).catch((error: { stderr?: string; message: string }) => {
    throw new Error(`${party}: ${error.stderr?.trim() || error.message}`, { cause: error })
  })
}

/** Throws one sentence where programs of this release cannot start on what an office still has in its books. */
export async function assertMoved(data: DataFolder, { offices }: MarketDatabase): Promise<void> {
  for (const [party, { books }] of offices) {
    const move = party === CENTRE.party ? CENTRE_VAULT_MOVE : OPERATOR_VAULT_MOVE
    if (await waitsForMove(books.owner, move))
      throw new Error(
        `${data.dir} is of the first release: npm start -- --migrate-only --data ${data.dir} brings it up to date.`,
      )
  }
}
