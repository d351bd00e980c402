// An embedded PostgreSQL in a folder of ours: made the first time, recovered after any crash, stopped cleanly.
// Folder: `cluster/` (PostgreSQL's data), `server.json` (port and administrator's password, mode 0600), `server.log`.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isFree } from '@scratchless/program/http/listen'
import { LOOPBACK } from '@scratchless/program/http/listener'
import { type Random, randomBytes } from '@scratchless/voucher/random'
import pg from 'pg'
import { type Binaries, findBinaries, PostgresProblem } from './binaries.ts'
import type { KeeperTask } from './keeper.ts'

export interface EmbeddedPostgres {
  /** The administrator's address: may create databases and roles. Holds the password; keep it out of logs. */
  readonly adminUrl: string
  readonly port: number
  /** Resolves when the server ended without being asked to, with the last lines of its log. */
  readonly died: Promise<string>
  /** Stops within three seconds, with a checkpoint where there is time for one. */
  stop(): Promise<void>
}

interface PostgresOptions {
  readonly folder: string
  readonly random: Random
  /** Without one: the port of last time, or a free one where that is taken. */
  readonly port?: number
  /** False in tests only: no fsync. */
  readonly durable?: boolean
}

const START_WITHIN_MS = 60_000
const ORPHAN_STOP_MS = 5_000
/** Above what a keeper takes to stop its server: fast, and past that at once. */
const KEEPER_STOP_MS = 4_000

// One machine holds all parties here: modest memory, and room for bulk restocks between checkpoints.
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '128MB',
  max_wal_size: '2GB',
  wal_compression: 'on',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Statements may carry sealed bytes and names: an error is logged without its statement or values.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
}

/**
 * Starts (creating it the first time) the server of a folder. Throws a PostgresProblem, one sentence,
 * where the platform, the disk, the port or a permission stands in the way.
 */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = findBinaries()
  const folder = resolve(options.folder)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const cluster = join(folder, 'cluster')
  const serverFile = join(folder, 'server.json')
  if (!existsSync(cluster)) createCluster(binaries, cluster, serverFile, options.random)
  await endOrphan(cluster)

  const saved = readServerFile(serverFile)
  const port = await choosePort(options.port, saved.port)
  writeFileSync(serverFile, `${JSON.stringify({ ...saved, port })}\n`, { mode: 0o600 })

  const logFile = join(folder, 'server.log')
  const settings = { ...SETTINGS, port: String(port), ...(options.durable === false && { fsync: 'off' }) }
  const task: KeeperTask = {
    postgres: binaries.postgres,
    args: Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    dataDir: cluster,
    logFile,
    ...(binaries.runAs && { runAs: binaries.runAs }),
  }
  const keeper = spawn(
    process.execPath,
    [fileURLToPath(new URL('keeper.ts', import.meta.url)), JSON.stringify(task)],
    {
      stdio: ['pipe', 'ignore', 'inherit'],
      detached: true,
    },
  )
  const ended = new Promise<void>((done) => keeper.once('exit', () => done()))
  const adminUrl = `postgres://admin:${saved.password}@127.0.0.1:${port}/postgres`
  await untilItAnswers(adminUrl, keeper, logFile)

  let stopping = false
  return {
    adminUrl,
    port,
    died: ended.then(() => (stopping ? new Promise<never>(() => undefined) : lastLines(logFile))),
    async stop() {
      stopping = true
      keeper.stdin?.end()
      await ended
    },
  }
}

function createCluster(binaries: Binaries, cluster: string, serverFile: string, random: Random): void {
  const partial = `${cluster}.new`
  rmSync(partial, { recursive: true, force: true })
  mkdirSync(partial, { mode: 0o700 })
  const password = randomBytes(random, 24).toString('base64url')
  // initdb reads the password from a file that its own user may open, for as long as it runs.
  const passwordFolder = mkdtempSync(join(tmpdir(), 'scratchless-'))
  const passwordFile = join(passwordFolder, 'password')
  try {
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 })
    if (binaries.runAs) {
      const { uid, gid } = binaries.runAs
      for (const path of [partial, passwordFolder, passwordFile]) chownSync(path, uid, gid)
    }
    const result = spawnSync(
      binaries.initdb,
      [
        ['-D', '/proc/self/cwd', '--username=admin', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
        ['--encoding=UTF8', '--locale=C', '--data-checksums', '--no-instructions'],
      ].flat(),
      { cwd: partial, env: { LC_ALL: 'C', TZ: 'UTC', PATH: process.env.PATH }, ...binaries.runAs },
    )
    if (result.error) throw result.error
    if (result.status !== 0) throw new Error(String(result.stderr))
    writeFileSync(serverFile, `${JSON.stringify({ password })}\n`, { mode: 0o600 })
    renameSync(partial, cluster)
  } catch (error) {
    rmSync(partial, { recursive: true, force: true })
    throw explain(error, `The database could not be created in ${cluster}`)
  } finally {
    rmSync(passwordFolder, { recursive: true, force: true })
  }
}

