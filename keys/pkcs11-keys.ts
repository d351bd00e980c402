// An office's RSA keys in a PKCS#11 token, one key per purpose, found by their label. The private halves never leave
// the token. What it unwraps does: the content key of one message or one lot, which node:crypto then works with, as
// the codes themselves pass through the vault's memory.
//
// Every call waits for the token, as it would for node:crypto: 0.6 ms in SoftHSM2. Each thread has its own session.

import { createSecretKey, type KeyObject } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { writeDurably } from '@scratchless/program/durable-file'
import type pkcs11 from 'pkcs11js'
import type { HolderKey } from './holder-key.ts'
import { KeyProblem, type PairPurpose, RSA_BITS } from './party-keys.ts'
import {
  connectToken,
  findRsaKey,
  isAnswer,
  oaepOf,
  publicKeyOf,
  type Token,
  type TokenAddress,
} from './pkcs11-token.ts'

type SigningPurpose = Extract<PairPurpose, 'restock-sign'>
type UnwrappingPurpose = Extract<PairPurpose, 'restock-unwrap' | 'stock'>

/** A session's state (PKCS#11 v2.40, section 3.4); the driver has no name for it. */
const CKS_RW_USER_FUNCTIONS = 3

/** What each may do, and nothing else. */
const USES: Readonly<Record<SigningPurpose | UnwrappingPurpose, 'sign' | 'unwrap'>> = {
  'restock-sign': 'sign',
  'restock-unwrap': 'unwrap',
  stock: 'unwrap',
}

interface TokenSigner {
  /** RSASSA-PKCS1-v1_5 with SHA-256. Throws a KeyProblem where the token is gone. */
  sign(bytes: Uint8Array): Buffer
}

/** An open token. Each throws a KeyProblem where the key is missing, or may do what its purpose does not need. */
interface TokenKeys {
  signer(purpose: SigningPurpose): TokenSigner
  holder(purpose: UnwrappingPurpose): HolderKey
}

/** Opens a token of a vault for this thread. Throws a KeyProblem. */
export function connectTokenKeys(address: TokenAddress, pin: KeyObject): TokenKeys {
  const token = connectToken(address)
  logIn(token, pin)
  const { driver, module, session } = token
  return {
    signer(purpose) {
      const { privateHalf, publicKey } = findPair(token, purpose)
      const bytes = publicKey.asymmetricKeyDetails!.modulusLength! / 8
      return {
        sign(content) {
          try {
            module.C_SignInit(session, { mechanism: driver.CKM_SHA256_RSA_PKCS }, privateHalf)
            return module.C_Sign(session, Buffer.from(content), Buffer.alloc(bytes))
          } catch (error) {
            throw gone(token, error)
          }
        },
      }
    },
    holder(purpose) {
      const { privateHalf, publicKey } = findPair(token, purpose)
      return {
        publicKey,
        oaepHash: 'sha1',
        open: (closed) => unwrap(token, privateHalf, closed),
      }
    },
  }
}

/**
 * Makes the pairs that a token lacks, inside it, and leaves the others; `<purpose>.pub` for partners goes into
 * `folder`, as `makePartyKeys` does it. May be repeated. Throws a KeyProblem.
 */
export function makeTokenKeys(address: TokenAddress, pin: KeyObject, folder: string): void {
  const token = connectToken(address)
  logIn(token, pin)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const [purpose, use] of Object.entries(USES)) {
    if (findRsaKey(token, 'private', purpose) === null) generatePair(token, purpose, use)
    const publicKey = publicKeyOf(token, findRsaKey(token, 'public', purpose)!)
    writeDurably(join(folder, `${purpose}.pub`), publicKey.export({ type: 'spki', format: 'pem' }))
  }
}

function logIn({ driver, module, session, label }: Token, pin: KeyObject): void {
  const bytes = pin.export()
  try {
    // The driver takes text and no bytes: this copy of the PIN stays until it is collected.
    module.C_Login(session, driver.CKU_USER, bytes.toString())
  } catch (error) {
    // Once per process and token: another thread of it may have been first.
    if (isAnswer(error, driver.CKR_USER_ALREADY_LOGGED_IN)) return
    throw new KeyProblem(`The token "${label}" does not take the PIN: ${(error as Error).message}.`, {
      cause: error,
    })
  } finally {
    bytes.fill(0)
  }
}

