// The head of the sender's audit chain, which every message brings: `<AuditHead><N>42</N><Hash>9f86…</Hash></AuditHead>`.

import { z } from 'zod'
import type { CanonicalReader } from '../xml/canonical-reader.ts'
import { field } from '../xml/xml-text.ts'

/** What other languages and CBOR's readers hold exactly. */
const MAX_ENTRIES = BigInt(Number.MAX_SAFE_INTEGER)
const HASH_BYTES = 32

export const auditHeadField = z.strictObject({
  /** Number of the chain's last entry; 0 for a chain without any. */
  n: z.bigint().min(0n).max(MAX_ENTRIES),
  /** That entry's hash; zeros where there is none. */
  hash: z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === HASH_BYTES),
})

export type AuditHeadField = z.output<typeof auditHeadField>

export function writeAuditHead({ n, hash }: AuditHeadField): string {
  const hex = Buffer.from(hash).toString('hex')
  return `<AuditHead>${field('N', String(n))}${field('Hash', hex)}</AuditHead>`
}

/** The XSD has held both texts to their one spelling. */
export function readAuditHead(reader: CanonicalReader): object {
  reader.expect('<AuditHead>')
  const head = { n: BigInt(reader.field('N')), hash: Buffer.from(reader.field('Hash'), 'hex') }
  reader.expect('</AuditHead>')
  return head
}
