// A small data folder of a release as it once was, put back: its files, and its offices' rows in an embedded server of
// its own. What is written here is what that release did; it follows no later one.

import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { startPostgres } from '@scratchless/office/postgres/start-postgres'
import { systemRandom } from '@scratchless/voucher/random'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { freePorts } from '../demo/free-ports.ts'

const ROOT = path.join(import.meta.dirname, '..', '..')
/** Written in place of the folder's own path. */
const FOLDER_MARK = '{folder}'
const ROLES = ['owner', 'api', 'vault', 'auditor'] as const
/** Whose numbered files are applied before whose. */
const SOURCES = ['office', 'ledger', 'operator', 'centre']

type Passwords = Readonly<Record<string, Readonly<Record<(typeof ROLES)[number], string>>>>

/** Makes `dataDir` the data folder that `release` left behind when its market was stopped. */
export async function restoreRelease(release: 'release-1', dataDir: string): Promise<void> {
  const kept = path.join(import.meta.dirname, release)
  fs.cpSync(path.join(kept, 'folder'), dataDir, { recursive: true })
  for (const file of filesBelow(dataDir)) fs.chmodSync(file, 0o600)
  await settleIn(dataDir)
  const { passwords } = readJson(path.join(dataDir, 'database.json')) as { passwords: Passwords }
  const server = await startPostgres({ folder: path.join(dataDir, 'postgres'), random: systemRandom })
  try {
    for (const [party, ofRoles] of Object.entries(passwords)) {
      await makeDatabase(server.adminUrl, party, ofRoles)
      const owner = new URL(server.adminUrl)
      owner.username = `${party}_owner`
      owner.password = ofRoles.owner
      owner.pathname = `/${party}`
      await loadRows(server.adminUrl, owner, path.join(kept, 'databases', `${party}.copy`))
    }
  } finally {
    await server.stop()
  }
}

function filesBelow(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => path.join(parentPath, name))
}

function readJson(file: string): unknown {
  return JSON.parse(fs.readFileSync(file, 'utf8'))
}

/** The folder's new path in its settings, and ports that are free here in place of those of then. */
async function settleIn(dataDir: string): Promise<void> {
  const portsFile = path.join(dataDir, 'ports.json')
  const before = Object.values(readJson(portsFile) as Record<string, Record<string, number>>).flatMap(
    (ports) => Object.values(ports),
  )
  const now = new Map((await freePorts(before.length)).map((port, i) => [String(before[i]), String(port)]))
  const settings = filesBelow(dataDir).filter((file) => path.basename(file) === 'config.json')
  for (const file of [portsFile, ...settings]) {
    const text = fs
      .readFileSync(file, 'utf8')
      .replaceAll(FOLDER_MARK, dataDir)
      .replace(/(?<=[: ])\d{5}\b/g, (port) => now.get(port) ?? port)
    fs.writeFileSync(file, text)
  }
}

async function makeDatabase(adminUrl: string, party: string, passwords: Passwords[string]): Promise<void> {
  await connected(adminUrl, async (admin) => {
    for (const role of ROLES)
      await admin.query(`CREATE ROLE ${party}_${role} LOGIN PASSWORD ${pg.escapeLiteral(passwords[role])}`)
    await admin.query(`CREATE DATABASE ${party} OWNER ${party}_owner TEMPLATE template0 ENCODING 'UTF8'`)
    await admin.query(`REVOKE ALL ON DATABASE ${party} FROM PUBLIC`)
    const all = ROLES.map((role) => `${party}_${role}`).join(', ')
    await admin.query(`GRANT CONNECT ON DATABASE ${party} TO ${all}`)
  })
}

/** The release's tables, by the numbered files that it had and that are never edited, and its rows. */
async function loadRows(adminUrl: string, owner: URL, file: string): Promise<void> {
  const parts = partsOf(fs.readFileSync(file, 'utf8'))
  await connected(owner.href, async (sql) => {
    await sql.query(`CREATE TABLE schema_migration (
      source text NOT NULL, file text NOT NULL, digest text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (source, file))`)
    for (const text of migrationsOf(parts)) await sql.query(text)
  })
  const admin = new URL(adminUrl)
  admin.pathname = owner.pathname
  await connected(admin.href, async (sql) => {
    // Rows come by table, not by what refers to what; the constraints saw them when they were written.
    await sql.query('SET session_replication_role = replica')
    for (const { statement, rows } of parts) {
      if (rows === null) {
        await sql.query(statement)
        continue
      }
      await sql.query(`DELETE FROM ${/^COPY ("\w+")/.exec(statement)![1]}`)
      await pipeline(Readable.from([rows]), sql.query(copyFrom(statement)))
    }
  })
}

interface Part {
  readonly statement: string
  /** For COPY, what follows it. */
  readonly rows: string | null
}

function partsOf(text: string): Part[] {
  return [...text.matchAll(/^(COPY .*);\n([\s\S]*?)^\\\.$|^(SELECT .*);$/gm)].map(([, copy, rows, other]) =>
    copy === undefined ? { statement: other!, rows: null } : { statement: copy, rows: rows! },
  )
}

/** The texts of the files that the rows of schema_migration name, by their digests. */
function migrationsOf(parts: readonly Part[]): string[] {
  const applied = parts.find(({ statement }) => statement.startsWith('COPY "schema_migration"'))!
  const named = applied.rows!.split('\n').flatMap((row) => {
    const [source, file, digest] = row.split('\t')
    return digest === undefined ? [] : [{ source: source!, file: file!, digest }]
  })
  named.sort((a, b) => SOURCES.indexOf(a.source) - SOURCES.indexOf(b.source) || a.file.localeCompare(b.file))
  return named.map(({ source, file, digest }) => {
    const text = fs.readFileSync(path.join(ROOT, source, 'db', file), 'utf8')
    if (createHash('sha256').update(text).digest('hex') !== digest)
      throw new Error(`${source}/db/${file} is not what the release applied: numbered files are never edited`)
    return text
  })
}

async function connected(url: string, work: (sql: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
