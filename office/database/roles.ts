// One database per office; one role per process: `<party>_owner` migrates, `_api` and `_vault` run,
// `_auditor` reads. Which role may do what stands in each room's grants.sql.

import type { PartyId } from '@scratchless/voucher/ids'
import pg from 'pg'

export const OFFICE_ROLES = ['owner', 'api', 'vault', 'auditor'] as const
export type OfficeRole = (typeof OFFICE_ROLES)[number]
export type OfficeUrls = Readonly<Record<OfficeRole, string>>

/** A sentence for the person who gave us the database. */
export class DatabaseProblem extends Error {
  override name = 'DatabaseProblem'
}

/** `prefix` is the party's name, or where several markets share one server, a name of their own. */
export function roleName(prefix: string, role: OfficeRole): string {
  return `${prefix}_${role}`
}

/**
 * Creates what is missing of an office's database and roles, and sets the roles' passwords; may be repeated.
 * Returns one address per role. Throws a DatabaseProblem where `adminUrl`'s role may not create databases and roles.
 */
export async function createOfficeDatabase(options: {
  adminUrl: string
  party: PartyId
  passwords: Readonly<Record<OfficeRole, string>>
  /** The database's name, where it is not the party's. */
  database?: string
  /** What the roles' names begin with, where it is not the party's name: roles belong to the whole server. */
  rolePrefix?: string
}): Promise<OfficeUrls> {
  const { adminUrl, party, passwords } = options
  const database = options.database ?? party
  const prefix = options.rolePrefix ?? party
  const admin = new pg.Client({ connectionString: adminUrl })
  await admin.connect()
  try {
    await assertMayCreate(admin)
    for (const role of OFFICE_ROLES) await createRole(admin, roleName(prefix, role), passwords[role])
    await createDatabase(admin, database, roleName(prefix, 'owner'))
    const name = pg.escapeIdentifier(database)
    await admin.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`)
    for (const role of OFFICE_ROLES)
      await admin.query(`GRANT CONNECT ON DATABASE ${name} TO ${pg.escapeIdentifier(roleName(prefix, role))}`)
  } finally {
    await admin.end()
  }
  const url = (role: OfficeRole) => {
    const address = new URL(adminUrl)
    address.username = roleName(prefix, role)
    address.password = passwords[role]
    address.pathname = `/${database}`
    return address.href
  }
  return { owner: url('owner'), api: url('api'), vault: url('vault'), auditor: url('auditor') }
}

async function assertMayCreate(admin: pg.Client): Promise<void> {
  const { rows } = await admin.query<{ may: boolean; name: string }>(
    `SELECT rolsuper OR (rolcreatedb AND rolcreaterole) AS may, rolname AS name
       FROM pg_roles WHERE rolname = current_user`,
  )
  if (!rows[0]?.may)
    throw new DatabaseProblem(`The database role "${rows[0]?.name}" may not create databases and roles.`)
}

async function createRole(admin: pg.Client, name: string, password: string): Promise<void> {
  const role = pg.escapeIdentifier(name)
  const { rowCount } = await admin.query('SELECT FROM pg_roles WHERE rolname = $1', [name])
  // CREATE ROLE takes no parameters; both values are quoted by the driver.
  const verb = rowCount === 0 ? 'CREATE' : 'ALTER'
  await admin.query(`${verb} ROLE ${role} LOGIN PASSWORD ${pg.escapeLiteral(password)}`)
}

async function createDatabase(admin: pg.Client, name: string, owner: string): Promise<void> {
  const { rowCount } = await admin.query('SELECT FROM pg_database WHERE datname = $1', [name])
  if (rowCount !== 0) return
  // A role that is no superuser must be a member of the owner to give him a database.
  await admin.query(`GRANT ${pg.escapeIdentifier(owner)} TO CURRENT_USER`)
  await admin.query(
    `CREATE DATABASE ${pg.escapeIdentifier(name)} OWNER ${pg.escapeIdentifier(owner)}
       TEMPLATE template0 ENCODING 'UTF8'`,
  )
}
