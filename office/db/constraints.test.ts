import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  columnsThatMayBeEmpty,
  constraintsOf,
  emptyColumnsOf,
  type TriedTable,
  triedConstraints,
  tryTables,
} from '../../ledger/testing/tried-tables.ts'
import { OFFICE_MIGRATIONS } from '../database/migrate.ts'
import { type TestDatabase, testDatabase } from '../testing/test-database.ts'

const at = new Date('2026-11-22T10:00:00Z')
const later = new Date('2026-11-22T18:00:00Z')
const HASH = Buffer.alloc(32, 1)
const SHORT = Buffer.alloc(31, 1)
const LONG = Buffer.alloc(33, 1)
const ID = '3f0c8f0e-5a0c-4d5e-9d0b-0a4e6f1d2c3b'

const TABLES: readonly TriedTable[] = [
  {
    table: 'staff',
    row: {
      id: 1,
      sign_in_name: 'stock-keeper',
      full_name: 'Stock keeper',
      roles: ['stock'],
      password_hash: 'h',
    },
    takes: [{ sign_in_name: 'a0' }, { sign_in_name: 'a.b-c' }, { sign_in_name: 'a'.repeat(40) }],
    breaks: {
      staff_pkey: [{ sign_in_name: 'another' }],
      staff_sign_in_name_key: [{ id: 2 }],
      staff_sign_in_name_check: [
        { sign_in_name: 'a' },
        { sign_in_name: 'a'.repeat(41) },
        { sign_in_name: '0a' },
        { sign_in_name: 'A0' },
        { sign_in_name: 'a b' },
      ],
    },
    mayBeEmpty: ['locked_until', 'disabled_at'],
  },
  {
    table: 'staff_session',
    row: { token_hash: HASH, staff_id: 1, started_at: at, seen_at: at, ends_at: later },
    breaks: {
      staff_session_pkey: [{ seen_at: later }],
      staff_session_token_hash_check: [{ token_hash: SHORT }, { token_hash: LONG }],
      staff_session_staff_id_fkey: [{ staff_id: 2 }],
    },
  },
  {
    table: 'message_out',
    row: {
      id: ID,
      partner: 'ooredoo',
      kind: 'restock-order',
      bytes: HASH,
      state: 'waiting',
      answer: null,
      next_try_at: at,
      saved_at: at,
      settled_at: null,
    },
    takes: [{ state: 'answered', answer: HASH, settled_at: at }],
    breaks: {
      message_out_pkey: [{ partner: 'another' }],
      message_out_state_check: [{ state: 'lost', settled_at: at }],
      message_out_check: [{ state: 'answered', settled_at: at }, { answer: HASH }],
      message_out_check1: [{ settled_at: at }, { state: 'answered', answer: HASH }],
    },
    mayBeEmpty: ['answer', 'last_problem', 'settled_at'],
  },
  {
    table: 'message_in',
    row: { sender: 'centre', kind: 'restock-order', id: ID, payload_hash: HASH, taken_at: at },
    takes: [{ answer: HASH, answered_at: at }],
    breaks: {
      message_in_pkey: [{ payload_hash: Buffer.alloc(32, 2) }],
      message_in_payload_hash_check: [{ payload_hash: SHORT }, { payload_hash: LONG }],
      message_in_check: [{ answer: HASH }, { answered_at: at }],
    },
    mayBeEmpty: ['answer', 'answered_at'],
  },
  {
    table: 'audit_entry',
    row: {
      lane: 0,
      n: 1,
      at,
      actor: 'api',
      action: 'order',
      subject: 's',
      details: '{}',
      previous_hash: HASH,
      hash: HASH,
    },
    takes: [{ lane: 1 }, { lane: 32 }],
    breaks: {
      audit_entry_pkey: [{ action: 'another' }],
      audit_entry_lane_check: [{ lane: -1 }, { lane: 33 }],
      audit_entry_previous_hash_check: [{ previous_hash: SHORT }, { previous_hash: LONG }],
      audit_entry_hash_check: [{ hash: SHORT }, { hash: LONG }],
    },
  },
  {
    table: 'paper_series',
    row: { depot_id: 'main', series: 'receipt', year: 2026, last: 1 },
    takes: ['invoice', 'credit-note', 'bank-slip'].map((series) => ({ series })),
    breaks: {
      paper_series_pkey: [{ last: 2 }],
      paper_series_series_check: [{ series: 'letter' }],
      paper_series_year_check: [{ year: 2019 }, { year: 2200 }],
      paper_series_last_check: [{ year: 2027, last: 0 }],
    },
  },
  {
    table: 'paper',
    row: {
      ...{
        depot_id: 'main',
        series: 'receipt',
        year: 2026,
        number: 1,
        subject: 'R00001',
        about: 'deposit:1',
      },
      ...{ currency: 'TND', amount_minor: 1, issued_at: at, issued_by: 'amel' },
    },
    breaks: {
      paper_pkey: [{ about: 'deposit:2' }],
      paper_depot_id_series_about_key: [{ number: 2 }],
      paper_depot_id_series_year_fkey: [{ year: 2027, about: 'deposit:2' }],
      paper_without_gap: [{ number: 3, about: 'deposit:2' }],
      paper_number_check: [{ number: -1, about: 'deposit:2' }],
      paper_amount_minor_check: [{ number: 2, about: 'deposit:2', amount_minor: 0 }],
    },
    mayBeEmpty: ['previous'],
  },
  {
    table: 'kept_head',
    row: { party: 'centre', n: 0, hash: HASH, kept_at: at },
    // Two hashes at one n contradict each other, and both stay.
    breaks: {
      kept_head_pkey: [{ kept_at: later }],
      kept_head_n_check: [{ n: -1 }],
      kept_head_hash_check: [{ hash: SHORT }, { hash: LONG }],
    },
  },
  {
    table: 'act',
    row: { name: 'sell-the-office', second_from: 1 },
    takes: [{ name: 'a' }, { second_from: null }],
    breaks: {
      act_pkey: [{ second_from: 2 }],
      act_name_check: [{ name: 'Sell' }, { name: '' }, { name: 'a-' }, { name: '-a' }, { name: 'a1' }],
      act_second_from_check: [{ second_from: 0 }],
    },
    mayBeEmpty: ['second_from'],
  },
  {
    table: 'act_role',
    row: { act: 'sell-the-office', role: 'security' },
    takes: ['stock', 'support', 'finance', 'approver', 'auditor', 'administrator'].map((role) => ({ role })),
    breaks: {
      act_role_pkey: [{}],
      act_role_act_fkey: [{ act: 'sell' }],
      act_role_role_check: [{ role: 'owner' }],
    },
  },
  {
    table: 'request',
    row: {
      ...{ number: 7, kind: 'sell-the-office', subject: 's', facts: '{}', figures: '{}', hash: HASH },
      ...{ asked_by: 'amel', asked_at: at, expires_at: later },
    },
    takes: [
      ...[{ subject: 's'.repeat(100) }, { state: 'agreed', agreed_by: 'samir' }],
      { state: 'done', agreed_by: 'samir', ended_by: 'system', ended_at: later },
      { state: 'expired', ended_by: 'system', ended_at: later },
      ...['refused', 'withdrawn'].flatMap((state) =>
        ['w', 'w'.repeat(200)].map((ended_why) => ({ state, ended_by: 'b', ended_at: later, ended_why })),
      ),
    ],
    breaks: {
      request_pkey: [{ asked_by: 'another' }],
      request_number_asked_by_key: [],
      request_kind_fkey: [{ kind: 'sell' }],
      request_subject_check: [{ subject: '' }, { subject: 's'.repeat(101) }],
      request_hash_check: [{ hash: SHORT }, { hash: LONG }],
      request_state_check: [{ state: 'lost', ended_by: 'b', ended_at: later }],
      request_ended_why_check: ['', 'w'.repeat(201)].map((ended_why) => ({
        ...{ state: 'refused', ended_by: 'b', ended_at: later, ended_why },
      })),
      request_has_an_end: [{ expires_at: at }],
      request_not_ones_own: [{ state: 'agreed', agreed_by: 'amel' }],
      request_agreed_by_somebody: [
        { state: 'agreed' },
        { state: 'done', ended_by: 'system', ended_at: later },
      ],
      request_end_known: [
        { ended_by: 'b', ended_at: later },
        { state: 'agreed', agreed_by: 'samir', ended_by: 'b', ended_at: later },
        { state: 'expired' },
        { state: 'expired', ended_by: 'b' },
        { state: 'expired', ended_at: later },
      ],
      request_why_known: [
        { state: 'refused', ended_by: 'b', ended_at: later },
        { state: 'withdrawn', ended_by: 'b', ended_at: later },
        { state: 'expired', ended_by: 'b', ended_at: later, ended_why: 'w' },
        { ended_why: 'w' },
      ],
    },
    mayBeEmpty: ['agreed_by', 'ended_by', 'ended_at', 'ended_why'],
  },
  {
    table: 'request_agreement',
    row: {
      ...{ request: 7, asked_by: 'amel', given_by: 'samir', approver: 'one' },
      ...{ signature: Buffer.alloc(64), given_at: at },
    },
    takes: [{ approver: 'samir' }],
    breaks: {
      request_agreement_pkey: [{ given_by: 'nadia' }],
      request_agreement_request_given_by_key: [{ approver: 'two' }],
      request_agreement_request_asked_by_fkey: [{ request: 8 }, { asked_by: 'another' }],
      request_agreement_signature_check: [{ signature: Buffer.alloc(63) }, { signature: Buffer.alloc(65) }],
      request_agreement_not_ones_own: [{ given_by: 'amel' }, { approver: 'amel' }],
    },
  },
]
/** Its one row stands there from the start. */
const HEAD: TriedTable = {
  table: 'audit_head',
  row: { only_row: true, n: 0, hash: HASH },
  breaks: { audit_head_pkey: [{}], audit_head_only_row_check: [{ only_row: false }] },
}
/** Their rows, too, stand there from the start. */
const LANES: readonly TriedTable[] = [
  {
    table: 'audit_lane',
    row: { lane: 32 },
    breaks: { audit_lane_pkey: [{ n: 1 }], audit_lane_lane_check: [{ lane: 0 }, { lane: 33 }] },
  },
  {
    table: 'audit_tied',
    row: { lane: 32 },
    breaks: { audit_tied_pkey: [{ n: 1 }], audit_tied_lane_fkey: [{ lane: 31 }] },
  },
]
const NAMES = [...TABLES, HEAD, ...LANES].map(({ table }) => table)

