// A party's private keys: one key per purpose, one file per key, mode 0600, closed under a passphrase where one
// is given; a folder for each process, so that it can be that process's account's alone. No RSA key both signs and
// decrypts; the TLS key opens no code.
//
// RSA has 2,048 bits: 0.25 ms to decrypt or sign on one core against 0.66 with 3,072, once per part of a delivery
// and per lot record, and 128 bytes less in every card letter on a slow line. Its strength, 112 bits, is what
// NIST SP 800-57 accepts until 2030; codes live two years. A longer key is one number here and a new ceremony.

import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  X509Certificate,
} from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeDurably } from '@scratchless/program/durable-file'
import { type Random, randomBytes } from '@scratchless/voucher/random'
import {
  decryptBox,
  encryptBox,
  newPassphraseKey,
  type PassphraseBox,
  type PassphraseKey,
  passphraseKeyOf,
} from './passphrase-box.ts'

export const RSA_BITS = 2048
const SECRET_BYTES = 32

/** What a pair is for, and so of which kind it is. */
const PAIR_KINDS = {
  /** Signs restock messages. */
  'restock-sign': 'rsa',
  /** Opens what a partner closed for us in a restock message. */
  'restock-unwrap': 'rsa',
  /** Opens the content keys of our own lot records: we are their holder. */
  stock: 'rsa',
  /** Signs supply messages. */
  'supply-sign': 'p256',
  /** A terminal's second place for one: each renewal makes the next key in the place that is not in use. */
  'supply-sign-next': 'p256',
  /** Certifies terminals and the centre's supply key. */
  root: 'p256',
  /** Signs one member of staff's approvals. */
  approval: 'p256',
  /** Issues our TLS certificates; offline but for that. */
  'tls-authority': 'p256',
  tls: 'p256',
} as const

export type PairPurpose = keyof typeof PAIR_KINDS
/**
 * Secrets of a vault: the MAC over lot records, one fingerprint key per operator whose codes it knows, and the PIN of
 * the token that holds its RSA keys, where one does.
 */
type SecretPurpose = MadeSecret | 'token-pin'
type MadeSecret = 'lot-mac' | `fingerprint-${string}`

export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/**
 * A key that cannot be had: its file is missing, altered, or closed under another passphrase, or its token is not
 * there. One sentence, which names the file or the token, never its content.
 */
export class KeyProblem extends Error {
  override name = 'KeyProblem'
}

export function generatePair(purpose: PairPurpose): KeyPair {
  return PAIR_KINDS[purpose] === 'rsa'
    ? generateKeyPairSync('rsa', { modulusLength: RSA_BITS })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

/**
 * Makes the keys that a folder lacks, and leaves the others: `<purpose>.key` closed or plain, `<purpose>.pub`
 * (PEM, SubjectPublicKeyInfo) for partners. May be repeated.
 */
export async function makePartyKeys(
  folder: string,
  purposes: { pairs: readonly PairPurpose[]; secrets?: readonly MadeSecret[] },
  needs: KeyMaking,
): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const lacks = (purpose: string) => !existsSync(keyFile(folder, purpose))
  const pairs = purposes.pairs.filter(lacks)
  const secrets = (purposes.secrets ?? []).filter(lacks)
  if (pairs.length + secrets.length === 0) return
  const { random } = needs
  const key = await closingKey(needs)
  for (const purpose of pairs) {
    const { privateKey, publicKey } = generatePair(purpose)
    // The public half first: a private key that exists always has its public file.
    writeDurably(join(folder, `${purpose}.pub`), publicKey.export({ type: 'spki', format: 'pem' }))
    writeKey(folder, purpose, privateKey.export({ type: 'pkcs8', format: 'der' }), key, random)
  }
  for (const purpose of secrets) writeKey(folder, purpose, randomBytes(random, SECRET_BYTES), key, random)
}

/** Makes a pair anew, in place of one that is in use no more. */
export async function remakePair(folder: string, purpose: PairPurpose, needs: KeyMaking): Promise<KeyPair> {
  const key = await closingKey(needs)
  const pair = generatePair(purpose)
  writeDurably(join(folder, `${purpose}.pub`), pair.publicKey.export({ type: 'spki', format: 'pem' }))
  writeKey(folder, purpose, pair.privateKey.export({ type: 'pkcs8', format: 'der' }), key, needs.random)
  return pair
}

/** Keeps the PIN of a token in a key folder, in place of an earlier one; zeroes `pin`. */
export async function keepTokenPin(folder: string, pin: Buffer, needs: KeyMaking): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeKey(folder, 'token-pin', pin, await closingKey(needs), needs.random)
}

interface KeyMaking {
  readonly random: Random
  /** Absent: the keys lie open. */
  readonly passphrase?: Uint8Array
}

