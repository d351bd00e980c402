// Who works at an office, and who is at the screen. Sessions live in the database under the hash of a random
// token; the cookie holds the token and nothing else, so a stolen table signs nobody in.

import { createHash } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import type { Clock } from '@scratchless/voucher/clock'
import { type Random, randomBytes } from '@scratchless/voucher/random'
import { appendAudit } from '../audit-chain/audit-chain.ts'
import { inTransaction, type Pool } from '../database/database.ts'
import {
  clearFailures,
  countTry,
  deleteEndedSessions,
  deleteSession,
  deleteSessionsOf,
  findSession,
  findStaff,
  insertSession,
  insertStaff,
  listStaff,
  lockStaff,
  markDisabled,
  type StaffRow,
  setPassword,
  touchSession,
} from './staff.sql.ts'

export interface StaffNeeds {
  readonly pool: Pool
  readonly clock: Clock
  readonly random: Random
}

export interface StaffMember {
  readonly id: number
  readonly signInName: string
  readonly fullName: string
  readonly roles: readonly string[]
}

/** In order of precedence. `locked` is said even for a right password. */
type SignInRefusal = 'locked' | 'wrong-credentials'

/** Below it a guesser needs no patience (NIST SP 800-63B, 5.1.1, asks for 8; staff move money). */
const MIN_PASSWORD_LENGTH = 10
/** argon2 takes any length; a request must not make it work for long. */
export const MAX_PASSWORD_LENGTH = 200
/** Five tries, then a quarter of an hour: 480 guesses a day. */
const MAX_FAILURES = 5
const LOCK_MS = 15 * 60_000
/** A working day with overtime; a screen left alone signs out after an hour. */
const SESSION_MS = 12 * 3_600_000
const IDLE_MS = 3_600_000
/** How stale `seen_at` may be before it is written again. */
const TOUCH_MS = 60_000
const TOKEN_BYTES = 32
/** An office of a few hundred; a page shows them all. */
const MAX_STAFF = 1_000

/** Adds a member of staff; null where the sign-in name is taken. Throws a RangeError on a short password. */
export async function addStaff(
  needs: Pick<StaffNeeds, 'pool'>,
  member: { signInName: string; fullName: string; roles: readonly string[]; password: string },
): Promise<number | null> {
  const passwordHash = await hashPassword(member.password)
  return insertStaff(needs.pool, { ...member, passwordHash })
}

/** In order of precedence. */
type PasswordRefusal = 'wrong-password' | 'password-too-short'

/** A member gives himself another password. All his sessions end, so that whoever else had the old one is out. */
export async function changePassword(
  { pool, clock }: StaffNeeds,
  member: StaffMember,
  current: string,
  next: string,
): Promise<'changed' | PasswordRefusal> {
  const row = await findStaff(pool, member.signInName)
  if (row === undefined || !(await verify(row.password_hash, current))) return 'wrong-password'
  if (next.length < MIN_PASSWORD_LENGTH) return 'password-too-short'
  const passwordHash = await hashPassword(next)
  const at = new Date(clock.nowMs())
  await inTransaction(pool, async (sql) => {
    await setPassword(sql, member.id, passwordHash)
    await deleteSessionsOf(sql, member.id)
    const { signInName: actor } = member
    await appendAudit(sql, { at, actor, action: 'password-changed', subject: actor })
  })
  return 'changed'
}

/** In order of precedence. */
type DisablingRefusal = 'oneself' | 'unknown-member' | 'disabled-already'

/** A leaver: he is signed out everywhere and signs in no more. Nobody disables himself. */
export async function disableStaff(
  { pool, clock }: StaffNeeds,
  by: StaffMember,
  staffId: number,
): Promise<'disabled' | DisablingRefusal> {
  if (by.id === staffId) return 'oneself'
  const at = new Date(clock.nowMs())
  return inTransaction(pool, async (sql) => {
    const row = await lockStaff(sql, staffId)
    if (row === undefined) return 'unknown-member'
    if (row.disabled_at !== null) return 'disabled-already'
    await markDisabled(sql, staffId, at)
    await deleteSessionsOf(sql, staffId)
    await appendAudit(sql, { at, actor: by.signInName, action: 'staff-disabled', subject: row.sign_in_name })
    return 'disabled'
  })
}

export interface StaffView extends StaffMember {
  /** ISO 8601; null while he may sign in. */
  readonly disabledAt: string | null
  readonly lockedUntil: string | null
}

export async function readStaff({ pool }: Pick<StaffNeeds, 'pool'>): Promise<StaffView[]> {
  const rows = await listStaff(pool, MAX_STAFF)
  return rows.map((row) => ({
    ...memberOf(row),
    disabledAt: row.disabled_at?.toISOString() ?? null,
    lockedUntil: row.locked_until?.toISOString() ?? null,
  }))
}

function hashPassword(password: string): Promise<string> {
  if (password.length < MIN_PASSWORD_LENGTH || password.length > MAX_PASSWORD_LENGTH)
    throw new RangeError(`a password has ${MIN_PASSWORD_LENGTH} to ${MAX_PASSWORD_LENGTH} characters`)
  return hash(password)
}

/** Checks a password and starts a session. Every try takes the time of one argon2id, known name or not. */
export async function signIn(
  needs: StaffNeeds,
  signInName: string,
  password: string,
): Promise<{ token: string; member: StaffMember } | SignInRefusal> {
  const { pool, clock, random } = needs
  const now = new Date(clock.nowMs())
  const row = await findStaff(pool, signInName)
  const locked = row !== undefined && row.locked_until !== null && row.locked_until > now
  // Counted before it is verified: of many tries at once no more than five are looked at.
  const counted =
    row !== undefined &&
    !locked &&
    (await countTry(pool, row.id, {
      limit: MAX_FAILURES,
      now,
      lockedUntil: new Date(now.getTime() + LOCK_MS),
    }))
  const right = await verify(row?.password_hash ?? (await nobodysHash()), password)
  if (row !== undefined && !counted) return 'locked'
  if (row === undefined || row.disabled_at !== null) return 'wrong-credentials'
  if (!right) return 'wrong-credentials'
  await clearFailures(pool, row.id)
  const token = randomBytes(random, TOKEN_BYTES).toString('base64url')
  const endsAt = new Date(now.getTime() + SESSION_MS)
  await insertSession(pool, { tokenHash: tokenHash(token), staffId: row.id, now, endsAt })
  await deleteEndedSessions(pool, now)
  return { token, member: memberOf(row) }
}

/** Whose session this token is; null where it has ended, idled out or never was. */
export async function whoIs(needs: StaffNeeds, token: string): Promise<StaffMember | null> {
  const nowMs = needs.clock.nowMs()
  const key = tokenHash(token)
  const row = await findSession(needs.pool, key, new Date(nowMs), new Date(nowMs - IDLE_MS))
  if (row === undefined) return null
  if (nowMs - row.seen_at.getTime() > TOUCH_MS) await touchSession(needs.pool, key, new Date(nowMs))
  return memberOf(row)
}

export async function signOut(needs: StaffNeeds, token: string): Promise<void> {
  await deleteSession(needs.pool, tokenHash(token))
}

function memberOf(row: Pick<StaffRow, 'id' | 'sign_in_name' | 'full_name' | 'roles'>): StaffMember {
  return { id: row.id, signInName: row.sign_in_name, fullName: row.full_name, roles: row.roles }
}

function tokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

let nobody: Promise<string> | undefined
function nobodysHash(): Promise<string> {
  nobody ??= hash('nobody signs in with this')
  return nobody
}
