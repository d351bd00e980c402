import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { encodeCbor } from '@scratchless/wire/compact/cbor'
import { expect, test } from 'vitest'
import { testStore } from '../../testing/test-store.ts'
import { getCatalogue, getStanding } from '../supply/centre-word.sql.ts'
import { connectStore, connectStoreForReading, StoreProblem } from './connect-store.ts'

test('every commit is on the disk before it is said, and foreign keys hold', () => {
  const world = testStore()
  const pragma = (name: string) => Object.values(world.store.statement(`PRAGMA ${name}`).get()!)[0]
  // 2: FULL, which with a write-ahead log waits for the disk at each commit (SQLite, pragma synchronous).
  expect(pragma('synchronous')).toBe(2)
  expect(pragma('journal_mode')).toBe('wal')
  expect(pragma('foreign_keys')).toBe(1)
  expect(pragma('page_size')).toBe(1_024)
  expect(pragma('wal_autocheckpoint')).toBe(16_000)
  expect(pragma('busy_timeout')).toBe(2_000)
  world.close()
})

test('a transaction is whole or not at all, and leaves the store usable', () => {
  const world = testStore()
  const rows = () => world.store.statement('SELECT count(*) AS n FROM shelf').get()!.n
  const put = (product: string) =>
    world.store.statement('INSERT INTO shelf (product, full) VALUES (?, 1)').run(product)
  expect(() =>
    world.store.transaction(() => {
      put('A')
      throw new Error('in the middle')
    }),
  ).toThrow('in the middle')
  expect(rows()).toBe(0)
  expect(world.store.transaction(() => put('B').changes)).toBe(1)
  expect(rows()).toBe(1)
  world.close()
})

test('a statement is prepared once', () => {
  const world = testStore()
  expect(world.store.statement('SELECT 1')).toBe(world.store.statement('SELECT 1'))
  world.close()
})

test('what was stored is there when it is opened again; a newer release’s store is not touched', () => {
  const world = testStore()
  world.store.statement(`INSERT INTO shelf (product, full) VALUES ('A', 3)`).run()
  const again = connectStore(world.path)
  expect(again.statement('SELECT full FROM shelf').get()).toEqual({ full: 3 })
  again.close()
  world.store.statement('PRAGMA user_version = 99').get()
  expect(() => connectStore(world.path)).toThrow(
    'the store was written by a newer release of this program: install that one',
  )
  world.close()
})

test('a store keeps what made it, and is refused in one sentence where that is not what this program has', () => {
  const world = testStore()
  const made = world.store.statement('SELECT name, digest FROM schema_file ORDER BY name').all()
  expect(made.map(({ name }) => name)).toEqual(
    readdirSync(new URL('../../db/', import.meta.url)).filter((name) => name.endsWith('.sql')),
  )
  for (const { name, digest } of made) {
    const text = readFileSync(new URL(`../../db/${name}`, import.meta.url))
    expect(digest).toBe(createHash('sha256').update(text).digest('hex'))
  }
  world.store
    .statement('UPDATE schema_file SET digest = ? WHERE name = ?')
    .run('0'.repeat(64), '0001-terminal.sql')
  expect(() => connectStore(world.path)).toThrow(
    new StoreProblem(
      'the store was made by another 0001-terminal.sql than this program has: install the release that last ran here, or a later one',
    ),
  )
  world.close()
})

test('a store of the first release is read as its next start will make it, and stays as it was', () => {
  const folder = mkdtempSync(join(tmpdir(), 'first-'))
  const path = join(folder, 'terminal.sqlite')
  const first = new DatabaseSync(path)
  first.exec(readFileSync(new URL('../../db/0001-terminal.sql', import.meta.url), 'utf8'))
  // Time, lease, sales unreported, revoked cards, catalogue version, epoch: as the first release kept them.
  const word = encodeCbor([1_795_622_700, 1_796_227_500, 5_000, [], 7, 1])
  first
    .prepare(`INSERT INTO centre_word (name, content) VALUES ('standing', ?), ('catalogue', ?)`)
    .run(word, word)
  first.exec('PRAGMA user_version = 1')
  first.close()
  const before = readFileSync(path)
  const reading = connectStoreForReading(path)
  expect(getStanding(reading)).toMatchObject({
    timeS: 1_795_622_700,
    catalogueVersion: 1,
    letter: 0,
    notices: [],
  })
  expect(getCatalogue(reading)).toBeUndefined()
  reading.close()
  expect(readFileSync(path).equals(before)).toBe(true)
  const store = connectStore(path)
  expect(getStanding(store)).toMatchObject({ timeS: 1_795_622_700, catalogueVersion: 1 })
  store.close()
  rmSync(folder, { recursive: true })
})

test('a store opened for reading cannot be written', () => {
  const world = testStore()
  const reading = connectStoreForReading(world.path)
  expect(reading.statement('SELECT count(*) AS n FROM sale').get()).toEqual({ n: 0 })
  expect(() => reading.statement(`INSERT INTO shelf (product, full) VALUES ('A', 3)`).run()).toThrow(
    'readonly',
  )
  reading.close()
  world.close()
})
