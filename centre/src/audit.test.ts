import { type AuditedOffice, runChecks } from '@scratchless/office/audit/run-checks'
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditOffice } from '../../office/testing/audit-office.ts'
import type { TestDatabase } from '../../office/testing/test-database.ts'
import { ATLAS_5, UNIT_PRICE_MINOR } from '../../voucher/testing/example-product.ts'
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

const audit = () =>
  auditOffice({ books: centre.database.urls.auditor, vault: centre.vaultDatabase.urls.auditor }, centreChecks)

test('a sound centre passes every check', async () => {
  expect((await audit()).filter(({ ok }) => !ok)).toEqual([])
})

const SALE_ALONE = soldAs({}).split(';')[0]!
const FOLDED = `INSERT INTO sales_of_hour SELECT * FROM sales_of_hour_change; DELETE FROM sales_of_hour_change`

/** What each check says, and damage that breaks just its rule, one for each of its clauses. */
const DAMAGE: Readonly<Record<string, readonly string[]>> = {
  'papers are numbered without a gap': [`INSERT INTO paper_series VALUES ('main', 'receipt', 2026, 1)`],
  'each serial is in one pack': [
    'UPDATE pack SET first_serial = first_serial - 1 WHERE first_serial = 1001000',
  ],
  'each code given is in one run': [
    'UPDATE pack SET given = given << 1 WHERE first_serial = 1000000',
    'UPDATE pack SET given = 1::bit(1000) << 999 WHERE first_serial = 1001000',
    'UPDATE supply_run SET first_serial = first_serial + 1 WHERE sequence = 3',
    'UPDATE supply_run SET first_serial = first_serial - 1 WHERE sequence = 2',
    'DELETE FROM supply_run',
  ],
  'what was withheld is aside': [`UPDATE supply_order SET state = 'withheld' WHERE sequence = 3`],
  'no code of an open case is free': [caseOf('on_hold')],
  'packs are held as their lots are': [
    'UPDATE pack SET held_at = now() WHERE first_serial = 1001000',
    lotIs('held'),
  ],
  'what two people made void is so in the vault': [
    `${agreedVoid()}; ${lotIs('void', 1)}; UPDATE pack SET held_at = now()`,
    'UPDATE vault_pack SET void = 1::bit(1000) << 599 WHERE first_serial = 1001000',
    `${agreedVoid()}; ${caseOf('void', 1)}; UPDATE pack SET aside = 1::bit(1000) << 599 WHERE first_serial = 1001000`,
  ],
  'each code closed is in one order of the vault’s journal': [
    'UPDATE vault_pack SET closed = closed | (closed >> 1) WHERE first_serial = 1000000',
    'UPDATE vault_pack SET closed = 1::bit(1000) << 999 WHERE first_serial = 1001000',
    'UPDATE vault_supply SET runs = (SELECT runs FROM vault_supply WHERE sequence = 3)',
    'DELETE FROM vault_supply WHERE sequence = 2',
  ],
  'vault and api agree on every pack': [
    'UPDATE vault_pack SET closed = closed | (closed >> 1) WHERE first_serial = 1000000',
    'UPDATE vault_pack SET count = count - 1 WHERE first_serial = 1001000',
    'UPDATE vault_pack SET first_serial = first_serial + 1 WHERE first_serial = 1001000',
    `UPDATE vault_lot_record SET lot_id = 'L000002'`,
    `UPDATE vault_pack SET depot_id = 'south' WHERE first_serial = 1001000`,
    `UPDATE pack SET product_id = 'ATLAS-1' WHERE first_serial = 1001000`,
  ],
  'every pack of the vault is written down': ['DELETE FROM pack WHERE first_serial = 1001000'],
  'vault and api know the same of every product': [
    'UPDATE product SET code_digits = 18',
    `UPDATE product SET check_digit = 'luhn'`,
    `UPDATE product SET operator = 'sahel'`,
  ],
  'the vault’s journal has every order sent, and no other': [
    'UPDATE vault_supply SET codes = codes - 1 WHERE sequence = 2',
    'DELETE FROM vault_supply WHERE sequence = 2',
    'DELETE FROM vault_supply WHERE sequence = 3',
    `UPDATE supply_order SET state = 'withheld' WHERE sequence = 3`,
    'DELETE FROM supply_run WHERE sequence = 3; DELETE FROM supply_order_line WHERE sequence = 3; DELETE FROM supply_order WHERE sequence = 3',
  ],
  'the vault closed what the desk decided': ['codes-taken', 'runs-differ', 'not-as-ordered'].map(
    (refusal) => `INSERT INTO alarm (at, kind, subject, details)
                  VALUES (now(), 'supply-withheld', 'supply:T00001:2', '{"refusal":"${refusal}"}')`,
  ),
  'every part taken is its packs': [
    'UPDATE restock_delivery SET codes = codes + 1',
    'DELETE FROM pack WHERE first_serial = 1001000',
  ],
  'received = the parts taken, per order line': [
    'UPDATE restock_order_line SET received = received - 1',
    'UPDATE restock_order_line SET accepted = accepted - 1',
    `UPDATE restock_order SET state = 'waiting'; UPDATE restock_order_line SET quantity = quantity - 1`,
  ],
  'every sale is of a code that its terminal was given, and of it once': [
    soldAs({ serial: 999_999 }),
    soldAs({ serial: 1_000_030 }),
    soldAs({ terminal: 'T00002' }),
    soldAs({ product: 'ATLAS-1' }),
    soldAs({ operator: 'sahel' }),
    // A sale that its run does not mark, a mark of another code, one too many, and one sale too many.
    SALE_ALONE,
    `${soldAs({})}; UPDATE supply_run SET sold = sold << 1 WHERE sold IS NOT NULL`,
    `${soldAs({})}; UPDATE supply_run SET sold = set_bit(sold, 0, 1) WHERE sold IS NOT NULL`,
    `UPDATE supply_run SET sold = set_bit(repeat('0', count)::bit varying, 3, 1) WHERE sequence = 2`,
    `${soldAs({})}; INSERT INTO sale SELECT serial, 2, 4, amount_minor, sold_at, reported_at + interval '1 second', price_id,
                                            sold_on, sold_hour, depot_id, operator, product_id, terminal_id, vendor_id FROM sale`,
    `${soldAs({})}; UPDATE supply_order SET state = 'withheld' WHERE sequence = 3`,
  ],
  'the hours are the sum of their sales': [
    SALE_ALONE,
    ...['sales = sales + 1', 'amount_minor = amount_minor + 1', 'hour = 8', `day = '2026-11-24'`].map(
      (other) => `${soldAs({})}; UPDATE sales_of_hour_change SET ${other}`,
    ),
    `${soldAs({})}; ${FOLDED}; UPDATE sales_of_hour SET sales = 2`,
    `${soldAs({})}; ${FOLDED}; UPDATE sales_of_hour SET hour = 10`,
    `INSERT INTO sales_of_hour VALUES ('main', '2026-11-25', 9, 'ATLAS-5', 1, 5000)`,
  ],
  'the days of the shops are the sum of their sales': [
    SALE_ALONE,
    ...['sales = sales + 1', 'amount_minor = amount_minor + 1', `day = '2026-11-24'`].map(
      (other) => `${soldAs({})}; UPDATE sales_of_shop SET ${other}`,
    ),
    `${soldAs({})}; INSERT INTO retailer (id, depot_id, name, place, added_at) VALUES ('R99999', 'main', 'a', 'b', now());
     UPDATE terminal SET retailer_id = 'R99999'`,
    `INSERT INTO sales_of_shop SELECT 'main', '2026-11-25', id, 'ATLAS-5', 1, 5000 FROM retailer`,
  ],
  'what a terminal has on board is worth what it was given less what it sold': [
    'UPDATE terminal SET aboard_minor = aboard_minor + 1',
    soldAs({}),
    `UPDATE supply_order SET state = 'withheld' WHERE sequence = 2`,
    'UPDATE supply_order_line SET public_price_minor = public_price_minor + 1 WHERE sequence = 2',
  ],
  'every transfer moves its currency between two accounts of it': [`UPDATE transfer SET currency = 'XOF'`],
  'every balance is the fold of its entries': [
    'UPDATE account SET credits_posted = credits_posted + 1',
    `UPDATE transfer SET amount_minor = amount_minor + 1 WHERE kind = 'deposit'`,
    'DELETE FROM own_book_change',
  ],
  'every order is debited for its codes': [
    'UPDATE supply_order SET debited_minor = debited_minor - 1 WHERE sequence = 3',
    'UPDATE supply_order SET codes = codes + 1 WHERE sequence = 3',
    'UPDATE supply_run SET unit_price_minor = unit_price_minor + 1 WHERE sequence = 3',
    `UPDATE transfer SET amount_minor = amount_minor - 1 WHERE id LIKE 'supply:%'`,
    `UPDATE supply_order SET state = 'despatched' WHERE sequence = 2`,
    `UPDATE supply_order SET state = 'delivered' WHERE sequence = 3`,
    `UPDATE supply_order SET state = 'withheld' WHERE sequence = 2`,
  ],
  'every debit has its order': [
    `INSERT INTO transfer (depot_id, id, kind, subject, currency, is_pending, made_at, booked_on, debit, credit,
                           amount_minor)
     SELECT depot_id, id || '9', kind, subject, currency, is_pending, made_at, booked_on, debit, credit, amount_minor
       FROM transfer WHERE kind = 'supply' LIMIT 1`,
  ],
  'what was bought is owed to its operator': [
    `UPDATE transfer SET amount_minor = amount_minor + 1 WHERE kind = 'purchase'`,
    `UPDATE transfer SET kind = 'correction' WHERE kind = 'purchase'`,
    `UPDATE restock_delivery SET unit_cost_minor = unit_cost_minor + 1`,
  ],
  'no balance is beyond its limit': [
    `DO $$ DECLARE one text; BEGIN
       FOR one IN SELECT conname FROM pg_constraint WHERE conrelid = 'account'::regclass AND contype = 'c' LOOP
         EXECUTE format('ALTER TABLE account DROP CONSTRAINT %I', one);
       END LOOP; END $$;
     UPDATE account SET credit_line_minor = debits_posted + debits_pending - credits_posted - 1
      WHERE credit_line_minor IS NOT NULL`,
  ],
  'every message taken has its answer': [
    'UPDATE supply_message SET answer = NULL WHERE sequence = 1',
    'UPDATE supply_message SET answer = NULL WHERE sequence = 3',
    'UPDATE message_in SET answer = NULL, answered_at = NULL',
  ],
  'no terminal’s sequence has a gap': [
    'UPDATE terminal SET last_sequence = last_sequence + 1',
    'DELETE FROM supply_message WHERE sequence = 1',
    'UPDATE supply_message SET sequence = 9 WHERE sequence = 1',
    'UPDATE supply_message SET sequence = 9 WHERE sequence = 3',
  ],
  'no row index is used twice in a lot record': [
    'UPDATE vault_pack SET first_index = first_index - 1 WHERE first_serial = 1001000',
  ],
}

