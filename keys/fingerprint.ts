// How a public key is named: the SHA-256 of its SubjectPublicKeyInfo (RFC 7469, 2.4).

import { createHash, type KeyObject } from 'node:crypto'

/** For people to compare on two screens: 80 bits, which nobody makes collide with a key he was not given. */
const SCREEN_HEX_DIGITS = 20

/** Lower-case hex, 64 digits: for pins and rings. Takes a public key. */
export function fingerprintOf(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
}

/** For screens: `3f2a 91c0 77de 10b4 e9a8`. */
export function screenFingerprint(publicKey: KeyObject): string {
  return fingerprintOf(publicKey)
    .slice(0, SCREEN_HEX_DIGITS)
    .replace(/(.{4})(?=.)/g, '$1 ')
}
