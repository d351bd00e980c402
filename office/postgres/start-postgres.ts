// An embedded PostgreSQL in a folder of ours: made the first time, recovered after any crash, stopped cleanly.
// Folder: `cluster/` (PostgreSQL's data), `server.json` (port and administrator's password, mode 0600), `server.log`.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type FolderLock, lockFolder } from '@scratchless/program/folder-lock'
import { freePort, isFree } from '@scratchless/program/http/listen'
import { LOOPBACK } from '@scratchless/program/http/listener'
import { readKept, writeKept } from '@scratchless/program/kept-file'
import type { Random } from '@scratchless/voucher/random'
import { z } from 'zod'
import { newClient } from '../database/new-client.ts'
import { findBinaries, PostgresProblem } from './binaries.ts'
import { createCluster, explainPostgres } from './create-cluster.ts'
import { endLeftovers } from './end-leftovers.ts'
import { IN_USE, type KeeperTask } from './keeper-task.ts'
import { sharedMemoryType } from './shared-memory.ts'

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
/** Above what a keeper takes to stop its server: fast, and past that at once. */
const KEEPER_STOP_MS = 4_000

// One machine holds all parties here: modest memory, and room for bulk restocks between checkpoints.
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: LOOPBACK,
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

const serverFileSchema = z.strictObject({ password: z.string().min(1), port: z.int().min(1).optional() })

/**
 * Starts (creating it the first time) the server of a folder. Throws a PostgresProblem or a ConfigProblem, one sentence,
 * where the platform, the disk, the port, a file or a permission stands in the way.
 */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = findBinaries()
  const folder = resolve(options.folder)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw explainPostgres(error, `The database could not be created in ${folder}`)
  }
  const cluster = join(folder, 'cluster')
  const serverFile = join(folder, 'server.json')
  const logFile = join(folder, 'server.log')
  const lock = await lockOf(folder)
  let adminUrl: string
  let port: number
  try {
    if (!existsSync(cluster))
      createCluster(binaries, cluster, options.random, (password) => writeKept(serverFile, { password }))
    await endLeftovers(cluster)
    const saved = readServerFile(serverFile, folder)
    port = await choosePort(options.port, saved.port)
    if (port !== saved.port) writeKept(serverFile, { ...saved, port })
    adminUrl = `postgres://admin:${saved.password}@${LOOPBACK}:${port}/postgres`
  } catch (error) {
    throw error instanceof Error && error.name.endsWith('Problem')
      ? error
      : explainPostgres(error, `The database could not be started in ${folder}`)
  } finally {
    lock.release()
  }

  const settings = {
    ...SETTINGS,
    port: String(port),
    dynamic_shared_memory_type: sharedMemoryType(),
    ...(options.durable === false && { fsync: 'off' }),
  }
  const task: KeeperTask = {
    postgres: binaries.postgres,
    args: Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    folder,
    dataDir: cluster,
    logFile,
    ...(binaries.runAs && { runAs: binaries.runAs }),
  }
  const keeper = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      fileURLToPath(new URL('keeper.ts', import.meta.url)),
      JSON.stringify(task),
    ],
    {
      stdio: ['pipe', 'ignore', 'inherit'],
      detached: true,
    },
  )
  const ended = new Promise<void>((done) => keeper.once('exit', () => done()))
  await untilItAnswers({ adminUrl, keeper, logFile, folder })

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

/** The folder's lock; one whose keeper is just stopping its server is waited for. */
async function lockOf(folder: string): Promise<FolderLock> {
  for (const startedMs = performance.now(); ; await sleep(50)) {
    const lock = lockFolder(folder)
    if (lock !== null) return lock
    if (performance.now() - startedMs > KEEPER_STOP_MS) throw inUse(folder)
  }
}

function inUse(folder: string): PostgresProblem {
  return new PostgresProblem(`${folder} is in use: this market is running already.`)
}

function readServerFile(path: string, folder: string): z.output<typeof serverFileSchema> {
  const remedy = `nobody can open the database without its password: restore the file from a copy, or move ${folder} away to begin anew`
  const saved = readKept(path, serverFileSchema, remedy)
  if (saved === null) throw new PostgresProblem(`${path}: there is no such file; ${remedy}`)
  return saved
}

async function choosePort(asked: number | undefined, saved: number | undefined): Promise<number> {
  const isFreeHere = (port: number) => isFree({ host: LOOPBACK, port })
  if (asked !== undefined) {
    if (await isFreeHere(asked)) return asked
    throw new PostgresProblem(`Port ${asked} is taken by another program.`)
  }
  if (saved !== undefined && (await isFreeHere(saved))) return saved
  return freePort()
}

async function untilItAnswers(server: {
  adminUrl: string
  keeper: ChildProcess
  logFile: string
  folder: string
}): Promise<void> {
  const { adminUrl, keeper, logFile, folder } = server
  const startedMs = performance.now()
  const hasEnded = () => keeper.exitCode !== null || keeper.signalCode !== null
  for (;;) {
    const client = newClient(adminUrl)
    try {
      await client.connect()
      await client.end()
      return
    } catch (error) {
      if (keeper.exitCode === IN_USE) throw inUse(folder)
      if (hasEnded()) throw explainPostgres(new Error(lastLines(logFile)), 'The database did not start')
      if (performance.now() - startedMs > START_WITHIN_MS) {
        keeper.stdin?.end()
        throw explainPostgres(error, 'The database did not answer')
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
