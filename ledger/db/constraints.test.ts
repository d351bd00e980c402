import { readFileSync } from 'node:fs'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LEDGER_FILES } from '../testing/ledger-database.ts'
import {
  columnsThatMayBeEmpty,
  constraintsOf,
  emptyColumnsOf,
  type TriedTable,
  triedConstraints,
  tryTables,
} from '../testing/tried-tables.ts'

const at = new Date('2026-11-22T10:00:00Z')
const depot_id = 'main'

const TABLES: readonly TriedTable[] = [
  {
    table: 'account',
    row: {
      depot_id,
      id: 'R00001',
      class: 'liability',
      currency: 'TND',
      debits_posted: 0,
      credits_posted: 0,
      debits_pending: 0,
      credits_pending: 0,
      credit_line_minor: 0,
      opened_at: at,
    },
    takes: [
      { id: 'R' },
      { id: 'R'.repeat(80) },
      { credit_line_minor: 100, debits_posted: 100 },
      { credit_line_minor: 100, debits_pending: 100 },
      { credit_line_minor: 100, debits_posted: 60, debits_pending: 60, credits_posted: 20 },
      { blocked_since: at, blocked_why: 'unpaid' },
      { class: 'asset' },
      // Without a limit it may owe anything.
      { credit_line_minor: null, debits_posted: 1_000 },
    ],
    breaks: {
      account_pkey: [{ currency: 'XOF', credit_line_minor: null }],
      account_id_check: [{ id: '' }, { id: 'R'.repeat(81) }],
      account_currency_check: [
        { currency: 'tnd' },
        { currency: 'TN' },
        { currency: 'TNDX' },
        { currency: '€' },
      ],
      account_debits_posted_check: [{ debits_posted: -1 }],
      account_credits_posted_check: [{ credits_posted: -1, credit_line_minor: null }],
      account_debits_pending_check: [{ debits_pending: -1 }],
      account_credits_pending_check: [{ credits_pending: -1 }],
      account_credit_line_minor_check: [{ credit_line_minor: -1, credits_posted: 10 }],
      account_class_check: [{ class: 'stock', credit_line_minor: null }],
      account_blocked_why_check: [{ blocked_since: at, blocked_why: 'late' }],
      account_blocked_known: [{ blocked_since: at }, { blocked_why: 'overdue' }],
      account_limit_of_holder: [{ class: 'income' }, { class: 'expense' }, { class: 'equity' }],
      account_within_limit: [
        { credit_line_minor: 100, debits_posted: 101 },
        { credit_line_minor: 100, debits_pending: 101 },
        { credit_line_minor: 100, debits_posted: 60, debits_pending: 61, credits_posted: 20 },
        // Pending credits do not count before they are posted.
        { credit_line_minor: 100, debits_posted: 101, credits_pending: 1 },
      ],
    },
    mayBeEmpty: ['credit_line_minor', 'blocked_since', 'blocked_why'],
  },
  {
    table: 'account',
    row: { depot_id, id: 'sales', class: 'income', currency: 'TND', opened_at: at },
    breaks: {},
  },
  {
    table: 'transfer',
    row: {
      depot_id,
      id: 'supply:T00001:17',
      kind: 'supply',
      subject: 'R00001',
      currency: 'TND',
      is_pending: true,
      made_at: at,
      booked_on: '2026-11-22',
      debit: 'R00001',
      credit: 'sales',
      amount_minor: 1,
    },
    takes: [{ id: 't' }, { id: 't'.repeat(120) }, { document: 'd' }, { document: 'd'.repeat(60) }],
    breaks: {
      transfer_pkey: [{ kind: 'deposit' }],
      transfer_id_check: [{ id: '' }, { id: 't'.repeat(121) }],
      transfer_amount_minor_check: [{ amount_minor: 0 }, { amount_minor: -1 }],
      transfer_document_check: [{ document: '' }, { document: 'd'.repeat(61) }],
      transfer_between_two: [{ credit: 'R00001' }],
      transfer_debit_fkey: [{ debit: 'R00002' }],
      transfer_credit_fkey: [{ credit: 'R00002' }],
      transfer_reverses_fkey: [{ id: 'back', reverses: 'supply:T00001:18' }],
    },
    mayBeEmpty: ['document', 'reverses'],
  },
  {
    table: 'transfer',
    row: {
      ...{ depot_id, id: 'back', kind: 'correction', subject: 'R00001', currency: 'TND', is_pending: false },
      ...{ made_at: at, booked_on: '2026-11-22', debit: 'sales', credit: 'R00001', amount_minor: 1 },
      reverses: 'supply:T00001:17',
    },
    breaks: { transfer_reversed_once: [{ id: 'back again' }] },
  },
  {
    table: 'own_book_change',
    row: {
      ...{ depot_id, account_id: 'sales', debits_posted: 0, credits_posted: -1 },
      ...{ debits_pending: 0, credits_pending: 1 },
    },
    breaks: {},
  },
  {
    table: 'settlement',
    row: { depot_id, transfer_id: 'supply:T00001:17', outcome: 'posted', reason: 'receipt', settled_at: at },
    takes: [{ outcome: 'voided' }],
    breaks: {
      settlement_pkey: [{ outcome: 'voided' }],
      settlement_outcome_check: [{ outcome: 'pending' }],
      settlement_depot_id_transfer_id_fkey: [{ transfer_id: 'supply:T00001:18' }],
    },
  },
]
const NAMES = TABLES.map(({ table }) => table)

const schema = `ledger_constraints_${process.pid}`
let client: pg.Client
beforeAll(async () => {
  client = new pg.Client({
    connectionString: process.env.SCRATCHLESS_TEST_DATABASE_URL,
    options: `-c search_path=${schema}`,
  })
  await client.connect()
  await client.query(`CREATE SCHEMA ${schema}`)
  for (const file of LEDGER_FILES) await client.query(readFileSync(new URL(file, import.meta.url), 'utf8'))
})
afterAll(async () => {
  await client.query(`DROP SCHEMA ${schema} CASCADE`)
  await client.end()
})

test('each constraint refuses the rows that break it alone, and no others', async () => {
  expect(await tryTables(client, TABLES)).toEqual([])
})

test('no constraint is untried', async () => {
  expect(await constraintsOf(client, NAMES)).toEqual(triedConstraints(TABLES))
})

test('only these columns may be without a value', async () => {
  expect(await emptyColumnsOf(client, NAMES)).toEqual(columnsThatMayBeEmpty(TABLES))
})
