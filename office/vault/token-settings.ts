// Where a vault's RSA keys lie when they lie in no key file.

import { z } from 'zod'

export const tokenSettings = z.strictObject({
  /** The token's PKCS#11 library: `/usr/lib/softhsm/libsofthsm2.so`. */
  library: z.string().startsWith('/'),
  label: z.string().min(1).max(32),
})

/**
 * With a token every partner's suite is `interop`: tokens are asked for OAEP with SHA-1, which SoftHSM2 2.6 and older
 * ones alone know, and `modern` has SHA-256.
 */
export function tokenNeedsInterop(
  { token, partners }: { token?: unknown; partners: readonly { readonly suite: string }[] },
  context: z.RefinementCtx,
): void {
  if (token === undefined) return
  for (const [index, { suite }] of partners.entries())
    if (suite !== 'interop')
      context.addIssue({
        code: 'custom',
        path: ['partners', index, 'suite'],
        message: 'must be interop, because the vault’s keys lie in a token',
      })
}
