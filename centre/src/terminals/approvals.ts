// Approvals are collected here and judged in the vault: one that the vault would refuse alone is refused at once,
// so that a mistyped signature does not stay in the way.

import type { ApprovalField } from '@scratchless/office/staff/approval'
import { APPROVERS_NEEDED, verifyApprovals } from '@scratchless/office/staff/approval'
import { HttpRefusal } from '@scratchless/program/http/http-server'
import type { CentreNeeds } from '../needs.ts'
import { insertApproval, readApprovals, type StoredApproval } from './terminals.sql.ts'

interface ApprovedAct {
  readonly purpose: 'certify-terminal' | 'register-card'
  /** What the approvals are collected under: an enrolment's number, a card's. */
  readonly subject: string
  readonly fields: readonly ApprovalField[]
}

/** Stores one approval; all of them once there are enough for the vault, null before. */
export async function collectApproval(
  { pool, clock, settings }: CentreNeeds,
  act: ApprovedAct,
  approval: { approver: string; signature: string },
): Promise<StoredApproval[] | null> {
  const signature = Buffer.from(approval.signature, 'base64')
  const ring = new Map(settings.approvers.map(({ name, publicKey }) => [name, publicKey]))
  const given = { approver: approval.approver, signature }
  const alone = verifyApprovals(ring, act.purpose, act.fields, [given])
  if (alone === 'unknown-approver' || alone === 'wrong-signature') throw new HttpRefusal(403, alone)
  await insertApproval(pool, { ...act, ...given, givenAt: new Date(clock.nowMs()) })
  const all = await readApprovals(pool, act.purpose, act.subject)
  return all.length >= APPROVERS_NEEDED ? all : null
}
