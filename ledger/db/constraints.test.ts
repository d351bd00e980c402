import { readFileSync } from 'node:fs'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
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
      account_within_limit: [
        { credit_line_minor: 100, debits_posted: 101 },
        { credit_line_minor: 100, debits_pending: 101 },
        { credit_line_minor: 100, debits_posted: 60, debits_pending: 61, credits_posted: 20 },
        // Pending credits do not count before they are posted.
        { credit_line_minor: 100, debits_posted: 101, credits_pending: 1 },
      ],
    },
    mayBeEmpty: ['credit_line_minor'],
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
    },
    takes: [{ id: 't' }, { id: 't'.repeat(120) }],
    breaks: {
      transfer_pkey: [{ kind: 'deposit' }],
      transfer_id_check: [{ id: '' }, { id: 't'.repeat(121) }],
    },
  },
  {
    table: 'entry',
    row: {
      depot_id,
      transfer_id: 'supply:T00001:17',
      account_id: 'R00001',
      side: 'debit',
      amount_minor: 1,
    },
    takes: [{ side: 'credit' }],
    breaks: {
      entry_pkey: [{ amount_minor: 2 }],
      entry_side_check: [{ side: 'both' }],
      entry_amount_minor_check: [{ amount_minor: 0 }, { amount_minor: -1 }],
      entry_depot_id_transfer_id_fkey: [{ transfer_id: 'supply:T00001:18' }],
      entry_depot_id_account_id_fkey: [{ account_id: 'R00002' }],
    },
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
  await client.query(readFileSync(new URL('0001-ledger.sql', import.meta.url), 'utf8'))
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
