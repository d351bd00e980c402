// How a public key is named: the SHA-256 of its SubjectPublicKeyInfo (RFC 7469, 2.4).

import { createHash, type KeyObject } from 'node:crypto'

/** Lower-case hex, 64 digits: for pins and rings. Takes a public key. */
export function fingerprintOf(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
}
