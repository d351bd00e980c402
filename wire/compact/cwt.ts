// Certificates of terminals and of the centre's signing key: CBOR Web Tokens (RFC 8392) with a `cnf` claim
// (RFC 8747), signed by the centre's root. The external data of their signature are empty, so that any CWT library
// verifies one; the root signs nothing else.
//
//   18([ << {1: -7, 4: h'00000000'} >>, {}, << {
//     1: "centre",            iss: the centre
//     2: "T00001",            sub: the terminal, or the centre for its own signing key
//     4: 1826870400,          exp, seconds
//     6: 1795334400,          iat, seconds
//     7: h'00000001',         cti: the certificate's number; messages name the key by it (kid)
//     8: {1: COSE_Key},       cnf: the key that is certified
//     -65537: 1               what it may sign: 1 as a terminal, 2 as the centre
//   } >>, signature ])

import type { KeyObject } from 'node:crypto'
import { type CborMap, type CborValue, decodeCbor, encodeCbor } from './cbor.ts'
import { fromCoseKey, KID_BYTES, type Signer, sign1, toCoseKey, type Verifier, verify1 } from './cose.ts'

/** The kid of the root. Certificates are numbered from 1, so none has it. */
export const ROOT_KID: Uint8Array = Buffer.alloc(KID_BYTES)

const CLAIM = { iss: 1, sub: 2, exp: 4, iat: 6, cti: 7, cnf: 8, purpose: -65537 } as const
const CNF_COSE_KEY = 1
const PURPOSE = { terminal: 1, centre: 2 } as const

export interface Certificate {
  /** The centre whose root signed it. */
  readonly issuer: string
  /** The terminal's id, or the centre's for its signing key. */
  readonly subject: string
  readonly purpose: 'terminal' | 'centre'
  /** The certificate's number, 4 bytes, by which messages name the key. */
  readonly kid: Uint8Array
  /** P-256. */
  readonly publicKey: KeyObject
  readonly issuedAtS: number
  /** From this second on it certifies nothing. */
  readonly expiresAtS: number
}

/** The kid of certificate number `n`, 1 … 2^32 - 1. */
export function kidOfNumber(n: number): Buffer {
  if (!Number.isInteger(n) || n < 1 || n > 0xffff_ffff) throw new RangeError('no certificate has this number')
  const kid = Buffer.alloc(KID_BYTES)
  kid.writeUInt32BE(n)
  return kid
}

/** Signs a certificate; `root` has the kid `ROOT_KID`. */
export function signCertificate(certificate: Certificate, root: Signer): Buffer {
  if (!ROOT_KID.every((byte, at) => root.kid[at] === byte)) throw new TypeError('only the root certifies')
  const claims = new Map<number, CborValue>([
    [CLAIM.iss, certificate.issuer],
    [CLAIM.sub, certificate.subject],
    [CLAIM.exp, certificate.expiresAtS],
    [CLAIM.iat, certificate.issuedAtS],
    [CLAIM.cti, certificate.kid],
    [CLAIM.cnf, new Map<number, CborValue>([[CNF_COSE_KEY, toCoseKey(certificate.publicKey)]])],
    [CLAIM.purpose, PURPOSE[certificate.purpose]],
  ])
  return sign1(encodeCbor(claims), new Uint8Array(0), root)
}

type CertificateRefusal = 'not-a-certificate' | 'not-yet' | 'expired'

/**
 * The content of a certificate that the root signed and that holds at `nowS`; a refusal otherwise, in the order
 * of `CertificateRefusal`. Where the clock cannot be trusted yet (at enrolment), give the centre's MACed time.
 */
export function verifyCertificate(
  bytes: Uint8Array,
  root: KeyObject,
  nowS: number,
): Certificate | CertificateRefusal {
  const payload = verify1(bytes, new Uint8Array(0), { kid: ROOT_KID, publicKey: root })
  const claims = payload && decodeCbor(payload)
  const certificate = claims instanceof Map ? certificateOf(claims) : undefined
  if (!certificate) return 'not-a-certificate'
  if (nowS < certificate.issuedAtS) return 'not-yet'
  return nowS >= certificate.expiresAtS ? 'expired' : certificate
}

function certificateOf(claims: CborMap): Certificate | undefined {
  const issuer = claims.get(CLAIM.iss)
  const subject = claims.get(CLAIM.sub)
  const expiresAtS = claims.get(CLAIM.exp)
  const issuedAtS = claims.get(CLAIM.iat)
  const kid = claims.get(CLAIM.cti)
  const cnf = claims.get(CLAIM.cnf)
  const purpose = claims.get(CLAIM.purpose)
  if (claims.size !== 7 || !(cnf instanceof Map) || cnf.size !== 1) return undefined
  const publicKey = fromCoseKey((cnf as CborMap).get(CNF_COSE_KEY))
  if (typeof issuer !== 'string' || typeof subject !== 'string' || !publicKey) return undefined
  if (typeof expiresAtS !== 'number' || typeof issuedAtS !== 'number') return undefined
  if (!(kid instanceof Uint8Array) || kid.length !== KID_BYTES) return undefined
  if (purpose !== PURPOSE.terminal && purpose !== PURPOSE.centre) return undefined
  const role = purpose === PURPOSE.terminal ? 'terminal' : 'centre'
  return { issuer, subject, purpose: role, kid: Buffer.from(kid), publicKey, issuedAtS, expiresAtS }
}

/** Whose messages a certificate lets us believe. */
export function verifierOf({ kid, publicKey }: Certificate): Verifier {
  return { kid, publicKey }
}
