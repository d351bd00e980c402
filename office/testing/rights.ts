// For tests of grants: what each role may do with each table of a database, as PostgreSQL has it and as it should be.

import type { Pool } from '../database/database.ts'
import { OFFICE_ROLES } from '../database/roles.ts'

type Role = 'api' | 'vault' | 'auditor'

/**
 * For each table what each role may do with it: `SELECT, UPDATE (state)`. A role that is not named may do nothing;
 * `owner` makes the tables and runs no process.
 */
export type Rights = Readonly<Record<string, Partial<Record<Role, string>>>>

/** The tables that every office has in its books. */
export const OFFICE_RIGHTS: Rights = {
  staff: {
    api: 'INSERT, SELECT, UPDATE (disabled_at, failures, locked_until, password_hash)',
    auditor: 'SELECT (disabled_at, failures, full_name, id, locked_until, roles, sign_in_name)',
  },
  staff_session: { api: 'DELETE, INSERT, SELECT, UPDATE (seen_at)' },
  message_out: {
    api: 'INSERT, SELECT, UPDATE (answer, attempts, last_problem, next_try_at, settled_at, state)',
    auditor: 'SELECT',
  },
  message_in: { api: 'INSERT, SELECT, UPDATE (answer, answered_at)', auditor: 'SELECT' },
  audit_entry: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  audit_head: { api: 'SELECT, UPDATE (hash, n)', vault: 'SELECT', auditor: 'SELECT' },
  audit_lane: { api: 'SELECT, UPDATE (hash, n)', auditor: 'SELECT' },
  audit_tied: { api: 'SELECT, UPDATE (n)', auditor: 'SELECT' },
  paper_series: { api: 'INSERT, SELECT, UPDATE (last)', auditor: 'SELECT' },
  paper: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  act: { api: 'SELECT', auditor: 'SELECT' },
  act_role: { api: 'SELECT', auditor: 'SELECT' },
  request: {
    api: 'INSERT, SELECT, UPDATE (agreed_by, ended_at, ended_by, ended_why, state)',
    auditor: 'SELECT',
  },
  request_agreement: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  schema_migration: { auditor: 'SELECT' },
}

/** Those that every vault has in its own database. */
export const OFFICE_VAULT_RIGHTS: Rights = {
  kept_head: { vault: 'INSERT, SELECT', auditor: 'SELECT' },
  in_use: { auditor: 'SELECT' },
  schema_migration: { auditor: 'SELECT' },
}

/** The ledger's, in every office that keeps one: entries and settlements are only ever added. */
export const LEDGER_RIGHTS: Rights = {
  account: {
    api: 'INSERT, SELECT, UPDATE (blocked_since, blocked_why, credit_line_minor, credits_pending, credits_posted, debits_pending, debits_posted)',
    auditor: 'SELECT',
  },
  transfer: { api: 'INSERT, SELECT', auditor: 'SELECT' },
  entry: { api: 'SELECT', auditor: 'SELECT' },
  own_book_change: { api: 'DELETE, INSERT, SELECT', auditor: 'SELECT' },
  settlement: { api: 'INSERT, SELECT', auditor: 'SELECT' },
}

/** What PostgreSQL lets anybody but the owner do with the tables and sequences of a database, in the same words. */
export async function rightsIn(pool: Pool): Promise<Record<string, Record<string, string>>> {
  const { rows } = await pool.query<{ thing: string; role: string; right: string }>(
    `WITH granted AS (
       SELECT oid AS relation, (aclexplode(relacl)).grantee, (aclexplode(relacl)).privilege_type AS privilege,
              NULL AS "column"
         FROM pg_class WHERE relnamespace = 'public'::regnamespace
       UNION ALL
       SELECT attrelid, (aclexplode(attacl)).grantee, (aclexplode(attacl)).privilege_type, attname::text
         FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace AND attacl IS NOT NULL)
     SELECT relation::regclass::text AS thing,
            CASE grantee WHEN 0 THEN 'everybody' ELSE regexp_replace(pg_get_userbyid(grantee), '^test_', '') END AS role,
            privilege || coalesce(' (' || string_agg("column", ', ' ORDER BY "column" COLLATE "C") || ')', '') AS "right"
       FROM granted WHERE grantee <> (SELECT oid FROM pg_roles WHERE rolname = 'test_owner')
      GROUP BY relation, grantee, privilege, "column" IS NULL ORDER BY 1, 2, 3`,
  )
  const found: Record<string, Record<string, string>> = {}
  for (const { thing, role, right } of rows) {
    const others = found[thing]?.[role]
    found[thing] = { ...found[thing], [role]: others === undefined ? right : `${others}, ${right}` }
  }
  return found
}

/** The tables of a database; one that lies in parts counts once. */
export async function tablesIn(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT relname::text AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') AND NOT relispartition
      ORDER BY relname COLLATE "C"`,
  )
  return rows.map(({ name }) => name)
}

/** What roles may do besides: make tables, temporary ones too, or call functions of ours. */
export async function otherRightsIn(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ said: string }>(
    `SELECT role || ' may ' || what AS said
       FROM unnest($1::text[]) AS role,
            LATERAL (VALUES
              ('create in the schema', has_schema_privilege('test_' || role, 'public', 'CREATE')),
              ('create schemas', has_database_privilege('test_' || role, current_database(), 'CREATE')),
              ('make temporary tables', has_database_privilege('test_' || role, current_database(), 'TEMPORARY')),
              ('act as the owner', pg_has_role('test_' || role, 'test_owner', 'MEMBER'))) AS may (what, so)
      WHERE so`,
    [OFFICE_ROLES.filter((role) => role !== 'owner')],
  )
  return rows.map(({ said }) => said)
}

/** Functions of ours that a role may call, `role: function(arguments)`; a trigger's nobody can. */
export async function callableFunctionsIn(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ said: string }>(
    `SELECT role || ': ' || proc.oid::regprocedure AS said
       FROM pg_proc AS proc, unnest($1::text[]) AS role
      WHERE pronamespace = 'public'::regnamespace AND prorettype <> 'trigger'::regtype
        AND has_function_privilege('test_' || role, proc.oid, 'EXECUTE')
      ORDER BY 1`,
    [OFFICE_ROLES.filter((role) => role !== 'owner')],
  )
  return rows.map(({ said }) => said)
}

/** The roles that may connect to a database. */
export async function connectingRoles(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ role: string }>(
    `SELECT role FROM unnest($1::text[]) AS role
      WHERE has_database_privilege('test_' || role, current_database(), 'CONNECT')`,
    [[...OFFICE_ROLES]],
  )
  return rows.map(({ role }) => role)
}
