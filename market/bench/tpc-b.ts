// TPC-B as PostgreSQL's own pgbench runs it: the measure of what a small transaction costs on this machine. By pgbench
// itself where it is installed, and by a client of our own with the same statements, prepared.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import pg from 'pg'
import { cpuOf, cpuOfEndedChildren } from './cpu.ts'

const run = promisify(execFile)

const CLIENTS = 8
const SCALE = 10
const ACCOUNTS = 100_000 * SCALE
const TELLERS = 10 * SCALE

export interface TpcB {
  readonly client: 'pgbench' | 'ours'
  readonly transactionsPerSecond: number
  /** Milliseconds of processor time a transaction: the client's and, as `serverCpu` reads it, the server's. */
  readonly cpuMs: number
}

/** pgbench's tables at scale 10, in a database of their own. */
export async function prepareTpcB(adminUrl: string): Promise<{ url: string; drop(): Promise<void> }> {
  const admin = new pg.Client({ connectionString: adminUrl })
  await admin.connect()
  await admin.query('DROP DATABASE IF EXISTS tpc_b')
  await admin.query('CREATE DATABASE tpc_b')
  const url = new URL(adminUrl)
  url.pathname = '/tpc_b'
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  await client.query(
    `CREATE TABLE pgbench_branches (bid int PRIMARY KEY, bbalance int, filler char(88)) WITH (fillfactor = 100);
     CREATE TABLE pgbench_tellers (tid int PRIMARY KEY, bid int, tbalance int, filler char(84)) WITH (fillfactor = 100);
     CREATE TABLE pgbench_accounts (aid int PRIMARY KEY, bid int, abalance int, filler char(84)) WITH (fillfactor = 100);
     CREATE TABLE pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22));
     INSERT INTO pgbench_branches SELECT n, 0, '' FROM generate_series(1, ${SCALE}) AS n;
     INSERT INTO pgbench_tellers SELECT n, (n - 1) / 10 + 1, 0, '' FROM generate_series(1, ${TELLERS}) AS n;
     INSERT INTO pgbench_accounts SELECT n, (n - 1) / 100000 + 1, 0, '' FROM generate_series(1, ${ACCOUNTS}) AS n`,
  )
  await client.query('VACUUM ANALYZE')
  await client.end()
  return {
    url: url.href,
    async drop() {
      await admin.query('DROP DATABASE tpc_b WITH (FORCE)')
      await admin.end()
    },
  }
}

export async function hasPgbench(): Promise<boolean> {
  return run('pgbench', ['--version']).then(
    () => true,
    () => false,
  )
}

/** By pgbench: `-M prepared`, 8 clients. `serverCpu` reads the server's seconds of processor time. */
export async function runPgbench(url: string, seconds: number, serverCpu: () => number): Promise<TpcB> {
  const { hostname, port, username, password, pathname } = new URL(url)
  const before = serverCpu()
  const clientBefore = cpuOfEndedChildren(process.pid)
  const { stdout } = await run(
    'pgbench',
    [
      ...[
        '-n',
        '-M',
        'prepared',
        '-c',
        String(CLIENTS),
        '-j',
        '2',
        '-s',
        String(SCALE),
        '-T',
        String(seconds),
      ],
      ...['-h', hostname, '-p', port, '-U', username, pathname.slice(1)],
    ],
    { env: { ...process.env, PGPASSWORD: decodeURIComponent(password) } },
  )
  const clientMs = (cpuOfEndedChildren(process.pid) - clientBefore) * 1000
  const transactions = Number(/transactions actually processed: (\d+)/.exec(stdout)![1])
  return {
    client: 'pgbench',
    transactionsPerSecond: Number(/tps = ([\d.]+)/.exec(stdout)![1]),
    cpuMs: ((serverCpu() - before) * 1000 + clientMs) / transactions,
  }
}

/** By our own client: the same five statements and their BEGIN and END, prepared, on eight connections. */
export async function runOurs(url: string, seconds: number, serverCpu: () => number): Promise<TpcB> {
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      return client
    }),
  )
  const [before, ownBefore] = [serverCpu(), cpuOf(process.pid)]
  const endMs = performance.now() + seconds * 1000
  const began = performance.now()
  const counts = await Promise.all(clients.map((client, index) => transact(client, index + 1, endMs)))
  const tookS = (performance.now() - began) / 1000
  const transactions = counts.reduce((sum, count) => sum + count, 0)
  const cpuMs = ((serverCpu() - before + cpuOf(process.pid) - ownBefore) * 1000) / transactions
  await Promise.all(clients.map((client) => client.end()))
  return { client: 'ours', transactionsPerSecond: transactions / tookS, cpuMs }
}

async function transact(client: pg.Client, seed: number, endMs: number): Promise<number> {
  // A generator of its own: fast, and the same at each run.
  let state = seed
  const next = (below: number) => {
    state = (state * 48_271) % 2_147_483_647
    return 1 + (state % below)
  }
  const statement = (name: string, text: string, values: number[]) => client.query({ name, text, values })
  let count = 0
  for (; performance.now() < endMs; count++) {
    const [aid, tid, bid, delta] = [next(ACCOUNTS), next(TELLERS), next(SCALE), next(10_000) - 5_000]
    await statement('begin', 'BEGIN', [])
    await statement('a', 'UPDATE pgbench_accounts SET abalance = abalance + $1 WHERE aid = $2', [delta, aid])
    await statement('s', 'SELECT abalance FROM pgbench_accounts WHERE aid = $1', [aid])
    await statement('t', 'UPDATE pgbench_tellers SET tbalance = tbalance + $1 WHERE tid = $2', [delta, tid])
    await statement('b', 'UPDATE pgbench_branches SET bbalance = bbalance + $1 WHERE bid = $2', [delta, bid])
    await statement(
      'h',
      `INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES ($1, $2, $3, $4, CURRENT_TIMESTAMP)`,
      [tid, bid, aid, delta],
    )
    await statement('end', 'END', [])
  }
  return count
}
