// A vendor card behind PKCS#11 (v2.40): the card's RSA key and each safe key stay inside the token. Opening one code
// is C_UnwrapKey into a secret that cannot be extracted, then C_Sign with HMAC-SHA-256: the token itself derives the
// key of that one code. Raw RSA is never used; it would answer any question an attacker makes up.

import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { CardId } from '@scratchless/voucher/ids'
import type pkcs11 from 'pkcs11js'
import type { OaepHash, VendorCard } from './card.ts'
import { writeDurably } from './durable-file.ts'

export const MAX_WRONG_PINS = 3
const HMAC_BYTES = 32

export interface Pkcs11CardSettings {
  /** The token's library: `/usr/lib/softhsm/libsofthsm2.so`. */
  readonly library: string
  readonly tokenLabel: string
  /** The card's number is the label of its key pair. */
  readonly id: CardId
  /** Where wrong PINs are counted: not every token locks itself. */
  readonly triesFolder: string
}

/** The driver was not compiled, or the token or its key is not there. Its message is one sentence. */
export class CardProblem extends Error {
  override name = 'CardProblem'
}

/** Inserts a card of a token. Throws a CardProblem. */
export function openPkcs11Card(settings: Pkcs11CardSettings): VendorCard {
  const driver = loadDriver()
  const token = new driver.PKCS11()
  token.load(settings.library)
  token.C_Initialize()
  const slot = token
    .C_GetSlotList(true)
    // Labels come padded to 32 bytes, with spaces or zeros.
    .find((candidate) => token.C_GetTokenInfo(candidate).label.replace(/[\0 ]+$/, '') === settings.tokenLabel)
  if (!slot) throw new CardProblem(`There is no token "${settings.tokenLabel}": insert the card.`)
  const session = token.C_OpenSession(slot, driver.CKF_SERIAL_SESSION | driver.CKF_RW_SESSION)
  const publicHandle = findKey(driver.CKO_PUBLIC_KEY)
  if (!publicHandle) throw new CardProblem(`The token "${settings.tokenLabel}" has no key "${settings.id}".`)
  const triesPath = join(settings.triesFolder, `${settings.id}.wrong-pins`)
  if (!existsSync(triesPath)) writeDurably(triesPath, '0\n')
  let unlocked = false

  function findKey(objectClass: number): pkcs11.Handle | null {
    token.C_FindObjectsInit(session, [
      { type: driver.CKA_CLASS, value: objectClass },
      { type: driver.CKA_KEY_TYPE, value: driver.CKK_RSA },
      { type: driver.CKA_LABEL, value: settings.id },
    ])
    const found = token.C_FindObjects(session)
    token.C_FindObjectsFinal(session)
    return found
  }

  function logOut() {
    if (unlocked) token.C_Logout(session)
    unlocked = false
  }

  function unwrap(wrapped: Uint8Array, hash: OaepHash): pkcs11.Handle | null {
    const privateHandle = findKey(driver.CKO_PRIVATE_KEY)
    if (!privateHandle) return null
    try {
      return token.C_UnwrapKey(session, oaep(driver, hash), privateHandle, Buffer.from(wrapped), [
        { type: driver.CKA_CLASS, value: driver.CKO_SECRET_KEY },
        { type: driver.CKA_KEY_TYPE, value: driver.CKK_GENERIC_SECRET },
        { type: driver.CKA_TOKEN, value: false },
        { type: driver.CKA_SENSITIVE, value: true },
        { type: driver.CKA_EXTRACTABLE, value: false },
        { type: driver.CKA_SIGN, value: true },
      ])
    } catch {
      // The token says only that it did not hold.
      return null
    }
  }

  return {
    id: settings.id,
    class: 'pkcs11',
    publicKey: publicKeyOf(driver, token, session, publicHandle),
    async verifyPin(pin) {
      try {
        const wrong = readWrongPins(triesPath)
        if (wrong >= MAX_WRONG_PINS) return 'blocked'
        // Counted before it is tried: a power cut during the try costs a try, not a free guess.
        writeDurably(triesPath, `${wrong + 1}\n`)
        logOut()
        try {
          token.C_Login(session, driver.CKU_USER, pin.toString('latin1'))
        } catch (error) {
          if (!/PIN/.test((error as Error).message)) throw error
          return wrong + 1 >= MAX_WRONG_PINS ? 'blocked' : 'wrong-pin'
        }
        writeDurably(triesPath, '0\n')
        unlocked = true
        return 'right'
      } finally {
        pin.fill(0)
      }
    },
    openSafe(wrapped, hash) {
      if (!unlocked) return 'locked'
      const safeKey = unwrap(wrapped, hash)
      if (safeKey === null) return 'not-for-this-card'
      return {
        deriveKey(context) {
          token.C_SignInit(session, { mechanism: driver.CKM_SHA256_HMAC }, safeKey)
          const raw = token.C_Sign(session, Buffer.from(context), Buffer.alloc(HMAC_BYTES))
          const key = createSecretKey(raw)
          raw.fill(0)
          return key
        },
        forget: () => token.C_DestroyObject(session, safeKey),
      }
    },
    lock: logOut,
  }
}

function loadDriver(): typeof pkcs11 {
  try {
    // Optional and compiled where PKCS#11 is wanted, so it is looked for at run time.
    return createRequire(import.meta.url)('pkcs11js') as typeof pkcs11
  } catch (error) {
    throw new CardProblem(
      'The PKCS#11 driver is not compiled here: npm rebuild pkcs11js --ignore-scripts=false',
      {
        cause: error,
      },
    )
  }
}

function oaep(driver: typeof pkcs11, hash: OaepHash): pkcs11.Mechanism {
  const [hashAlg, mgf] =
    hash === 'sha256' ? [driver.CKM_SHA256, driver.CKG_MGF1_SHA256] : [driver.CKM_SHA_1, driver.CKG_MGF1_SHA1]
  const parameter: pkcs11.RsaOAEP = { type: driver.CK_PARAMS_RSA_OAEP, hashAlg, mgf, source: 1 }
  return { mechanism: driver.CKM_RSA_PKCS_OAEP, parameter }
}

function publicKeyOf(
  driver: typeof pkcs11,
  token: pkcs11.PKCS11,
  session: pkcs11.Handle,
  handle: pkcs11.Handle,
): KeyObject {
  const [modulus, exponent] = token.C_GetAttributeValue(session, handle, [
    { type: driver.CKA_MODULUS },
    { type: driver.CKA_PUBLIC_EXPONENT },
  ])
  const text = (attribute: pkcs11.Attribute | undefined) => (attribute!.value as Buffer).toString('base64url')
  return createPublicKey({ key: { kty: 'RSA', n: text(modulus), e: text(exponent) }, format: 'jwk' })
}

/** A counter that is unreadable counts as full. */
function readWrongPins(path: string): number {
  const text = readFileSync(path, 'utf8').trim()
  return /^\d$/.test(text) ? Number(text) : MAX_WRONG_PINS
}
