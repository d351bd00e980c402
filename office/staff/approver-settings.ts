// Whose agreements an office believes: entered by ceremony into its settings, from where its vault reads them too.

import { createPublicKey, type KeyObject } from 'node:crypto'
import { z } from 'zod'

/** A public key in PEM. */
export const publicKeyField = z.string().transform((pem, context): KeyObject => {
  try {
    return createPublicKey(pem)
  } catch {
    context.addIssue({ code: 'custom', message: 'not a public key in PEM' })
    return z.NEVER
  }
})

export const approverSettings = z.array(
  z.strictObject({ name: z.string().min(1).max(40), publicKey: publicKeyField }),
)
