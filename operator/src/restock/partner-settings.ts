// A partner as the ceremony entered it: public keys, pins and terms.

import { createPublicKey } from 'node:crypto'
import type { PartnerTls } from '@scratchless/office/http/partners'
import { centreId } from '@scratchless/voucher/ids'
import { RESTOCK_LEVEL } from '@scratchless/wire/restock/restock-messages'
import { isSuite, type Suite } from '@scratchless/wire/xml/suites'
import { z } from 'zod'

const publicKeyPem = z.string().transform((pem, context) => {
  try {
    return createPublicKey(pem)
  } catch {
    context.addIssue({ code: 'custom', message: 'not a public key in PEM' })
    return z.NEVER
  }
})

export const restockPartnerSettings = z.strictObject({
  party: z.string().transform(centreId),
  suite: z.custom<Suite>((value) => typeof value === 'string' && isSuite(value), 'modern or interop'),
  /** The highest level of messages between us, agreed like the suite. */
  level: z.int().min(1).max(RESTOCK_LEVEL).default(1),
  url: z.url({ protocol: /^https$/ }),
  /** Its key for signatures, and its other one, for which codes are closed. */
  verifyKey: publicKeyPem,
  wrapKey: publicKeyPem,
  tlsAuthority: z.string(),
  /** SHA-256 of its TLS key (`fingerprintOf`). */
  tlsPin: z.string().regex(/^[0-9a-f]{64}$/),
  /** What the distributor earns, off the public price. */
  discountBasisPoints: z.int().min(0).max(10_000),
  /** What it may owe, in the operator's currency: `500000.000`. Absent: no limit. */
  guarantee: z
    .string()
    .regex(/^\d{1,12}(\.\d{1,3})?$/)
    .optional(),
})

export type RestockPartnerSettings = z.output<typeof restockPartnerSettings>

export function partnerTlsOf(partner: RestockPartnerSettings): PartnerTls {
  return { party: partner.party, authorityPem: partner.tlsAuthority, spkiSha256: partner.tlsPin }
}
