import type { SQLInputValue } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { connectStore, type Store } from '../src/store/connect-store.ts'

type Row = Readonly<Record<string, SQLInputValue>>

interface TriedTable {
  readonly table: string
  /** A row that it takes, once those of the tables before it stand. */
  readonly row: Row
  /** Other columns of that row that are taken just as well: the edges of what is allowed. */
  readonly takes?: readonly Row[]
  /** By what SQLite says then: other columns of the row, each of which that constraint alone refuses. */
  readonly breaks: Readonly<Record<string, readonly Row[]>>
  readonly mayBeEmpty?: readonly string[]
}

const CHECK = 'CHECK constraint failed: '
const UNIQUE = 'UNIQUE constraint failed: '
const FOREIGN_KEY = 'FOREIGN KEY constraint failed'
const ON_BOARD = 'a serial of this run is on board already'
const HASH = Buffer.alloc(32, 1)
const operator = 'ooredoo'
const product = 'TT-5000'

const TABLES: readonly TriedTable[] = [
  {
    table: 'centre_word',
    row: { name: 'enrolled', content: HASH },
    takes: [{ name: 'standing' }, { name: 'catalogue' }, { name: 'settings' }],
    breaks: {
      [`${UNIQUE}centre_word.name`]: [{ content: Buffer.alloc(1) }],
      [`${CHECK}name IN ('enrolled', 'standing', 'catalogue', 'settings')`]: [{ name: 'greeting' }],
    },
  },
  {
    table: 'enrolment',
    row: {
      enrolment_number: 1_001,
      state: 'trying',
      request_key: HASH,
      answer_key: HASH,
      nonce: HASH,
      device_time_s: 1,
    },
    takes: [
      { state: 'waiting' },
      { state: 'refused', request_key: null },
      { state: 'enrolled', request_key: null },
    ],
    breaks: {
      [`${UNIQUE}enrolment.enrolment_number`]: [{ device_time_s: 2 }],
      [`${CHECK}state IN ('trying', 'waiting', 'refused', 'enrolled')`]: [{ state: 'lost' }],
      [`${CHECK}(request_key IS NULL) = (state IN ('refused', 'enrolled'))`]: [
        { request_key: null },
        { request_key: null, state: 'waiting' },
        { state: 'refused' },
        { state: 'enrolled' },
      ],
    },
    mayBeEmpty: ['request_key', 'answer_key', 'device_key', 'refusal'],
  },
  {
    table: 'device',
    row: { only_one: 1, high_water_ms: 0, offset_ms: 0, available_minor: null },
    breaks: {
      [`${UNIQUE}device.only_one`]: [{ offset_ms: 1 }],
      [`${CHECK}only_one = 1`]: [{ only_one: 2 }],
    },
    mayBeEmpty: ['available_minor', 'next_key', 'not_understood', 'spoken_level'],
  },
  {
    table: 'earlier_identity',
    row: { kid: Buffer.alloc(4), content: HASH },
    breaks: {
      [`${UNIQUE}earlier_identity.kid`]: [{ content: Buffer.alloc(1) }],
      [`${CHECK}length(kid) = 4`]: [{ kid: Buffer.alloc(3) }, { kid: Buffer.alloc(5) }],
    },
  },
  {
    table: 'stop',
    row: { only_one: 1, reason: 'terminal-revoked', why: 'stolen', sequence: 1, said_at_s: 1 },
    takes: [{ reason: 'terminal-locked' }],
    breaks: {
      [`${UNIQUE}stop.only_one`]: [{ why: 'by-staff' }],
      [`${CHECK}only_one = 1`]: [{ only_one: 2 }],
      [`${CHECK}reason IN ('terminal-revoked', 'terminal-locked')`]: [{ reason: 'content-altered' }],
    },
  },
  {
    table: 'alarm',
    row: { kind: 'printer', subject: '', since_ms: 1 },
    breaks: { [`${UNIQUE}alarm.kind, alarm.subject`]: [{ since_ms: 2 }] },
  },
  {
    table: 'ticket_facts',
    row: { id: 1, content: '{}' },
    breaks: {
      [`${UNIQUE}ticket_facts.id`]: [{ content: '[]' }],
      [`${UNIQUE}ticket_facts.content`]: [{ id: 2 }],
    },
  },
  {
    table: 'schema_file',
    row: { name: '0009-more.sql', digest: 'a'.repeat(64) },
    breaks: {
      [`${UNIQUE}schema_file.name`]: [{ digest: 'b'.repeat(64) }],
      [`${CHECK}length(digest) = 64`]: [{ digest: 'a'.repeat(63) }, { digest: 'a'.repeat(65) }],
    },
  },
  {
    table: 'card_letter',
    row: { epoch: 1, card: 'C1', recipient: HASH },
    breaks: { [`${UNIQUE}card_letter.epoch, card_letter.card`]: [{ recipient: Buffer.alloc(1) }] },
  },
  {
    table: 'kept_head',
    row: { n: 0, hash: HASH, kept_at_ms: 1 },
    breaks: {
      [`${UNIQUE}kept_head.n, kept_head.hash`]: [{ kept_at_ms: 2 }],
      [`${CHECK}n >= 0`]: [{ n: -1 }],
      [`${CHECK}length(hash) = 32`]: [{ hash: Buffer.alloc(31) }, { hash: Buffer.alloc(33) }],
    },
  },
  {
    table: 'request',
    row: {
      sequence: 1,
      kind: 'supply-order',
      frame: HASH,
      payload_hash: HASH,
      made_at_ms: 1,
      state: 'asked',
      answer: null,
    },
    takes: [{ state: 'answered', answer: HASH }, { state: 'burnt' }],
    breaks: {
      [`${UNIQUE}request.sequence`]: [{ kind: 'another' }],
      [`${CHECK}sequence > 0`]: [{ sequence: 0 }],
      [`${CHECK}state IN ('asked', 'answered', 'burnt')`]: [{ state: 'lost' }],
      [`${CHECK}(answer IS NOT NULL) = (state = 'answered')`]: [
        { state: 'answered' },
        { answer: HASH },
        { state: 'burnt', answer: HASH },
      ],
    },
    mayBeEmpty: ['answer'],
  },
  {
    table: 'supply_order',
    row: { id: 1, at_ms: 1, state: 'asked', sequence: 1, receipt_sequence: 1 },
    takes: [
      { state: 'waiting', sequence: null, receipt_sequence: null },
      { state: 'delivered' },
      { state: 'receipted' },
      { state: 'refused' },
    ],
    breaks: {
      [`${UNIQUE}supply_order.id`]: [{ sequence: null, receipt_sequence: null }],
      [`${UNIQUE}supply_order.sequence`]: [{ id: 2, receipt_sequence: null }],
      [`${UNIQUE}supply_order.receipt_sequence`]: [{ id: 2, sequence: null }],
      [`${CHECK}state IN ('waiting', 'asked', 'delivered', 'receipted', 'refused')`]: [{ state: 'lost' }],
      [FOREIGN_KEY]: [{ sequence: 2 }, { receipt_sequence: 2 }],
    },
    mayBeEmpty: ['sequence', 'expires_at_s', 'delivery_hash', 'receipt_sequence', 'refusal'],
  },
  {
    table: 'supply_order_line',
    row: { supply_order: 1, product, operator, digits: 14, quantity: 1 },
    breaks: {
      [`${UNIQUE}supply_order_line.supply_order, supply_order_line.product`]: [{ quantity: 2 }],
      [`${CHECK}quantity > 0`]: [{ quantity: 0 }],
      [FOREIGN_KEY]: [{ supply_order: 2 }],
    },
  },
  {
    table: 'safe_run',
    row: {
      id: 1,
      delivery: 1,
      epoch: 1,
      operator,
      product,
      lot: 'L1',
      expires_on: '2027-06-30',
      digits: 14,
      first_serial: 100,
      count: 10,
      next_index: 0,
    },
    takes: [
      { count: 1 },
      { next_index: 10 },
      { barred: 'held' },
      { barred: 'recalled' },
      { barred: 'stolen' },
    ],
    breaks: {
      [`${UNIQUE}safe_run.id`]: [{ first_serial: 200 }],
      [`${CHECK}barred IN ('held', 'recalled', 'stolen')`]: [{ barred: 'lost' }],
      [`${CHECK}count > 0`]: [{ count: 0 }],
      [`${CHECK}next_index BETWEEN 0 AND count`]: [{ next_index: 11 }, { next_index: -1 }],
      // One serial in common is enough, at either end.
      [ON_BOARD]: [
        { id: 2 },
        { id: 2, first_serial: 109, count: 1 },
        { id: 2, first_serial: 91 },
        { id: 2, first_serial: 90, count: 30 },
      ],
      [FOREIGN_KEY]: [{ delivery: 2 }],
    },
    mayBeEmpty: ['barred'],
  },
  {
    table: 'safe_codes',
    row: { run: 1, codes: HASH },
    breaks: { [`${UNIQUE}safe_codes.run`]: [{ codes: Buffer.alloc(1) }], [FOREIGN_KEY]: [{ run: 2 }] },
  },
  {
    table: 'shelf',
    row: { product, full: 10 },
    breaks: { [`${UNIQUE}shelf.product`]: [{ full: 11 }] },
  },
  {
    table: 'sale',
    row: {
      number: 1,
      sale_id: 's1',
      run: 1,
      run_index: 0,
      operator,
      product,
      serial: 100,
      price_minor: 5_000,
      currency: 'TND',
      vendor: '02',
      card: 'C1',
      lease_until_ms: 2,
      at_ms: 1,
      locale: 'fr',
      state: 'intent',
    },
    takes: [{ state: 'printed' }, { state: 'in_doubt' }, { state: 'damaged' }],
    breaks: {
      [`${UNIQUE}sale.number`]: [{ sale_id: 's2', serial: 101 }],
      [`${UNIQUE}sale.sale_id`]: [{ number: 2, serial: 101 }],
      [`${UNIQUE}sale.operator, sale.serial`]: [{ number: 2, sale_id: 's2' }],
      [`${CHECK}number > 0`]: [{ number: 0 }],
      [`${CHECK}state IN ('intent', 'printed', 'in_doubt', 'damaged')`]: [{ state: 'lost' }],
      // At the very end of the lease it is too late.
      [`${CHECK}at_ms < lease_until_ms`]: [{ at_ms: 2 }, { at_ms: 3 }],
      [FOREIGN_KEY]: [{ run: 2 }, { ticket_facts: 2 }],
    },
    mayBeEmpty: ['ended_at_ms', 'reported_in', 'ticket_facts'],
  },
  {
    table: 'ticket_event',
    row: { id: 1, sale: 1, what: 'in-doubt', at_ms: 1 },
    takes: [{ what: 'settled-sold' }, { what: 'settled-damaged' }, { what: 'duplicate' }],
    breaks: {
      [`${UNIQUE}ticket_event.id`]: [{ at_ms: 2 }],
      [`${CHECK}what IN ('in-doubt', 'settled-sold', 'settled-damaged', 'duplicate')`]: [{ what: 'lost' }],
      [FOREIGN_KEY]: [{ sale: 2 }],
    },
    mayBeEmpty: ['reported_in'],
  },
  {
    table: 'vendor',
    row: { id: '02', password_hash: 'h', card: 'C1' },
    takes: [{ id: 'owner', card: null }],
    breaks: {
      [`${UNIQUE}vendor.id`]: [{ password_hash: 'another' }],
      [`${CHECK}(card IS NULL) = (id = 'owner')`]: [{ card: null }, { id: 'owner' }],
    },
    mayBeEmpty: ['card'],
  },
]

