// Two members of staff agree to one act, each with an approval key of their own, and the vault checks it itself:
// whoever captured the api process has neither key. Signed: SHA-256 over deterministic CBOR (RFC 8949, 4.2) of
// [purpose, ...fields], ECDSA on P-256, in the fixed 64-byte form.

import { type KeyObject, sign, verify } from 'node:crypto'
import { encode } from 'cborg'

/** Fields of what is approved: ids, numbers, digests of keys. Enough that no other act has the same. */
export type ApprovalField = string | number | bigint | Uint8Array

interface Approval {
  /** The approver's name in the vault's ring. */
  readonly approver: string
  readonly signature: Uint8Array
}

/** Public approval keys by approver, put into the vault's settings by ceremony. */
export type ApproverRing = ReadonlyMap<string, KeyObject>

/** In order of precedence. */
export type ApprovalRefusal = 'unknown-approver' | 'wrong-signature' | 'one-approver-only'

/** One person alone, or one person's stolen key, is not enough. */
export const APPROVERS_NEEDED = 2

function content(purpose: string, fields: readonly ApprovalField[]): Uint8Array {
  return encode([purpose, ...fields])
}

/** 64 bytes, by a P-256 private key. */
export function signApproval(
  privateKey: KeyObject,
  purpose: string,
  fields: readonly ApprovalField[],
): Buffer {
  return sign('sha256', content(purpose, fields), { key: privateKey, dsaEncoding: 'ieee-p1363' })
}

/** `approved` only where every approval given holds and two of them are by different people. */
export function verifyApprovals(
  ring: ApproverRing,
  purpose: string,
  fields: readonly ApprovalField[],
  approvals: readonly Approval[],
): 'approved' | ApprovalRefusal {
  const bytes = content(purpose, fields)
  const keys = approvals.map(({ approver }) => ring.get(approver))
  if (keys.includes(undefined)) return 'unknown-approver'
  const hold = approvals.every(({ signature }, index) =>
    verify('sha256', bytes, { key: keys[index]!, dsaEncoding: 'ieee-p1363' }, signature),
  )
  if (!hold) return 'wrong-signature'
  // Different people means different keys: one key entered under two names counts once.
  const distinct = new Set(keys.map((key) => key!.export({ type: 'spki', format: 'der' }).toString('hex')))
  return distinct.size >= APPROVERS_NEEDED ? 'approved' : 'one-approver-only'
}