const LESS_ABOARD = `UPDATE terminal SET aboard_minor = aboard_minor - ${ATLAS_5.publicPrice.amountMinor}`

/** About code 400 of the second pack. */
function caseOf(state: string, request: number | null = null): string {
  return `INSERT INTO code_case (operator, first_serial, count, state, cause, opened_by, opened_at, request)
          VALUES ('atlas', 1001400, 1, '${state}', 'c', 'x', now(), ${request})`
}

function lotIs(state: string, request: number | null = null): string {
  return `INSERT INTO lot_state (operator, lot, no, state, cause, set_by, set_at, request)
          VALUES ('atlas', 'L000001', 1, '${state}', 'c', 'x', now(), ${request})`
}

function agreedVoid(): string {
  return `INSERT INTO request (number, kind, subject, facts, figures, hash, asked_by, asked_at, expires_at, state,
                               agreed_by, ended_by, ended_at) OVERRIDING SYSTEM VALUE
          VALUES (1, 'void-codes', 's', '{}', '{}', sha256(''), 'a', now(), now() + interval '1 day', 'done', 'b', 'x',
                  now())`
}

/** A sale in the books with all that belongs to it. */
function soldAs(over: { serial?: number; terminal?: string; product?: string; operator?: string }): string {
  const { serial = 1_000_029, terminal = 'T00001', product = 'ATLAS-5', operator = 'atlas' } = over
  return `INSERT INTO sale (depot_id, operator, serial, product_id, terminal_id, ticket, vendor_id, sold_at, sold_on,
                            sold_hour, reported_in, reported_at, price_id, amount_minor)
          SELECT 'main', '${operator}', ${serial}, '${product}', '${terminal}', 1, '01', now(), '2026-11-25', 9, 4, now(),
                 id, 5000 FROM product_price LIMIT 1;
          UPDATE supply_run SET sold = set_bit(repeat('0', count)::bit varying, ${serial} - first_serial::int, 1)
           WHERE first_serial <= ${serial} AND first_serial + count > ${serial};
          INSERT INTO sales_of_hour_change VALUES ('main', '2026-11-25', 9, '${product}', 1, 5000);
          INSERT INTO sales_of_shop SELECT 'main', '2026-11-25', retailer_id, 'ATLAS-5', 1, 5000 FROM terminal
           WHERE id = '${terminal}'`
}