function findPair(token: Token, purpose: SigningPurpose | UnwrappingPurpose) {
  const { driver, module, session, label } = token
  const privateHalf = findRsaKey(token, 'private', purpose)
  const publicHalf = findRsaKey(token, 'public', purpose)
  if (privateHalf === null || publicHalf === null)
    throw new KeyProblem(`The token "${label}" has no key "${purpose}".`)
  const is = (type: number) =>
    (module.C_GetAttributeValue(session, privateHalf, [{ type }])[0]!.value as Buffer)[0] === 1
  const signs = USES[purpose] === 'sign'
  const strict =
    is(driver.CKA_SENSITIVE) &&
    !is(driver.CKA_EXTRACTABLE) &&
    !is(driver.CKA_DECRYPT) &&
    is(driver.CKA_SIGN) === signs &&
    is(driver.CKA_UNWRAP) === !signs
  if (!strict)
    throw new KeyProblem(
      `The key "${purpose}" of the token "${label}" may leave it, or may do more than ${USES[purpose]}.`,
    )
  return { privateHalf, publicKey: publicKeyOf(token, publicHalf) }
}

function unwrap(token: Token, privateHalf: pkcs11.Handle, closed: Uint8Array): KeyObject | null {
  const { driver, module, session } = token
  let secret: pkcs11.Handle
  try {
    secret = module.C_UnwrapKey(session, oaepOf(token, 'sha1'), privateHalf, Buffer.from(closed), [
      { type: driver.CKA_CLASS, value: driver.CKO_SECRET_KEY },
      { type: driver.CKA_KEY_TYPE, value: driver.CKK_GENERIC_SECRET },
      { type: driver.CKA_TOKEN, value: false },
      { type: driver.CKA_SENSITIVE, value: false },
      { type: driver.CKA_EXTRACTABLE, value: true },
    ])
  } catch (error) {
    // SoftHSM2 has one answer (CKR_GENERAL_ERROR) to all that does not open; while we are logged in, that was it.
    if (isLoggedIn(token)) return null
    throw gone(token, error)
  }
  try {
    const [value] = module.C_GetAttributeValue(session, secret, [{ type: driver.CKA_VALUE }])
    const bytes = value!.value as Buffer
    const key = createSecretKey(bytes)
    bytes.fill(0)
    return key
  } finally {
    module.C_DestroyObject(session, secret)
  }
}

function isLoggedIn({ module, session }: Token): boolean {
  try {
    return module.C_GetSessionInfo(session).state === CKS_RW_USER_FUNCTIONS
  } catch {
    return false // no session, no log-in
  }
}

function gone({ label }: Token, cause: unknown): KeyProblem {
  return new KeyProblem(`The token "${label}" does not answer: ${(cause as Error).message}.`, { cause })
}

function generatePair({ driver, module, session }: Token, label: string, use: 'sign' | 'unwrap'): void {
  const common = [
    { type: driver.CKA_LABEL, value: label },
    { type: driver.CKA_TOKEN, value: true },
  ]
  module.C_GenerateKeyPair(
    session,
    { mechanism: driver.CKM_RSA_PKCS_KEY_PAIR_GEN },
    [
      ...common,
      { type: driver.CKA_PRIVATE, value: false },
      { type: driver.CKA_VERIFY, value: use === 'sign' },
      { type: driver.CKA_WRAP, value: use === 'unwrap' },
      { type: driver.CKA_ENCRYPT, value: false },
      { type: driver.CKA_MODULUS_BITS, value: RSA_BITS },
      { type: driver.CKA_PUBLIC_EXPONENT, value: Buffer.from([1, 0, 1]) },
    ],
    [
      ...common,
      { type: driver.CKA_PRIVATE, value: true },
      { type: driver.CKA_SENSITIVE, value: true },
      { type: driver.CKA_EXTRACTABLE, value: false },
      { type: driver.CKA_SIGN, value: use === 'sign' },
      { type: driver.CKA_SIGN_RECOVER, value: false },
      { type: driver.CKA_UNWRAP, value: use === 'unwrap' },
      // Unwrapping answers with a key that the token made of the bytes; decrypting would also serve raw RSA.
      { type: driver.CKA_DECRYPT, value: false },
    ],
  )
}
