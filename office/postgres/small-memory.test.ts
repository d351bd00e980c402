// A container often has 64 MB of /dev/shm, or none: processes of one query then share what they share elsewhere.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { mayMount, withMounts } from '../../program/testing/own-mounts.ts'
import { explainPostgres } from './create-cluster.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'memory-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Starts a server, has one query done by several processes, and says by which means they shared what. */
function sharedBy(mount: string | null): string {
  const module = JSON.stringify(new URL('start-postgres.ts', import.meta.url).href)
  const script = `
    import { startPostgres } from ${module}
    import { systemRandom } from '@scratchless/voucher/random'
    import pg from 'pg'
    const server = await startPostgres({ folder: ${JSON.stringify(folder)}, random: systemRandom })
    const client = new pg.Client({ connectionString: server.adminUrl })
    try {
      await client.connect()
      await client.query(\`SET debug_parallel_query = on; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
        SET min_parallel_table_scan_size = 0; SET work_mem = '64MB'\`)
      await client.query('DROP TABLE IF EXISTS many; CREATE TABLE many AS SELECT n, md5(n::text) AS word FROM generate_series(1, 100000) n')
      const { rows } = await client.query('SELECT count(*) FROM many a JOIN many b USING (word)')
      const { rows: [set] } = await client.query('SHOW dynamic_shared_memory_type')
      process.stdout.write(rows[0].count + ' ' + set.dynamic_shared_memory_type)
    } catch (error) { process.stdout.write(error.message) }
    await client.end()
    await server.stop()`
  const program = [process.execPath, '--no-warnings', '--input-type=module', '-e', script]
  const [command, ...args] = mount === null ? program : withMounts([mount], program)
  const { stdout, stderr } = spawnSync(command!, args, {
    cwd: join(import.meta.dirname, '..'),
    encoding: 'utf8',
    timeout: 60_000,
  })
  return stdout + stderr
}

test('with little of /dev/shm they share in the data folder', () => {
  if (!mayMount) return expect(sharedBy(null)).toMatch(/^100000 (mmap|posix)$/)
  expect(sharedBy('mount -t tmpfs -o size=64k tmpfs /dev/shm')).toBe('100000 mmap')
})

test('without a place of that name as well', () => {
  if (!mayMount) return expect(sharedBy(null)).toMatch(/^100000 (mmap|posix)$/)
  expect(sharedBy('mount -t tmpfs -o size=1m,mode=0000 tmpfs /dev/shm')).toBe('100000 mmap')
})

test('where it is too little all the same, that is said, and not that a disk is full', () => {
  const said = new Error(
    'FATAL: could not resize shared memory segment "/PostgreSQL.1": No space left on device',
  )
  expect(explainPostgres(said, 'It did not start').message).toBe(
    'It did not start: this machine has too little shared memory (/dev/shm)',
  )
})

test('with enough of it they share there, and the same data with little of it the next day elsewhere', () => {
  if (!mayMount) return expect(sharedBy(null)).toMatch(/^100000 (mmap|posix)$/)
  expect(sharedBy('mount -t tmpfs -o size=1g tmpfs /dev/shm')).toBe('100000 posix')
  expect(sharedBy('mount -t tmpfs -o size=64k tmpfs /dev/shm')).toBe('100000 mmap')
})
