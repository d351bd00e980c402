// The market's PostgreSQL: embedded by default, any other by its address; two databases per office in it.

import { setTimeout as sleep } from 'node:timers/promises'
import {
  createOfficeDatabases,
  DatabaseProblem,
  OFFICE_ROLES,
  type OfficeDatabases,
  type OfficeRole,
} from '@scratchless/office/database/roles'
import { startPostgres } from '@scratchless/office/postgres/start-postgres'
import { centreId, operatorId, type PartyId } from '@scratchless/voucher/ids'
import { randomBytes, systemRandom } from '@scratchless/voucher/random'
import { z } from 'zod'
import type { DataFolder } from './data-folder.ts'
import { readMarketFile, writeMarketFile } from './market-files.ts'
import { CENTRE, OPERATORS } from './parties.ts'

export interface MarketDatabase {
  readonly adminUrl: string
  readonly offices: ReadonlyMap<string, OfficeDatabases>
  stop(): Promise<void>
}

const PARTIES: readonly PartyId[] = [
  ...OPERATORS.map(({ party }) => operatorId(party)),
  centreId(CENTRE.party),
]

/**
 * Starts or finds the server and makes what is missing. Throws a PostgresProblem or DatabaseProblem, one sentence.
 * With another's server, database names carry a prefix of this data folder's own, so that two markets can share it.
 */
export async function startMarketDatabase(
  data: DataFolder,
  databaseUrl: string | null,
): Promise<MarketDatabase> {
  const server =
    databaseUrl === null
      ? await keepPostgres(data.path('postgres'))
      : { adminUrl: databaseUrl, stop: async () => {} }
  try {
    const where = databaseUrl === null ? 'the embedded database' : addressOf(databaseUrl)
    const secrets = secretsOf(data, where)
    // The offices' rows are there and nowhere else; with another database this folder would be half a market.
    if (secrets.where !== where) {
      throw new DatabaseProblem(
        `The offices of ${data.dir} live in ${secrets.where}: start with that, or choose another folder with --data.`,
      )
    }
    const offices = new Map<string, OfficeDatabases>()
    for (const party of PARTIES) {
      const database = databaseUrl === null ? party : `${secrets.prefix}_${party}`
      offices.set(
        party,
        await createOfficeDatabases({
          adminUrl: server.adminUrl,
          party,
          passwords: secrets.passwords[party]!,
          database,
        }),
      )
    }
    return { adminUrl: server.adminUrl, offices, stop: () => server.stop() }
  } catch (error) {
    await server.stop()
    throw databaseUrl === null ? error : explained(error, databaseUrl)
  }
}

const RESTART_AFTER_MS = 500

/** The embedded server, started again at the same address whenever it died: the offices wait for it meanwhile. */
async function keepPostgres(folder: string): Promise<{ adminUrl: string; stop(): Promise<void> }> {
  let server = await startPostgres({ folder, random: systemRandom })
  const { adminUrl, port } = server
  let stopping = false
  let restarting: Promise<void> = Promise.resolve()

  async function restart(): Promise<void> {
    while (!stopping) {
      try {
        server = await startPostgres({ folder, random: systemRandom, port })
        void server.died.then(died)
        return
      } catch (error) {
        // What the old server left may still be ending; a disk that is full stays so until somebody sees this.
        process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
        await sleep(RESTART_AFTER_MS)
      }
    }
  }
  function died() {
    if (!stopping) restarting = restart()
  }
  void server.died.then(died)
  return {
    adminUrl,
    async stop() {
      stopping = true
      await restarting
      await server.stop()
    },
  }
}

/** Host, port and database, without the user's name and password. */
function addressOf(databaseUrl: string): string {
  const { hostname, port, pathname } = new URL(databaseUrl)
  return `the database at ${hostname}:${port || 5432}${pathname}`
}

/** What stands between us and somebody else's server, in one sentence that holds no password. */
function explained(error: unknown, databaseUrl: string): unknown {
  const { code, syscall = '' } = error as NodeJS.ErrnoException
  const where = addressOf(databaseUrl)
  if (code === '28P01' || code === '28000')
    return new DatabaseProblem(`${where} refuses this user or password.`)
  if (code === '3D000') return new DatabaseProblem(`${where} does not exist.`)
  // A fault of a file of ours is none of the server's.
  if (code && /^(connect|read|getaddrinfo)$/.test(syscall))
    return new DatabaseProblem(`${where} does not answer (${code}).`)
  return error
}

interface Secrets {
  /** Where the offices' databases are. */
  readonly where: string
  readonly prefix: string
  readonly passwords: Readonly<Record<string, Readonly<Record<OfficeRole, string>>>>
}

const FILE = 'database.json'
const secretsSchema = z.strictObject({
  where: z.string().min(1),
  prefix: z.string().min(1),
  passwords: z.record(z.string(), z.record(z.enum(OFFICE_ROLES), z.string().min(1))),
})

/** Made once: the roles' passwords, and this market's own name on a shared server. */
function secretsOf(data: DataFolder, where: string): Secrets {
  const known = readMarketFile(data, FILE, secretsSchema)
  if (known !== null) return known
  const password = () => randomBytes(systemRandom, 18).toString('base64url')
  const secrets: Secrets = {
    where,
    prefix: `market_${randomBytes(systemRandom, 4).toString('hex')}`,
    passwords: Object.fromEntries(
      PARTIES.map((party) => [
        party,
        Object.fromEntries(OFFICE_ROLES.map((role) => [role, password()])) as Record<OfficeRole, string>,
      ]),
    ),
  }
  writeMarketFile(data, FILE, secrets)
  return secrets
}