let database: TestDatabase
let client: pg.Client
beforeAll(async () => {
  database = await testDatabase([OFFICE_MIGRATIONS])
  client = new pg.Client({ connectionString: database.urls.owner })
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await database.drop()
})

test('each constraint refuses the rows that break it alone, and no others', async () => {
  expect(await tryTables(client, TABLES)).toEqual([])
})

test('the head of the audit chain is one row', async () => {
  await client.query('DELETE FROM audit_head')
  expect(await tryTables(client, [HEAD])).toEqual([])
})

test('the lanes of the audit chain are there from the start, each once', async () => {
  await client.query('DELETE FROM audit_tied')
  await client.query('DELETE FROM audit_lane')
  expect(await tryTables(client, LANES)).toEqual([])
})

test('no constraint is untried', async () => {
  expect(await constraintsOf(client, NAMES)).toEqual(triedConstraints([...TABLES, HEAD, ...LANES]))
})

test('only these columns may be without a value', async () => {
  expect(await emptyColumnsOf(client, NAMES)).toEqual(columnsThatMayBeEmpty(TABLES))
})

test('a request goes from open to agreed to its end, and no way back', async () => {
  const owner = database.pool('owner')
  await owner.query(`INSERT INTO act VALUES ('try', 1)`)
  const steps: string[] = []
  const ends = {
    done: `ended_at = now(), ended_by = 'b', ended_why = NULL`,
    open: `ended_at = NULL, ended_by = NULL`,
  }
  const setTo = (state: string) =>
    state === 'agreed'
      ? `agreed_by = coalesce(agreed_by, 'samir'), ${ends.open}, ended_why = NULL`
      : state === 'open'
        ? `${ends.open}, ended_why = NULL`
        : `${ends.done}${['refused', 'withdrawn'].includes(state) ? `, ended_why = 'w'` : ''}`.replace(
            /, ended_why = NULL(?=, ended_why)/,
            '',
          )
  const STATES = ['open', 'agreed', 'done', 'refused', 'withdrawn', 'expired']
  for (const from of STATES)
    for (const to of STATES.filter((state) => state !== from)) {
      const client = await owner.connect()
      try {
        await client.query('BEGIN')
        await client.query(
          `INSERT INTO request (kind, subject, facts, figures, hash, asked_by, asked_at, expires_at)
           VALUES ('try', 's', '{}', '{}', $1, 'amel', $2, $3)`,
          [HASH, at, later],
        )
        if (from === 'done') await client.query(`UPDATE request SET state = 'agreed', agreed_by = 'samir'`)
        if (from !== 'open') await client.query(`UPDATE request SET state = '${from}', ${setTo(from)}`)
        await client.query(`UPDATE request SET state = '${to}', ${setTo(to)}`)
        steps.push(`${from} ${to}`)
      } catch (error) {
        expect((error as Error).message).toMatch(/goes from open|agreed_by_somebody/)
      } finally {
        await client.query('ROLLBACK')
        client.release()
      }
    }
  expect(steps).toEqual([
    ...['open agreed', 'open refused', 'open withdrawn', 'open expired'],
    ...['agreed done', 'agreed refused', 'agreed expired'],
  ])
})

test('who agreed stays who agreed', async () => {
  const client = await database.pool('owner').connect()
  try {
    await client.query('BEGIN')
    await client.query(
      `INSERT INTO request (kind, subject, facts, figures, hash, asked_by, asked_at, expires_at, state, agreed_by)
       VALUES ('void-codes', 's', '{}', '{}', $1, 'amel', $2, $3, 'agreed', 'samir')`,
      [HASH, at, later],
    )
    await expect(
      client.query(
        `UPDATE request SET state = 'done', agreed_by = 'nadia', ended_at = now(), ended_by = 'b'`,
      ),
    ).rejects.toThrow('goes from open to agreed')
  } finally {
    await client.query('ROLLBACK')
    client.release()
  }
})
