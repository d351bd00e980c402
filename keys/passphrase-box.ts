// Bytes closed under something a person knows: scrypt (RFC 7914) makes the key, AES-256-GCM closes.

import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, scrypt } from 'node:crypto'
import { type Random, randomBytes } from '@scratchless/voucher/random'

export interface PassphraseBox {
  readonly kdf: 'scrypt'
  readonly cost: number
  readonly salt: string
  readonly nonce: string
  /** Ciphertext, then the 16-byte tag; base64. */
  readonly closed: string
}

/** N = 2^15, r = 8, p = 1: 32 MiB and some 85 ms a guess on one core of 2026. */
const COST = 2 ** 15
/** A box that asks for more was not made by us, and would let a file exhaust the machine. */
const MAX_COST = 2 ** 20
const BLOCK = 8
const SALT_BYTES = 16
const NONCE_BYTES = 12
const TAG_BYTES = 16
const KEY_BYTES = 32

export async function closeWithPassphrase(
  content: Uint8Array,
  passphrase: Uint8Array,
  random: Random,
): Promise<PassphraseBox> {
  const salt = randomBytes(random, SALT_BYTES)
  const nonce = randomBytes(random, NONCE_BYTES)
  const key = await deriveKey(passphrase, salt, COST)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  const closed = Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()])
  return {
    kdf: 'scrypt',
    cost: COST,
    salt: salt.toString('base64'),
    nonce: nonce.toString('base64'),
    closed: closed.toString('base64'),
  }
}

/** The content, for its owner to zero; null where the passphrase is wrong or the box was altered. */
export async function openWithPassphrase(box: PassphraseBox, passphrase: Uint8Array): Promise<Buffer | null> {
  if (box.kdf !== 'scrypt' || !Number.isInteger(box.cost) || box.cost < 2 || box.cost > MAX_COST) return null
  const closed = Buffer.from(box.closed, 'base64')
  const key = await deriveKey(passphrase, Buffer.from(box.salt, 'base64'), box.cost)
  const nonce = Buffer.from(box.nonce, 'base64')
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
