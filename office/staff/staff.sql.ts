import type { Sql } from '../database/database.ts'

export interface StaffRow {
  id: number
  sign_in_name: string
  full_name: string
  roles: string[]
  password_hash: string
  failures: number
  locked_until: Date | null
  disabled_at: Date | null
}

export async function insertStaff(
  sql: Sql,
  row: { signInName: string; fullName: string; roles: readonly string[]; passwordHash: string },
): Promise<number | null> {
  const { rows } = await sql.query<{ id: number }>(
    `INSERT INTO staff (sign_in_name, full_name, roles, password_hash) VALUES ($1, $2, $3, $4)
     ON CONFLICT (sign_in_name) DO NOTHING RETURNING id`,
    [row.signInName, row.fullName, row.roles, row.passwordHash],
  )
  return rows[0]?.id ?? null
}

export async function findStaff(sql: Sql, signInName: string): Promise<StaffRow | undefined> {
  const { rows } = await sql.query<StaffRow>('SELECT * FROM staff WHERE sign_in_name = $1', [signInName])
  return rows[0]
}

/** By sign-in name. */
export async function listStaff(sql: Sql, limit: number): Promise<Omit<StaffRow, 'password_hash'>[]> {
  const { rows } = await sql.query<Omit<StaffRow, 'password_hash'>>(
    `SELECT id, sign_in_name, full_name, roles, failures, locked_until, disabled_at
       FROM staff ORDER BY sign_in_name LIMIT $1`,
    [limit],
  )
  return rows
}

export async function lockStaff(
  sql: Sql,
  staffId: number,
): Promise<Pick<StaffRow, 'sign_in_name' | 'disabled_at'> | undefined> {
  const { rows } = await sql.query<Pick<StaffRow, 'sign_in_name' | 'disabled_at'>>(
    'SELECT sign_in_name, disabled_at FROM staff WHERE id = $1 FOR UPDATE',
    [staffId],
  )
  return rows[0]
}

export async function markDisabled(sql: Sql, staffId: number, at: Date): Promise<void> {
  await sql.query('UPDATE staff SET disabled_at = $2 WHERE id = $1', [staffId, at])
}

export async function setPassword(sql: Sql, staffId: number, passwordHash: string): Promise<void> {
  await sql.query('UPDATE staff SET password_hash = $2, failures = 0, locked_until = NULL WHERE id = $1', [
    staffId,
    passwordHash,
  ])
}

/**
 * Counts a try, which stands as a failure until `clearFailures`. The one that reaches `limit` locks until `lockedUntil`
 * and starts a new count. False: locked meanwhile, and not counted.
 */
export async function countTry(
  sql: Sql,
  staffId: number,
  { limit, now, lockedUntil }: { limit: number; now: Date; lockedUntil: Date },
): Promise<boolean> {
  const { rowCount } = await sql.query(
    `UPDATE staff SET failures = CASE WHEN failures + 1 >= $2 THEN 0 ELSE failures + 1 END,
            locked_until = CASE WHEN failures + 1 >= $2 THEN $3 ELSE locked_until END
      WHERE id = $1 AND (locked_until IS NULL OR locked_until <= $4)`,
    [staffId, limit, lockedUntil, now],
  )
  return rowCount === 1
}

export async function clearFailures(sql: Sql, staffId: number): Promise<void> {
  await sql.query('UPDATE staff SET failures = 0, locked_until = NULL WHERE id = $1', [staffId])
}

export async function insertSession(
  sql: Sql,
  session: { tokenHash: Buffer; staffId: number; now: Date; endsAt: Date },
): Promise<void> {
  await sql.query(
    `INSERT INTO staff_session (token_hash, staff_id, started_at, seen_at, ends_at)
     VALUES ($1, $2, $3, $3, $4)`,
    [session.tokenHash, session.staffId, session.now, session.endsAt],
  )
}

interface SessionRow {
  id: number
  sign_in_name: string
  full_name: string
  roles: string[]
  seen_at: Date
}

/** The member of staff whose session is alive: not ended, not idle, not disabled meanwhile. */
export async function findSession(
  sql: Sql,
  tokenHash: Buffer,
  now: Date,
  idleSince: Date,
): Promise<SessionRow | undefined> {
  const { rows } = await sql.query<SessionRow>(
    `SELECT staff.id, sign_in_name, full_name, roles, seen_at
       FROM staff_session JOIN staff ON staff.id = staff_id
      WHERE token_hash = $1 AND ends_at > $2 AND seen_at > $3 AND disabled_at IS NULL`,
    [tokenHash, now, idleSince],
  )
  return rows[0]
}

export async function touchSession(sql: Sql, tokenHash: Buffer, now: Date): Promise<void> {
  await sql.query('UPDATE staff_session SET seen_at = $2 WHERE token_hash = $1', [tokenHash, now])
}

export async function deleteSession(sql: Sql, tokenHash: Buffer): Promise<void> {
  await sql.query('DELETE FROM staff_session WHERE token_hash = $1', [tokenHash])
}

export async function deleteSessionsOf(sql: Sql, staffId: number): Promise<void> {
  await sql.query('DELETE FROM staff_session WHERE staff_id = $1', [staffId])
}

export async function deleteEndedSessions(sql: Sql, now: Date): Promise<void> {
  await sql.query('DELETE FROM staff_session WHERE ends_at <= $1', [now])
}
