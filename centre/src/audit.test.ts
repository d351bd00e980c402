import { runChecks } from '@scratchless/office/audit/run-checks'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditOffice } from '../../office/testing/audit-office.ts'
import { UNIT_PRICE_MINOR } from '../../voucher/testing/example-product.ts'
import { startTestCentre, type TestCentre } from '../testing/test-centre.ts'
import { addShop, enrolTerminal } from '../testing/test-terminal.ts'
import { centreChecks } from './audit.ts'

let centre: TestCentre
beforeAll(async () => {
  centre = await startTestCentre()
  await centre.operator.stock(1_000_000, 1_500)
  const shop = await addShop(centre, 100n * UNIT_PRICE_MINOR)
  const terminal = await enrolTerminal(centre, shop)
  await terminal.ask('supply-order', terminal.order(10))
  await terminal.ask('supply-order', terminal.order(20))
})
afterAll(() => centre.close())

const audit = () => auditOffice(centre.database.urls.auditor, centreChecks)

test('a sound centre passes every check', async () => {
  expect((await audit()).filter(({ ok }) => !ok)).toEqual([])
})

test.each([
  [1, 'UPDATE pack SET taken = taken + 1 WHERE taken > 0'],
  [1, 'UPDATE vault_pack SET closed_upto = closed_upto + 1 WHERE closed_upto > 0'],
  [
    1,
    'UPDATE vault_pack SET record_id = (SELECT max(id::text)::uuid FROM vault_lot_record), first_serial = first_serial + 1 WHERE closed_upto = 0',
  ],
  [1, 'UPDATE vault_supply SET codes = codes - 1'],
  [
    1,
    `INSERT INTO alarm (at, kind, subject, details) VALUES (now(), 'supply-withheld', 'supply:T00001:2', '{"refusal":"codes-taken"}')`,
  ],
  [2, 'UPDATE restock_order_line SET received = received - 1'],
  [4, `UPDATE entry SET amount_minor = amount_minor + 1 WHERE side = 'debit'`],
  [5, 'UPDATE supply_order SET debited_minor = debited_minor - 1'],
  [8, 'UPDATE supply_message SET answer = NULL WHERE sequence = 1'],
  [9, 'UPDATE terminal SET last_sequence = last_sequence + 1'],
  [12, `UPDATE audit_entry SET details = '{}' WHERE n = 2`],
])('invariant %i is found broken after: %s', async (invariant, damage) => {
  const owner = await centre.database.pool('owner').connect()
  try {
    await owner.query('BEGIN')
    await owner.query(damage)
    // The damage is seen inside its own transaction only, and undone.
    const lines = await runChecks(owner, centreChecks)
    expect(lines.filter(({ ok }) => !ok).map((line) => line.invariant)).toContain(invariant)
  } finally {
    await owner.query('ROLLBACK')
    owner.release()
  }
})

test('a part that came before the answer to its order was written down breaks nothing', async () => {
  const owner = await centre.database.pool('owner').connect()
  try {
    await owner.query('BEGIN')
    await owner.query(`UPDATE restock_order SET state = 'waiting'`)
    await owner.query('UPDATE restock_order_line SET accepted = 0')
    expect((await runChecks(owner, centreChecks)).filter(({ ok }) => !ok)).toEqual([])
  } finally {
    await owner.query('ROLLBACK')
    owner.release()
  }
})
