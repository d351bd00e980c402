import { expect, test } from 'vitest'
import { testStore } from '../../testing/test-store.ts'
import { connectStore, connectStoreForReading } from './connect-store.ts'

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
