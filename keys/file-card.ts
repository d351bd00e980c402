// A card that is a file, for the demo and for development. It does not withstand theft of the disk: whoever has
// the file tries PINs at one scrypt each. So the centre caps its stock, production refuses it without an
// explicit setting, and its PIN has at least eight characters.

import {
  constants,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
} from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeDurably } from '@scratchless/program/durable-file'
import { type CardId, cardId } from '@scratchless/voucher/ids'
import type { Random } from '@scratchless/voucher/random'
import type { VendorCard } from './card.ts'
import { KeyProblem } from './party-keys.ts'
import { decryptWithPassphrase, encryptWithPassphrase, type PassphraseBox } from './passphrase-box.ts'

export const MIN_FILE_CARD_PIN_LENGTH = 8
const MAX_WRONG_PINS = 3
const RSA_BITS = 2048
const SAFE_KEY_BYTES = 32

interface CardFile {
  readonly id: string
  readonly publicKey: string
  readonly privateKey: PassphraseBox
}

const CARD_FILE = 'card.json'
/** Wrong PINs so far. Beside the card, because it changes and the card does not. */
const TRIES_FILE = 'wrong-pins'

/** Makes a card in a folder of its own and returns its public key. Zeroes the PIN; RangeError on a short one. */
export async function createFileCard(
  folder: string,
  id: CardId,
  pin: Buffer,
  random: Random,
): Promise<KeyObject> {
  if (pin.length < MIN_FILE_CARD_PIN_LENGTH)
    throw new RangeError(`a file card's PIN has at least ${MIN_FILE_CARD_PIN_LENGTH} characters`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (existsSync(join(folder, CARD_FILE))) throw new Error(`${folder} holds a card already`)
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: RSA_BITS })
  const der = privateKey.export({ type: 'pkcs8', format: 'der' })
  const closed = await encryptWithPassphrase(der, pin, random)
  der.fill(0)
  pin.fill(0)
  const content: CardFile = {
    id,
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privateKey: closed,
  }
  writeDurably(join(folder, TRIES_FILE), '0\n')
  writeDurably(join(folder, CARD_FILE), `${JSON.stringify(content)}\n`)
  return publicKey
}

/** The file that is there while the card is. */
export function fileCardPath(folder: string): string {
  return join(folder, CARD_FILE)
}

/** Inserts the card of a folder. Throws where there is none, and a KeyProblem where it is damaged. */
export function insertFileCard(folder: string): VendorCard {
  const { file, publicKey } = readCardFile(join(folder, CARD_FILE))
  const triesPath = join(folder, TRIES_FILE)
  let unlocked: KeyObject | null = null
  // One try at a time: two at once would both be counted from the same number.
  let previous: Promise<unknown> = Promise.resolve()

  async function tryPin(pin: Buffer): Promise<'right' | 'blocked' | 'wrong-pin'> {
    const wrong = readWrongPins(triesPath)
    if (wrong >= MAX_WRONG_PINS) return 'blocked'
    // Counted before it is tried: a power cut during the try costs a try, not a free guess.
    writeDurably(triesPath, `${wrong + 1}\n`)
    const der = await decryptWithPassphrase(file.privateKey, pin)
    if (der === null) return wrong + 1 >= MAX_WRONG_PINS ? 'blocked' : 'wrong-pin'
    writeDurably(triesPath, '0\n')
    unlocked = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    der.fill(0)
    return 'right'
  }

  return {
    id: cardId(file.id),
    class: 'file',
    publicKey,
    verifyPin(pin) {
      const result = previous.then(() => tryPin(pin)).finally(() => pin.fill(0))
      previous = result.catch(() => undefined)
      return result
    },
    triesLeft: () => Math.max(0, MAX_WRONG_PINS - readWrongPins(triesPath)),
    unwrapSafeKey(wrapped, hash) {
      if (unlocked === null) return 'locked'
      const bytes = decryptOaep(unlocked, wrapped, hash)
      if (bytes === null || bytes.length !== SAFE_KEY_BYTES) return 'not-for-this-card'
      return {
        deriveKey(context) {
          const raw = createHmac('sha256', bytes).update(context).digest()
          const key = createSecretKey(raw)
          raw.fill(0)
          return key
        },
        forget: () => bytes.fill(0),
      }
    },
    lock() {
      unlocked = null
    },
  }
}

function readCardFile(path: string): { file: CardFile; publicKey: KeyObject } {
  const text = readFileSync(path, 'utf8')
  try {
    const file = JSON.parse(text) as CardFile
    return { file, publicKey: createPublicKey(file.publicKey) }
  } catch (error) {
    throw new KeyProblem(
      `${path}: empty or damaged, it holds no card: restore it from a copy, or have the centre revoke this card and issue another`,
      { cause: error },
    )
  }
}

/** A counter that is missing or unreadable counts as full: deleting it must not give new tries. */
function readWrongPins(path: string): number {
  const text = existsSync(path) ? readFileSync(path, 'utf8').trim() : ''
  return /^\d$/.test(text) ? Number(text) : MAX_WRONG_PINS
}

function decryptOaep(key: KeyObject, wrapped: Uint8Array, oaepHash: string): Buffer | null {
  try {
    return privateDecrypt({ key, oaepHash, padding: constants.RSA_PKCS1_OAEP_PADDING }, wrapped)
  } catch {
    // OAEP says only that it did not hold.
    return null
  }
}