/**
 * What the checks say once `damage` is done, each statement in the database that has its table; it is seen inside its
 * own transactions only, and undone.
 */
async function brokenAfter(damage: string): Promise<string[]> {
  const databases = [centre.database, centre.vaultDatabase]
  const [books, vault] = await Promise.all(databases.map((database) => database.pool('owner').connect()))
  try {
    for (const client of [books!, vault!]) await client.query('BEGIN')
    // One statement of its own has semicolons in it.
    const statements = damage.startsWith('DO') ? [damage] : damage.split(';')
    for (const statement of statements) await (/ vault_/.test(statement) ? vault! : books!).query(statement)
    const office = { books: books!, vaultBefore: vault!, vaultAfter: vault! }
    return (await runChecks(office, centreChecks)).filter(({ ok }) => !ok).map(({ detail }) => detail)
  } finally {
    for (const client of [books!, vault!]) {
      await client.query('ROLLBACK')
      client.release()
    }
  }
}

/** The last that it does, for a test's name. */
const shortOf = (damage: string) => damage.split(';').at(-1)!.replaceAll(/\s+/g, ' ').trim()

test('no check is without damage that it finds', () => {
  expect(Object.keys(DAMAGE)).toEqual(centreChecks.map(({ holds }) => holds))
})

test.each(
  Object.entries(DAMAGE).flatMap(([holds, all]) =>
    all.map((damage) => [holds, shortOf(damage), damage] as const),
  ),
)(
  '“%s” is found not to be so after: %s',
  async (holds, _short, damage) => {
    expect(await brokenAfter(damage)).toContainEqual(expect.stringContaining(`not so: ${holds};`))
  },
  10_000,
)

