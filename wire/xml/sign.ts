import { createHash } from 'node:crypto'
import type { SigningKey } from './rsa-keys.ts'
import {
  SIGNATURE_END,
  SIGNATURE_START,
  SIGNATURE_VALUE,
  signedInfoAlone,
  signedInfoInside,
} from './signature-template.ts'
import type { Suite } from './suites.ts'

/**
 * Signs a document with an enveloped signature as the last child of its root (XML Signature 1.1).
 * `payload` must already be in exclusive canonical form: its bytes are what is digested.
 */
export async function signDocument(payload: string, suite: Suite, key: SigningKey): Promise<Buffer> {
  const digest = createHash('sha256').update(payload).digest('base64')
  const signature = await key.sign(suite, signedInfoAlone(suite, digest))
  const endOfRoot = payload.lastIndexOf('</')
  return Buffer.from(
    payload.slice(0, endOfRoot) +
      SIGNATURE_START +
      signedInfoInside(suite, digest) +
      SIGNATURE_VALUE.start +
      signature.toString('base64') +
      SIGNATURE_VALUE.end +
      SIGNATURE_END +
      payload.slice(endOfRoot),
  )
}
