// A vendor card behind PKCS#11: the card's RSA key and each safe key stay inside the token. Opening one code is
// C_UnwrapKey into a secret that cannot be extracted, then C_Sign with HMAC-SHA-256: the token itself derives the key
// of that one code.

import { createSecretKey } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeDurably } from '@scratchless/program/durable-file'
import { type CardId, idPattern } from '@scratchless/voucher/ids'
import type pkcs11 from 'pkcs11js'
import type { OaepHash, VendorCard } from './card.ts'
import { KeyProblem } from './party-keys.ts'
import {
  connectToken,
  findRsaKey,
  isAnswer,
  labelsOfRsaKeys,
  oaepOf,
  publicKeyOf,
  type TokenAddress,
} from './pkcs11-token.ts'

export const MAX_WRONG_PINS = 3
const HMAC_BYTES = 32

export interface Pkcs11CardSettings extends TokenAddress {
  /** Where wrong PINs are counted: not every token locks itself. */
  readonly triesFolder: string
}

/** Inserts the card of a token: its number is the label of its key pair. Throws a KeyProblem. */
export function insertPkcs11Card(settings: Pkcs11CardSettings): VendorCard {
  const token = connectToken(settings)
  const { driver, module, session } = token
  const id = labelsOfRsaKeys(token).find(isCardId)
  const publicHalf = id === undefined ? null : findRsaKey(token, 'public', id)
  if (id === undefined || publicHalf === null)
    throw new KeyProblem(`The token "${settings.label}" is no vendor card: no key of it has a card's number.`)
  const card: CardId = id
  mkdirSync(settings.triesFolder, { recursive: true, mode: 0o700 })
  const triesPath = join(settings.triesFolder, `${id}.wrong-pins`)
  if (!existsSync(triesPath)) writeDurably(triesPath, '0\n')
  let unlocked = false

  function logOut() {
    if (unlocked) module.C_Logout(session)
    unlocked = false
  }

  function unwrap(wrapped: Uint8Array, hash: OaepHash): pkcs11.Handle | null {
    const privateHalf = findRsaKey(token, 'private', card)
    if (!privateHalf) return null
    try {
      return module.C_UnwrapKey(session, oaepOf(token, hash), privateHalf, Buffer.from(wrapped), [
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
    id,
    class: 'pkcs11',
    publicKey: publicKeyOf(token, publicHalf),
    async verifyPin(pin) {
      try {
        const wrong = readWrongPins(triesPath)
        if (wrong >= MAX_WRONG_PINS) return 'blocked'
        // Counted before it is tried: a power cut during the try costs a try, not a free guess.
        writeDurably(triesPath, `${wrong + 1}\n`)
        logOut()
        try {
          module.C_Login(session, driver.CKU_USER, pin.toString('latin1'))
        } catch (error) {
          // The token itself may count, and lock itself first.
          if (isAnswer(error, driver.CKR_PIN_LOCKED)) return 'blocked'
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
    triesLeft: () => Math.max(0, MAX_WRONG_PINS - readWrongPins(triesPath)),
    unwrapSafeKey(wrapped, hash) {
      if (!unlocked) return 'locked'
      const safeKey = unwrap(wrapped, hash)
      if (safeKey === null) return 'not-for-this-card'
      return {
        deriveKey(context) {
          module.C_SignInit(session, { mechanism: driver.CKM_SHA256_HMAC }, safeKey)
          const raw = module.C_Sign(session, Buffer.from(context), Buffer.alloc(HMAC_BYTES))
          const key = createSecretKey(raw)
          raw.fill(0)
          return key
        },
        forget: () => module.C_DestroyObject(session, safeKey),
      }
    },
    lock: logOut,
  }
}

function isCardId(label: string): label is CardId {
  return idPattern('CardId').test(label)
}

/** A counter that is unreadable counts as full. */
function readWrongPins(path: string): number {
  const text = readFileSync(path, 'utf8').trim()
  return /^\d$/.test(text) ? Number(text) : MAX_WRONG_PINS
}
