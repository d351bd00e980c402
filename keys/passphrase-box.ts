// Bytes closed under something a person knows: scrypt (RFC 7914) makes the key, AES-256-GCM closes.

import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  scrypt,
} from 'node:crypto'
import { type Random, randomBytes } from '@scratchless/voucher/random'

export interface PassphraseBox {
  readonly kdf: 'scrypt'
  readonly cost: number
  readonly salt: string
  readonly nonce: string
  /** Ciphertext, then the 16-byte tag; base64. */
  readonly closed: string
}

/** What scrypt made of a passphrase and one salt: it closes and opens every box of that salt. */
export interface PassphraseKey {
  readonly cost: number
  readonly salt: string
  readonly key: KeyObject
}

/** N = 2^15, r = 8, p = 1: 32 MiB and some 85 ms a guess on one core of 2026. */
const COST = 2 ** 15
/** A box that asks for less or more was not made by us: it would give its passphrase away, or exhaust the machine. */
const COSTS_TAKEN = { min: COST, max: 2 ** 20 } as const
const BLOCK = 8
const SALT_BYTES = 16
const NONCE_BYTES = 12
const TAG_BYTES = 16
const KEY_BYTES = 32

/** A key with a new salt. The passphrase stays the caller's, to zero. */
export async function newPassphraseKey(passphrase: Uint8Array, random: Random): Promise<PassphraseKey> {
  const salt = randomBytes(random, SALT_BYTES)
  return {
    cost: COST,
    salt: salt.toString('base64'),
    key: await deriveKey(passphrase, salt, COST),
  }
}

/** The key by which a box was closed, if this is its passphrase; null where the box is none of ours. */
export async function passphraseKeyOf(
  { kdf, cost, salt }: Pick<PassphraseBox, 'kdf' | 'cost' | 'salt'>,
  passphrase: Uint8Array,
): Promise<PassphraseKey | null> {
  if (kdf !== 'scrypt' || !Number.isInteger(Math.log2(cost))) return null
  if (cost < COSTS_TAKEN.min || cost > COSTS_TAKEN.max) return null
  return { cost, salt, key: await deriveKey(passphrase, Buffer.from(salt, 'base64'), cost) }
}

export function encryptBox(
  content: Uint8Array,
  { cost, salt, key }: PassphraseKey,
  random: Random,
): PassphraseBox {
  const nonce = randomBytes(random, NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  const closed = Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()])
  return { kdf: 'scrypt', cost, salt, nonce: nonce.toString('base64'), closed: closed.toString('base64') }
}

/** The content, for its owner to zero; null where the key is another's or the box was altered. */
export function decryptBox(box: PassphraseBox, { key }: PassphraseKey): Buffer | null {
  const closed = Buffer.from(box.closed, 'base64')
  const nonce = Buffer.from(box.nonce, 'base64')
  if (closed.length < TAG_BYTES || nonce.length !== NONCE_BYTES) return null
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAuthTag(closed.subarray(closed.length - TAG_BYTES))
  const content = decipher.update(closed.subarray(0, closed.length - TAG_BYTES))
  try {
    decipher.final()
    return content
  } catch {
    // The tag does not hold, which is all that anybody may learn.
    content.fill(0)
    return null
  }
}

/** Closes under a passphrase and a salt of its own. */
export async function encryptWithPassphrase(
  content: Uint8Array,
  passphrase: Uint8Array,
  random: Random,
): Promise<PassphraseBox> {
  return encryptBox(content, await newPassphraseKey(passphrase, random), random)
}

/** The content, for its owner to zero; null where the passphrase is wrong or the box was altered. */
export async function decryptWithPassphrase(
  box: PassphraseBox,
  passphrase: Uint8Array,
): Promise<Buffer | null> {
  const key = await passphraseKeyOf(box, passphrase)
  return key && decryptBox(box, key)
}

/**
 * The passphrase of one of a program's processes, out of the program's own: whoever holds one of them opens that
 * process's keys and can make out neither the program's passphrase nor another process's.
 */
export function passphraseFor(passphrase: Uint8Array, process: string): Buffer {
  return createHmac('sha256', passphrase).update(`scratchless passphrase 1 ${process}`).digest()
}

function deriveKey(passphrase: Uint8Array, salt: Uint8Array, cost: number): Promise<KeyObject> {
  const options = { N: cost, r: BLOCK, p: 1, maxmem: 256 * cost * BLOCK }
  return new Promise((resolve, reject) => {
    scrypt(passphrase, salt, KEY_BYTES, options, (error, bytes) => {
      if (error) return reject(error)
      const key = createSecretKey(bytes)
      bytes.fill(0)
      resolve(key)
    })
  })
}
