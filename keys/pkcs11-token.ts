// A PKCS#11 (v2.40) token: what cards and offices' keys have in common. Raw RSA is never used; it would answer any
// question an attacker makes up.

import { createPublicKey, type KeyObject } from 'node:crypto'
import { createRequire } from 'node:module'
import type pkcs11 from 'pkcs11js'
import type { OaepHash } from './card.ts'
import { KeyProblem } from './party-keys.ts'

export interface TokenAddress {
  /** The token's library: `/usr/lib/softhsm/libsofthsm2.so`. */
  readonly library: string
  readonly label: string
}

/** A card has one pair, an office three. */
const MOST_KEYS = 16

/** A session with a token: everything in it is asked one thing after the other. */
export interface Token {
  readonly label: string
  readonly driver: typeof pkcs11
  readonly module: pkcs11.PKCS11
  readonly session: pkcs11.Handle
}

/** Throws a KeyProblem where the driver, its library or the token is missing. */
export function connectToken({ library, label }: TokenAddress): Token {
  const driver = loadDriver()
  const module = loadLibrary(driver, library)
  const slot = slotOf(module, label)
  if (!slot) throw new KeyProblem(`There is no token "${label}": insert it.`)
  const session = module.C_OpenSession(slot, driver.CKF_SERIAL_SESSION | driver.CKF_RW_SESSION)
  return { label, driver, module, session }
}

/** Whether the token is in its reader now. Throws a KeyProblem where driver or library is missing. */
export function isTokenIn({ library, label }: TokenAddress): boolean {
  return slotOf(loadLibrary(loadDriver(), library), label) !== undefined
}

function loadLibrary(driver: typeof pkcs11, library: string): pkcs11.PKCS11 {
  const module = new driver.PKCS11()
  try {
    module.load(library)
  } catch (error) {
    throw new KeyProblem(`There is no PKCS#11 library "${library}".`, { cause: error })
  }
  try {
    module.C_Initialize({ flags: driver.CKF_OS_LOCKING_OK })
  } catch (error) {
    // Once per process: another thread of it may have been first.
    if (!isAnswer(error, driver.CKR_CRYPTOKI_ALREADY_INITIALIZED)) throw error
  }
  return module
}

function slotOf(module: pkcs11.PKCS11, label: string): pkcs11.Handle | undefined {
  return (
    module
      .C_GetSlotList(true)
      // Labels come padded to 32 bytes, with spaces or zeros.
      .find((candidate) => module.C_GetTokenInfo(candidate).label.replace(/[\0 ]+$/, '') === label)
  )
}

/** Whether a token said just this. */
export function isAnswer(error: unknown, code: number): boolean {
  return error instanceof Error && (error as pkcs11.Pkcs11Error).code === code
}

/** The private or public half of the RSA pair of this label; null where the token has none, or does not show it. */
export function findRsaKey(
  { driver, module, session }: Token,
  half: 'private' | 'public',
  label: string,
): pkcs11.Handle | null {
  module.C_FindObjectsInit(session, [
    { type: driver.CKA_CLASS, value: half === 'private' ? driver.CKO_PRIVATE_KEY : driver.CKO_PUBLIC_KEY },
    { type: driver.CKA_KEY_TYPE, value: driver.CKK_RSA },
    { type: driver.CKA_LABEL, value: label },
  ])
  const found = module.C_FindObjects(session)
  module.C_FindObjectsFinal(session)
  return found
}

/** The labels of the RSA keys that a token shows to anybody. */
export function labelsOfRsaKeys({ driver, module, session }: Token): string[] {
  module.C_FindObjectsInit(session, [
    { type: driver.CKA_CLASS, value: driver.CKO_PUBLIC_KEY },
    { type: driver.CKA_KEY_TYPE, value: driver.CKK_RSA },
  ])
  const found = module.C_FindObjects(session, MOST_KEYS)
  module.C_FindObjectsFinal(session)
  return found.map((key) => {
    const [label] = module.C_GetAttributeValue(session, key, [{ type: driver.CKA_LABEL }])
    return (label!.value as Buffer).toString('utf8')
  })
}

export function oaepOf({ driver }: Token, hash: OaepHash): pkcs11.Mechanism {
  const [hashAlg, mgf] =
    hash === 'sha256' ? [driver.CKM_SHA256, driver.CKG_MGF1_SHA256] : [driver.CKM_SHA_1, driver.CKG_MGF1_SHA1]
  const parameter: pkcs11.RsaOAEP = { type: driver.CK_PARAMS_RSA_OAEP, hashAlg, mgf, source: 1 }
  return { mechanism: driver.CKM_RSA_PKCS_OAEP, parameter }
}

export function publicKeyOf({ driver, module, session }: Token, publicHalf: pkcs11.Handle): KeyObject {
  const [modulus, exponent] = module.C_GetAttributeValue(session, publicHalf, [
    { type: driver.CKA_MODULUS },
    { type: driver.CKA_PUBLIC_EXPONENT },
  ])
  const text = (attribute: pkcs11.Attribute | undefined) => (attribute!.value as Buffer).toString('base64url')
  return createPublicKey({ key: { kty: 'RSA', n: text(modulus), e: text(exponent) }, format: 'jwk' })
}

function loadDriver(): typeof pkcs11 {
  try {
    // Optional and compiled where PKCS#11 is wanted, so it is looked for at run time.
    return createRequire(import.meta.url)('pkcs11js') as typeof pkcs11
  } catch (error) {
    throw new KeyProblem(
      'The PKCS#11 driver is not compiled here: npm rebuild pkcs11js --ignore-scripts=false',
      { cause: error },
    )
  }
}
