// The COSE structures of this protocol (RFC 9052), each in one exact spelling:
//
//   COSE_Sign1  18([ << {1: -7, 4: kid} >>, {}, payload, signature ])      ES256, kid of 4 bytes, 64-byte r || s
//   COSE_Mac0   17([ << {1: 5, 4: kid} >>, {}, payload, tag ])             HMAC 256/256, 32-byte tag
//   recipient   [ h'', {1: -41 or -40, 4: kid}, ciphertext ]               RSAES-OAEP (RFC 8230, section 3)
//
// A signature covers Sig_structure ["Signature1", protected, external data, payload] (section 4.4), a MAC
// MAC_structure ["MAC0", …] (section 6.3). External data never travel: both sides know them.

import {
  constants,
  createHmac,
  createPublicKey,
  type KeyObject,
  publicEncrypt,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto'
import { type CborMap, type CborValue, decodeCbor, encodeCbor, Tagged } from './cbor.ts'

/** Names a key: bytes 4 long. */
export const KID_BYTES = 4
const SIGNATURE_BYTES = 64
const MAC_BYTES = 32

const SIGN1 = 18
const MAC0 = 17
const HEADER = { alg: 1, kid: 4 } as const
const ALG = { es256: -7, hmac256: 5, rsaOaepSha1: -40, rsaOaepSha256: -41 } as const

/** Who signs. The private key may live behind it. */
export interface Signer {
  readonly kid: Uint8Array
  /** ES256 (ECDSA on P-256 with SHA-256): 64 bytes, r || s. */
  sign(bytes: Uint8Array): Uint8Array
}

/** Whose signature is believed. */
export interface Verifier {
  readonly kid: Uint8Array
  /** P-256. */
  readonly publicKey: KeyObject
}

/** A signer over a P-256 private key held in this process. Throws a TypeError on any other key. */
export function p256Signer(kid: Uint8Array, privateKey: KeyObject): Signer {
  if (!isP256(privateKey) || privateKey.type !== 'private')
    throw new TypeError('ES256 signs with a P-256 key')
  return { kid, sign: (bytes) => fromDer(sign('sha256', bytes, privateKey)) }
}

// A key object that is handed over as it is, not inside an object, spares Node some 20 µs at each call; then a signature
// is DER, SEQUENCE { INTEGER r, INTEGER s } (RFC 3279, section 2.2.3), and on the line r || s.

const SEQUENCE = 0x30
const INTEGER = 0x02
const SCALAR_BYTES = SIGNATURE_BYTES / 2

/** r || s of OpenSSL's own DER. */
function fromDer(der: Buffer): Buffer {
  const signature = Buffer.alloc(SIGNATURE_BYTES)
  let at = 2
  for (const end of [SCALAR_BYTES, SIGNATURE_BYTES]) {
    const length = der[at + 1]!
    // As short as it goes, with a zero before a first bit that is set.
    const digits = der.subarray(at + 2 + Math.max(0, length - SCALAR_BYTES), at + 2 + length)
    signature.set(digits, end - digits.length)
    at += 2 + length
  }
  return signature
}

function toDer(signature: Uint8Array): Buffer {
  const der = Buffer.allocUnsafe(2 * (SCALAR_BYTES + 3) + 2)
  let at = 2
  for (const from of [0, SCALAR_BYTES]) {
    const end = from + SCALAR_BYTES
    let first = from
    while (first < end - 1 && signature[first] === 0) first++
    const padding = signature[first]! >= 0x80 ? 1 : 0
    der[at] = INTEGER
    der[at + 1] = padding + end - first
    der[at + 2] = 0
    der.set(signature.subarray(first, end), at + 2 + padding)
    at += 2 + padding + end - first
  }
  der[0] = SEQUENCE
  der[1] = at - 2
  return der.subarray(0, at)
}

function isP256(key: KeyObject): boolean {
  return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1'
}

function protectedHeader(alg: number, kid: Uint8Array): Buffer {
  if (kid.length !== KID_BYTES) throw new RangeError(`a kid has ${KID_BYTES} bytes`)
  return encodeCbor(
    new Map<number, CborValue>([
      [HEADER.alg, alg],
      [HEADER.kid, kid],
    ]),
  )
}

/** Signs a payload into a COSE_Sign1. */
export function sign1(payload: Uint8Array, externalData: Uint8Array, signer: Signer): Buffer {
  const header = protectedHeader(ALG.es256, signer.kid)
  const signature = signer.sign(encodeCbor(['Signature1', header, externalData, payload]))
  return encodeCbor(new Tagged(SIGN1, [header, new Map(), payload, signature]))
}

/** The payload, once the signature over it and the external data held; undefined otherwise. */
export function verify1(
  message: Uint8Array,
  externalData: Uint8Array,
  verifier: Verifier,
): Uint8Array | undefined {
  if (!isP256(verifier.publicKey)) throw new TypeError('ES256 verifies with a P-256 key')
  const parts = outerParts(message, SIGN1, SIGNATURE_BYTES)
  const header = protectedHeader(ALG.es256, verifier.kid)
  if (!parts || !header.equals(parts.header)) return undefined
  const holds = verify(
    'sha256',
    encodeCbor(['Signature1', header, externalData, parts.payload]),
    verifier.publicKey,
    toDer(parts.proof),
  )
  return holds ? parts.payload : undefined
}

/** MACs a payload into a COSE_Mac0. */
export function mac0(
  payload: Uint8Array,
  externalData: Uint8Array,
  kid: Uint8Array,
  macKey: KeyObject,
): Buffer {
  const header = protectedHeader(ALG.hmac256, kid)
  return encodeCbor(
    new Tagged(MAC0, [header, new Map(), payload, macOf(macKey, header, externalData, payload)]),
  )
}

/** The payload, once the MAC over it and the external data held; undefined otherwise. */
export function verifyMac0(
  message: Uint8Array,
  externalData: Uint8Array,
  kid: Uint8Array,
  macKey: KeyObject,
): Uint8Array | undefined {
  const parts = outerParts(message, MAC0, MAC_BYTES)
  const header = protectedHeader(ALG.hmac256, kid)
  if (!parts || !header.equals(parts.header)) return undefined
  const expected = macOf(macKey, header, externalData, parts.payload)
  return timingSafeEqual(expected, parts.proof) ? parts.payload : undefined
}

function macOf(key: KeyObject, header: Uint8Array, externalData: Uint8Array, payload: Uint8Array): Buffer {
  return createHmac('sha256', key)
    .update(encodeCbor(['MAC0', header, externalData, payload]))
    .digest()
}

interface OuterParts {
  readonly header: Uint8Array
  readonly payload: Uint8Array
  readonly proof: Uint8Array
}

function outerParts(message: Uint8Array, tag: number, proofBytes: number): OuterParts | undefined {
  const outer = decodeCbor(message)
  if (!(outer instanceof Tagged) || outer.tag !== tag || !Array.isArray(outer.value)) return undefined
  const [header, unprotected, payload, proof, ...more] = outer.value as CborValue[]
  if (!(header instanceof Uint8Array) || !(payload instanceof Uint8Array) || !(proof instanceof Uint8Array))
    return undefined
  if (!(unprotected instanceof Map) || unprotected.size !== 0 || more.length !== 0) return undefined
  return proof.length === proofBytes ? { header, payload, proof } : undefined
}

/**
 * The kid that a message names. Unverified: good for choosing the key to verify with, and nothing else.
 */
export function peekKid(message: Uint8Array): Buffer | undefined {
  const parts = outerParts(message, SIGN1, SIGNATURE_BYTES) ?? outerParts(message, MAC0, MAC_BYTES)
  const header = parts && decodeCbor(parts.header)
  const kid = header instanceof Map ? (header as CborMap).get(HEADER.kid) : undefined
  return kid instanceof Uint8Array && kid.length === KID_BYTES ? Buffer.from(kid) : undefined
}

// ---- Keys (RFC 9052, section 7; RFC 9053, section 7.1.1) ----

const COSE_KEY = { kty: 1, crv: -1, x: -2, y: -3 } as const
const KTY_EC2 = 2
const CRV_P256 = 1
const COORDINATE_BYTES = 32

/** A P-256 public key as COSE_Key {1: 2, -1: 1, -2: x, -3: y}. Throws a TypeError on any other key. */
export function toCoseKey(key: KeyObject): CborMap {
  if (!isP256(key)) throw new TypeError('only P-256 keys travel')
  const { x, y } = key.export({ format: 'jwk' })
  return new Map<number, CborValue>([
    [COSE_KEY.kty, KTY_EC2],
    [COSE_KEY.crv, CRV_P256],
    [COSE_KEY.x, Buffer.from(x!, 'base64url')],
    [COSE_KEY.y, Buffer.from(y!, 'base64url')],
  ])
}

/** The public key of a COSE_Key in exactly that form, or undefined; a point off the curve is none. */
export function fromCoseKey(value: CborValue | undefined): KeyObject | undefined {
  if (!(value instanceof Map) || value.size !== 4) return undefined
  const map: CborMap = value
  const x = map.get(COSE_KEY.x)
  const y = map.get(COSE_KEY.y)
  if (map.get(COSE_KEY.kty) !== KTY_EC2 || map.get(COSE_KEY.crv) !== CRV_P256) return undefined
  if (!(x instanceof Uint8Array) || !(y instanceof Uint8Array)) return undefined
  if (x.length !== COORDINATE_BYTES || y.length !== COORDINATE_BYTES) return undefined
  const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
  try {
    const jwk = { kty: 'EC', crv: 'P-256', x: base64url(x), y: base64url(y) }
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    return undefined // no point of the curve
  }
}

/** x || y, 64 bytes: what a fingerprint is taken of. */
export function coordinatesOf(publicKey: KeyObject): Buffer {
  const map = toCoseKey(publicKey)
  return Buffer.concat([map.get(COSE_KEY.x) as Uint8Array, map.get(COSE_KEY.y) as Uint8Array])
}

// ---- Key transport (RFC 8230, section 3; structure of RFC 9052, section 8.5.3: protected is empty) ----

/** OAEP's hash. SHA-1 only for keys inside a PKCS#11 token that knows no other; OAEP asks no collision resistance. */
export type OaepHash = 'sha256' | 'sha1'

/** A COSE_Recipient: one secret, closed for one RSA key. The kid is the holder's name in UTF-8. */
export interface Recipient {
  readonly holder: string
  readonly oaepHash: OaepHash
  readonly wrapped: Uint8Array
}

/** Closes a secret key for the holder of an RSA key (RSAES-OAEP, empty label, MGF1 with the same hash). */
export function wrapForRecipient(
  secret: KeyObject,
  holder: string,
  publicKey: KeyObject,
  oaepHash: OaepHash,
): Recipient {
  const clear = secret.export()
  try {
    const wrapped = publicEncrypt(
      { key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash },
      clear,
    )
    return { holder, oaepHash, wrapped }
  } finally {
    clear.fill(0)
  }
}

export function recipientToCbor({ holder, oaepHash, wrapped }: Recipient): CborValue {
  const header = new Map<number, CborValue>([
    [HEADER.alg, oaepHash === 'sha256' ? ALG.rsaOaepSha256 : ALG.rsaOaepSha1],
    [HEADER.kid, Buffer.from(holder, 'utf8')],
  ])
  return [new Uint8Array(0), header, wrapped]
}

export function recipientFromCbor(value: CborValue): Recipient | undefined {
  if (!Array.isArray(value) || value.length !== 3) return undefined
  const [empty, header, wrapped] = value as CborValue[]
  if (!(empty instanceof Uint8Array) || empty.length !== 0) return undefined
  if (!(header instanceof Map) || header.size !== 2 || !(wrapped instanceof Uint8Array)) return undefined
  const alg = (header as CborMap).get(HEADER.alg)
  const kid = (header as CborMap).get(HEADER.kid)
  if ((alg !== ALG.rsaOaepSha256 && alg !== ALG.rsaOaepSha1) || !(kid instanceof Uint8Array)) return undefined
  const holder = Buffer.from(kid).toString('utf8')
  return { holder, oaepHash: alg === ALG.rsaOaepSha256 ? 'sha256' : 'sha1', wrapped }
}