function explain(error: unknown, what: string): PostgresProblem {
  const text = error instanceof Error ? error.message : String(error)
  if (/ENOSPC|No space left/.test(text))
    return new PostgresProblem(`${what}: the disk is full.`, { cause: error })
  if (/EACCES|EPERM|Permission denied/.test(text))
    return new PostgresProblem(`${what}: no permission (as root, its user must be able to own the folder).`, {
      cause: error,
    })
  return new PostgresProblem(`${what}: ${text.trim().split('\n').at(-1)}`, { cause: error })
}

function readServerFile(path: string): { password: string; port?: number } {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as { password: string; port?: number }
  } catch (error) {
    throw new PostgresProblem(`${path} is missing or damaged; without it nobody can open the database.`, {
      cause: error,
    })
  }
}

async function choosePort(asked: number | undefined, saved: number | undefined): Promise<number> {
  if (asked !== undefined) {
    if (await isFree({ host: LOOPBACK, port: asked })) return asked
    throw new PostgresProblem(`Port ${asked} is taken by another program.`)
  }
  if (saved !== undefined && (await isFree({ host: LOOPBACK, port: saved }))) return saved
  return freePort()
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer()
    probe.once('error', fail)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() =>
        typeof address === 'object' && address ? done(address.port) : fail(new Error('no port')),
      )
    })
  })
}

/**
 * After a kill -9 of everything but the server, the server may still run. One whose keeper is gone is ended;
 * one that is kept belongs to another start of
 * the same folder, unless it is stopping because its starter was killed. A lock file without its server is removed.
 */
async function endOrphan(cluster: string): Promise<void> {
  const lockFile = join(cluster, 'postmaster.pid')
  if (!existsSync(lockFile)) return
  const pid = Number(readFileSync(lockFile, 'utf8').split('\n')[0])
  if (!runsHere(pid, cluster)) {
    await endBackends(cluster)
    rmSync(lockFile, { force: true })
    return
  }
  // A keeper whose starter was killed is just stopping its server; one whose starter lives is not.
  for (const startedMs = performance.now(); isKept(pid); await sleep(50)) {
    if (performance.now() - startedMs > KEEPER_STOP_MS)
      throw new PostgresProblem(`${cluster} is in use: this market is running already.`)
  }
  if (!runsHere(pid, cluster)) return endOrphan(cluster)
  process.kill(pid, 'SIGINT')
  const startedMs = performance.now()
  while (existsSync(`/proc/${pid}`)) {
    if (performance.now() - startedMs > ORPHAN_STOP_MS) process.kill(pid, 'SIGQUIT')
    await sleep(50)
  }
}

/**
 * Backends outlive a server that was killed until they notice, a busy one for long. One that still writes beside a
 * new server would damage the data, and without the lock file PostgreSQL could not see it: they end as it did.
 */
async function endBackends(cluster: string): Promise<void> {
  for (;;) {
    const left = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && runsHere(Number(name), cluster))
    if (left.length === 0) return
    for (const pid of left) {
      try {
        process.kill(Number(pid), 'SIGKILL')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
      }
    }
    await sleep(20)
  }
}

function runsHere(pid: number, cluster: string): boolean {
  try {
    if (readFileSync(`/proc/${pid}/comm`, 'utf8').trim() !== 'postgres') return false
    return readlinkSync(`/proc/${pid}/cwd`) === cluster
  } catch {
    return false
  }
}

function isKept(pid: number): boolean {
  try {
    const parent = /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return readFileSync(`/proc/${parent}/cmdline`, 'utf8').includes('keeper.ts')
  } catch {
    return false
  }
}

async function untilItAnswers(adminUrl: string, keeper: ChildProcess, logFile: string): Promise<void> {
  const startedMs = performance.now()
  const hasEnded = () => keeper.exitCode !== null || keeper.signalCode !== null
  for (;;) {
    const client = new pg.Client({ connectionString: adminUrl })
    // An error that arrives after `connect` failed has been told already.
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.end()
      return
    } catch (error) {
      if (hasEnded()) throw explain(new Error(lastLines(logFile)), 'The database did not start')
      if (performance.now() - startedMs > START_WITHIN_MS) {
        keeper.stdin?.end()
        throw explain(error, 'The database did not answer')
      }
      await sleep(25)
    }
  }
}

function lastLines(logFile: string): string {
  if (!existsSync(logFile)) return 'it left no log'
  const lines = readFileSync(logFile, 'utf8').trim().split('\n')
  const telling = lines.filter((line) => /FATAL|PANIC|ERROR|could not/.test(line))
  return (telling.length > 0 ? telling : lines).slice(-3).join(' / ')
}
