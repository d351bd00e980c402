import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemRandom } from '@scratchless/voucher/random'
import pg from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { startPostgres } from './start-postgres.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'postgres-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

async function ask(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

/** Running, not only waiting to be taken note of by its parent. */
function lives(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
}

function serverPid(): number {
  return Number(readFileSync(join(folder, 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0])
}

test('a row survives kill -9 of the server, and fsync and checksums are on', async () => {
  const first = await startPostgres({ folder, random: systemRandom })
  expect(await ask(first.adminUrl, 'SHOW fsync')).toEqual([{ fsync: 'on' }])
  expect(await ask(first.adminUrl, 'SHOW data_checksums')).toEqual([{ data_checksums: 'on' }])
  await ask(first.adminUrl, 'CREATE TABLE kept AS SELECT 1 AS n')
  // A backend that is busy does not notice that its server is gone.
  const busy = new pg.Client({ connectionString: first.adminUrl })
  busy.on('error', () => undefined)
  await busy.connect()
  const { rows } = await busy.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  busy.query('SELECT count(*) FROM generate_series(1, 10000000000)').catch(() => undefined)
  await sleep(200)
  process.kill(serverPid(), 'SIGKILL')
  expect(await first.died).toBeTypeOf('string')

  const second = await startPostgres({ folder, random: systemRandom })
  expect(lives(rows[0]!.pid)).toBe(false)
  expect(await ask(second.adminUrl, 'SELECT n FROM kept')).toEqual([{ n: 1 }])
  const beganMs = performance.now()
  await second.stop()
  expect(performance.now() - beganMs).toBeLessThan(3_000)
})

test('the server ends when its starter is killed, and a second start of a running folder is refused', async () => {
  const script = `
    import { startPostgres } from ${JSON.stringify(new URL('start-postgres.ts', import.meta.url).href)}
    import { systemRandom } from '@scratchless/voucher/random'
    await startPostgres({ folder: ${JSON.stringify(folder)}, random: systemRandom })
    process.stdout.write('up')
    setInterval(() => undefined, 1000)`
  const starter = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: join(import.meta.dirname, '..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void starter.kill('SIGKILL'))
  await new Promise((done) => starter.stdout.once('data', done))
  const pid = serverPid()
  await expect(startPostgres({ folder, random: systemRandom })).rejects.toThrow('running already')
  starter.kill('SIGKILL')
  // At once: its keeper is only just stopping it.
  const next = await startPostgres({ folder, random: systemRandom })
  expect(lives(pid)).toBe(false)
  await next.stop()
})