async function closingKey({ random, passphrase }: KeyMaking): Promise<PassphraseKey | null> {
  return passphrase === undefined ? null : newPassphraseKey(passphrase, random)
}

/** The keys of a folder, opened one by one. Each throws a KeyProblem where it cannot be opened. */
export interface KeyFolder {
  readonly path: string
  pair(purpose: PairPurpose): Promise<KeyPair>
  /** A secret: 32 bytes that were made, or a token's PIN. */
  secret(purpose: SecretPurpose): Promise<KeyObject>
}

/** `passphrase`: null where the keys lie open. Keys made together cost one derivation together. */
export function unlockKeyFolder(path: string, passphrase: Uint8Array | null = null): KeyFolder {
  const derived = new Map<string, Promise<PassphraseKey | null>>()

  async function read(purpose: string): Promise<Buffer> {
    const file = keyFile(path, purpose)
    const content = readKeyFile(file)
    if (content.kdf === 'none') return Buffer.from(content.open, 'base64')
    if (passphrase === null) throw new KeyProblem(`${file}: this key needs its passphrase`)
    const { cost, salt } = content
    let key = derived.get(`${cost} ${salt}`)
    if (key === undefined) {
      key = passphraseKeyOf(content, passphrase)
      derived.set(`${cost} ${salt}`, key)
    }
    const known = await key
    const bytes = known && decryptBox(content, known)
    if (bytes === null) throw new KeyProblem(`${file}: wrong passphrase, or the file was altered`)
    return bytes
  }

  return {
    path,
    async pair(purpose) {
      const der = await read(purpose)
      try {
        const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
        return { privateKey, publicKey: createPublicKey(privateKey) }
      } catch (error) {
        throw holdsNo('private key', keyFile(path, purpose), error)
      } finally {
        der.fill(0)
      }
    },
    async secret(purpose) {
      const bytes = await read(purpose)
      try {
        return createSecretKey(bytes)
      } finally {
        bytes.fill(0)
      }
    },
  }
}

/** The public half that `makePartyKeys` left for partners. */
export function readPublicKey(folder: string, purpose: PairPurpose): KeyObject {
  return readPublicKeyFile(join(folder, `${purpose}.pub`))
}

/** A public key in PEM. Throws a KeyProblem where the file holds none. */
export function readPublicKeyFile(file: string): KeyObject {
  return parsed(file, 'public key', createPublicKey)
}

/** A certificate that a party keeps beside its keys: `<name>.pem`, as PEM. Throws a KeyProblem where there is none. */
export function readCertificate(folder: string, name: 'tls' | 'tls-authority'): string {
  return parsed(join(folder, `${name}.pem`), 'certificate', (pem) => {
    new X509Certificate(pem)
    return pem
  })
}

function parsed<Kind>(file: string, what: string, parse: (text: string) => Kind): Kind {
  const text = readText(file)
  try {
    return parse(text)
  } catch (error) {
    throw holdsNo(what, file, error)
  }
}

function holdsNo(what: string, file: string, cause: unknown): KeyProblem {
  return new KeyProblem(`${file}: empty or damaged, it holds no ${what}: ${REMEDY}`, { cause })
}

type KeyFile = PassphraseBox | { readonly kdf: 'none'; readonly open: string }

function keyFile(folder: string, purpose: string): string {
  return join(folder, `${purpose}.key`)
}

function writeKey(
  folder: string,
  purpose: PairPurpose | SecretPurpose,
  bytes: Buffer,
  key: PassphraseKey | null,
  random: Random,
): void {
  const content: KeyFile =
    key === null ? { kdf: 'none', open: bytes.toString('base64') } : encryptBox(bytes, key, random)
  bytes.fill(0)
  writeDurably(keyFile(folder, purpose), `${JSON.stringify(content)}\n`)
}

const REMEDY = 'restore it from a copy; a key that has none is lost, and its party is founded anew'

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why =
      code === 'ENOENT' ? "there is no such key; make this party's keys first" : `it cannot be read (${code})`
    throw new KeyProblem(`${file}: ${why}`, { cause: error })
  }
}

function readKeyFile(file: string): KeyFile {
  return parsed(file, 'key', (text) => {
    const content: unknown = JSON.parse(text)
    if (!isKeyFile(content)) throw new TypeError('not what a key file holds')
    return content
  })
}

function isKeyFile(content: unknown): content is KeyFile {
  if (typeof content !== 'object' || content === null || !('kdf' in content)) return false
  const needed = content.kdf === 'none' ? ['open'] : ['salt', 'nonce', 'closed']
  return needed.every((name) => typeof (content as Record<string, unknown>)[name] === 'string')
}