let store: Store
beforeEach(() => {
  store = connectStore(':memory:')
})
afterEach(() => store.close())

function insert(table: string, row: Row): void {
  const columns = Object.keys(row)
  store
    .statement(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`)
    .run(...Object.values(row))
}

/** What SQLite says of the last of these rows, or null where all are taken. Takes them back. */
function refusalOf(table: string, rows: readonly Row[]): string | null {
  store.statement('SAVEPOINT before').run()
  try {
    for (const row of rows) insert(table, row)
    return null
  } catch (error) {
    return (error as Error).message
  } finally {
    store.statement('ROLLBACK TO before').run()
    store.statement('RELEASE before').run()
  }
}

test.each(TABLES)(
  'each constraint of $table refuses the rows that break it alone, and no others',
  ({ table, row, takes = [], breaks }) => {
    // The one row of this table that the schema itself put there.
    store.statement('DELETE FROM device').run()
    for (const before of TABLES.slice(
      0,
      TABLES.findIndex((each) => each.table === table),
    ))
      insert(before.table, before.row)
    for (const change of [{}, ...takes]) expect(refusalOf(table, [{ ...row, ...change }])).toBeNull()
    for (const [said, changes] of Object.entries(breaks))
      for (const change of changes) {
        // What must be unique is broken by a second row; anything else by the only one.
        const needsTwo = said.startsWith(UNIQUE) || said === ON_BOARD
        const rows = needsTwo ? [row, { ...row, ...change }] : [{ ...row, ...change }]
        expect([change, refusalOf(table, rows)]).toEqual([change, said])
      }
  },
)

test('the same serials of two operators do not overlap, nor do neighbours of one', () => {
  const runs = TABLES.find(({ table }) => table === 'safe_run')!
  insert('request', TABLES.find(({ table }) => table === 'request')!.row)
  insert('safe_run', runs.row)
  insert('safe_run', { ...runs.row, id: 2, operator: 'another' })
  insert('safe_run', { ...runs.row, id: 3, first_serial: 110 })
  insert('safe_run', { ...runs.row, id: 4, first_serial: 90 })
})

test('a run cannot be moved onto the first serial of another', () => {
  const runs = TABLES.find(({ table }) => table === 'safe_run')!
  insert('request', TABLES.find(({ table }) => table === 'request')!.row)
  insert('safe_run', runs.row)
  insert('safe_run', { ...runs.row, id: 2, first_serial: 200 })
  expect(() => store.statement('UPDATE safe_run SET first_serial = 100 WHERE id = 2').run()).toThrow(
    `${UNIQUE}safe_run.operator, safe_run.first_serial`,
  )
})

test('no table, no CHECK, no unique key and no reference is untried', () => {
  const all = <T>(sql: string) => store.statement(sql).all() as T[]
  const tables = all<{ name: string; sql: string }>(
    `SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`,
  )
  expect(tables.map(({ name }) => name).sort()).toEqual(TABLES.map(({ table }) => table).sort())
  for (const { name, sql } of tables) {
    const { breaks } = TABLES.find(({ table }) => table === name)!
    const said = Object.keys(breaks)
    const checks = sql.replace(/--.*/g, '').match(/\bCHECK\b/g) ?? []
    const uniques = all(`SELECT name FROM pragma_index_list('${name}') WHERE "unique"`)
    const rowidKey = /INTEGER PRIMARY KEY/.test(sql) ? 1 : 0
    const references = all(`SELECT id FROM pragma_foreign_key_list('${name}')`)
    expect([name, said.filter((words) => words.startsWith(CHECK)).length]).toEqual([name, checks.length])
    expect([name, said.filter((words) => words.startsWith(UNIQUE)).length]).toEqual([
      name,
      // Of a run's serials, below.
      uniques.length + rowidKey - (name === 'safe_run' ? 1 : 0),
    ])
    expect([name, breaks[FOREIGN_KEY]?.length ?? 0]).toEqual([name, references.length])
  }
})

test('only these columns may be without a value', () => {
  for (const { table, mayBeEmpty = [] } of TABLES) {
    const columns = store
      .statement(
        `SELECT name FROM pragma_table_info('${table}') WHERE NOT "notnull" AND pk = 0 ORDER BY name`,
      )
      .all()
      .map(({ name }) => name)
    expect([table, columns]).toEqual([table, [...mayBeEmpty].sort()])
  }
})
