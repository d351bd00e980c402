import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PRODUCT } from '../testing/fake-catalogue.ts'
import { type TestTill, testTill } from '../testing/test-till.ts'
import { auditTerminal } from './audit.ts'

let world: TestTill
beforeEach(async () => {
  world = await testTill({
    packedCodes: (_first, count) => Buffer.alloc(count * 6, 1),
    startMs: Date.parse('2026-11-22T18:42:00Z'),
    stock: 10,
  })
  for (const saleId of ['sale-one', 'sale-two'])
    await world.till().sell(world.session, { saleId, product: PRODUCT })
})
afterEach(() => world.close())

const broken = () =>
  auditTerminal(join(world.folder, 'terminal.sqlite'))
    .filter(({ ok }) => !ok)
    .map(({ invariant }) => invariant)

test('a store in use passes', () => {
  expect(broken()).toEqual([])
})

test.each([
  ['a cursor set back', 'UPDATE safe_run SET next_index = 0', [1]],
  ['a sale taken out', 'DELETE FROM sale WHERE number = 2', [1]],
  ['a serial sold twice', 'DROP INDEX sale_serial; UPDATE sale SET serial = 104822773901', [1, 3]],
  ['a gap in the sequence', 'PRAGMA foreign_keys = OFF; DELETE FROM request WHERE sequence = 1', [9]],
  ['a sale without a vendor', `UPDATE sale SET vendor = '' WHERE number = 1`, [10]],
  [
    'two runs over the same serials',
    `DROP TRIGGER safe_run_overlap;
     INSERT INTO safe_run (delivery, epoch, operator, product, lot, expires_on, digits, first_serial, count)
     SELECT delivery, epoch, operator, product, lot, expires_on, digits, first_serial + 5, 1 FROM safe_run;
     INSERT INTO safe_codes SELECT 2, substr(codes, 1, 22) FROM safe_codes`,
    [1, 13],
  ],
])('%s is found', (_what, sql, invariants) => {
  for (const statement of sql.split(';')) world.store().statement(statement).run()
  expect(broken()).toEqual(invariants)
})