test.each([
  ['a code that its terminal was given is sold', `${soldAs({})}; ${LESS_ABOARD}`],
  ['the first of them too', `${soldAs({ serial: 1_000_000 })}; ${LESS_ABOARD}`],
  ['its hour is folded', `${soldAs({})}; ${LESS_ABOARD}; ${FOLDED}`],
  [
    'the vault withheld for another reason',
    `INSERT INTO alarm (at, kind, subject, details)
     VALUES (now(), 'supply-withheld', 'supply:T00001:2', '{"refusal":"ceiling-exceeded"}')`,
  ],
])('nothing is broken where %s', async (_what, change) => {
  expect(await brokenAfter(change)).toEqual([])
})

test('what is on its way from the vault to the api is not missing there, nor an answer that is being closed', async () => {
  const packs = `DELETE FROM pack WHERE first_serial = 1001000;
    INSERT INTO vault_restock_delivery VALUES ('atlas', gen_random_uuid(), 'h', '{}', 'r')`
  expect((await brokenAfter(packs)).join()).not.toContain('every pack of the vault is written down')
  const closing = `UPDATE supply_message SET answer = NULL WHERE sequence = 3;
    UPDATE supply_order SET state = 'decided' WHERE sequence = 3; DELETE FROM vault_supply WHERE sequence = 3;
    ALTER TABLE vault_pack DISABLE TRIGGER vault_pack_marks_stay;
    UPDATE vault_pack SET closed = (-1)::bit(1000) << 990 WHERE first_serial = 1000000`
  expect(await brokenAfter(closing)).toEqual([])
})

test('an entry of the audit chain that was rewritten breaks it', async () => {
  expect(await brokenAfter(`UPDATE audit_entry SET details = '{}' WHERE n = 2`)).toEqual([
    'the audit chain is broken at entry 2 of lane 1',
  ])
})

test('a part that came before the answer to its order was written down breaks nothing', async () => {
  const early = `UPDATE restock_order SET state = 'waiting'; UPDATE restock_order_line SET accepted = 0`
  expect(await brokenAfter(early)).toEqual([])
})

test('what happens between the three snapshots of an audit breaks nothing', async () => {
  const shop = await addShop(centre, 100n * UNIT_PRICE_MINOR)
  const terminal = await enrolTerminal(centre, shop)
  let serial = 2_000_000
  /** A part comes in and an order goes out. */
  const work = async () => {
    await centre.operator.stock(serial, 100)
    serial += 1_000
    await terminal.ask('supply-order', terminal.order(3))
  }
  const opened: pg.PoolClient[] = []
  const snapshot = async (database: TestDatabase) => {
    const client = await database.pool('auditor').connect()
    opened.push(client)
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    await client.query('SELECT')
    return client
  }
  try {
    await work()
    const vaultBefore = await snapshot(centre.vaultDatabase)
    await work()
    const books = await snapshot(centre.database)
    await work()
    const vaultAfter = await snapshot(centre.vaultDatabase)
    const broken = async (office: AuditedOffice) =>
      (await runChecks(office, centreChecks)).filter(({ ok }) => !ok).map(({ detail }) => detail)
    expect(await broken({ books, vaultBefore, vaultAfter })).toEqual([])
    // And it is the order of the snapshots that makes it so.
    expect((await broken({ books, vaultBefore: vaultAfter, vaultAfter: vaultBefore })).join()).toMatch(
      /vault and api agree.*journal has every order/s,
    )
  } finally {
    for (const client of opened) client.release(true)
  }
})
