// The head of the centre's audit chain, which an acknowledgement brings: whoever kept one shows later whether the
// chain was cut off or written anew.

import { bytes, type ContentOf, integer, mapped, record } from '../compact/shape.ts'

const HASH_BYTES = 32

export const auditHead = record({
  /** Number of the chain's last entry; 0 for a chain without any. */
  n: mapped(integer(0, Number.MAX_SAFE_INTEGER), Number, BigInt),
  /** That entry's hash; zeros where there is none. */
  hash: bytes(HASH_BYTES),
})

export type AuditHead = ContentOf<typeof auditHead>
