// Two databases per office, its books and its vault's own; one role per process: `<party>_owner` migrates, `_api` and
// `_vault` run, `_auditor` reads. Which role may do what stands in each room's grants.sql.

import type { PartyId } from '@scratchless/voucher/ids'
import pg from 'pg'
import { newClient } from './new-client.ts'

export const OFFICE_ROLES = ['owner', 'api', 'vault', 'auditor'] as const
export type OfficeRole = (typeof OFFICE_ROLES)[number]
export type OfficeUrls = Readonly<Record<OfficeRole, string>>

/** Who may connect to the vault's own database: everybody but the api. */
export const VAULT_DATABASE_ROLES = ['owner', 'vault', 'auditor'] as const
export type VaultDatabaseRole = (typeof VAULT_DATABASE_ROLES)[number]
export type VaultUrls = Readonly<Record<VaultDatabaseRole, string>>

/** An office's two databases, by the addresses of each role. */
export interface OfficeDatabases {
  readonly books: OfficeUrls
  readonly vault: VaultUrls
}

/** A sentence for the person who gave us the database. */
export class DatabaseProblem extends Error {
  override name = 'DatabaseProblem'
}

/** `prefix` is the party's name, or where several markets share one server, a name of their own. */
export function roleName(prefix: string, role: OfficeRole): string {
  return `${prefix}_${role}`
}

/**
 * Creates what is missing of an office's databases and roles, and sets the roles' passwords; may be repeated.
 * Throws a DatabaseProblem where `adminUrl`'s role may not create databases and roles.
 */
export async function createOfficeDatabases(options: {
  adminUrl: string
  party: PartyId
  passwords: Readonly<Record<OfficeRole, string>>
  /** The name of the books' database, where it is not the party's; the vault's has `_vault` behind it. */
  database?: string
  /** What the roles' names begin with, where it is not the party's name: roles belong to the whole server. */
  rolePrefix?: string
}): Promise<OfficeDatabases> {
  const { adminUrl, party, passwords } = options
  const books = options.database ?? party
  const vault = `${books}_vault`
  const prefix = options.rolePrefix ?? party
  const admin = newClient(adminUrl)
  await admin.connect()
  try {
    await assertMayCreate(admin)
    for (const role of OFFICE_ROLES) await createRole(admin, roleName(prefix, role), passwords[role])
    await createDatabase(admin, books, prefix, OFFICE_ROLES)
    await createDatabase(admin, vault, prefix, VAULT_DATABASE_ROLES)
  } finally {
    await admin.end()
  }
  const url = (database: string) => (role: OfficeRole) => {
    const address = new URL(adminUrl)
    address.username = roleName(prefix, role)
    address.password = passwords[role]
    address.pathname = `/${database}`
    return address.href
  }
  return { books: byRole(OFFICE_ROLES, url(books)), vault: byRole(VAULT_DATABASE_ROLES, url(vault)) }
}

export function byRole<Role extends string>(
  roles: readonly Role[],
  of: (role: Role) => string,
): Readonly<Record<Role, string>> {
  return Object.fromEntries(roles.map((role) => [role, of(role)])) as Record<Role, string>
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

/** Creates a database where it is missing, and has these roles alone connect to it. */
async function createDatabase(
  admin: pg.Client,
  database: string,
  prefix: string,
  roles: readonly OfficeRole[],
): Promise<void> {
  const name = pg.escapeIdentifier(database)
  const owner = pg.escapeIdentifier(roleName(prefix, 'owner'))
  const { rowCount } = await admin.query('SELECT FROM pg_database WHERE datname = $1', [database])
  if (rowCount === 0) {
    // A role that is no superuser must be a member of the owner to give him a database.
    await admin.query(`GRANT ${owner} TO CURRENT_USER`)
    await admin.query(`CREATE DATABASE ${name} OWNER ${owner} TEMPLATE template0 ENCODING 'UTF8'`)
  }
  await admin.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`)
  for (const role of roles)
    await admin.query(`GRANT CONNECT ON DATABASE ${name} TO ${pg.escapeIdentifier(roleName(prefix, role))}`)
}
