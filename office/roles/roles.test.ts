import { afterAll, beforeAll, expect, test } from 'vitest'
import { OFFICE_MIGRATIONS } from '../database/migrate.ts'
import { type TestDatabase, testDatabase } from '../testing/test-database.ts'
import { readActRule } from './roles.sql.ts'
import { ACTS, mayDo, ROLES, takesTwo } from './roles.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase([OFFICE_MIGRATIONS])
})
afterAll(() => database.drop())

test('the office’s tables have every act that routes name, each with somebody who may do it, and no other', async () => {
  const { rows } = await database
    .pool('owner')
    .query<{ name: string }>('SELECT DISTINCT name FROM act JOIN act_role ON act = name')
  expect(rows.map(({ name }) => name).sort()).toEqual([...ACTS].sort())
})

test('what the tables say holds: who may, and from how much on it takes two', async () => {
  const owner = database.pool('owner')
  const rule = () => readActRule(database.pool('api'), 'void-codes')
  expect(await rule()).toEqual({ roles: expect.arrayContaining(['stock', 'security']), secondFrom: 1n })
  await owner.query(`DELETE FROM act_role WHERE act = 'void-codes' AND role = 'stock'`)
  await owner.query(`UPDATE act SET second_from = 100 WHERE name = 'void-codes'`)
  const changed = await rule()
  expect([mayDo(changed, ['stock']), mayDo(changed, ['stock', 'security']), mayDo(changed, [])]).toEqual([
    ...[false, true, false],
  ])
  expect([99n, 100n, 101n].map((amount) => takesTwo(changed, amount))).toEqual([false, true, true])
  await owner.query(`UPDATE act SET second_from = NULL WHERE name = 'void-codes'`)
  expect(takesTwo(await rule(), 10n ** 12n)).toBe(false)
  expect(await readActRule(database.pool('api'), 'sell-the-office' as never)).toEqual({
    ...{ roles: [], secondFrom: null },
  })
  for (const role of ROLES) expect(mayDo({ roles: [], secondFrom: null }, [role])).toBe(false)
})
