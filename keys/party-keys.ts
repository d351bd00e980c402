// A party's private keys: one key per purpose, one file per key, mode 0600, closed under a passphrase where one
// is given. No RSA key both signs and decrypts; the TLS key opens no code.
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
} from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Random, randomBytes } from '@scratchless/voucher/random'
import { writeDurably } from './durable-file.ts'
import { closeWithPassphrase, openWithPassphrase, type PassphraseBox } from './passphrase-box.ts'

const RSA_BITS = 2048
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
  /** Certifies terminals and the centre's supply key. */
  root: 'p256',
  /** Signs one member of staff's approvals. */
  approval: 'p256',
  /** Issues our TLS certificates; offline but for that. */
  'tls-authority': 'p256',
  tls: 'p256',
} as const

export type PairPurpose = keyof typeof PAIR_KINDS
/** Secrets of a vault: the MAC over lot records, and one fingerprint key per operator whose codes it knows. */
export type SecretPurpose = 'lot-mac' | `fingerprint-${string}`

export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/** A key file that is missing, altered, or closed under another passphrase. Names the file, never its content. */
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
  purposes: { pairs: readonly PairPurpose[]; secrets?: readonly SecretPurpose[] },
  needs: { random: Random; passphrase?: Uint8Array },
): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const purpose of purposes.pairs) {
    if (existsSync(join(folder, `${purpose}.key`))) continue
    const { privateKey, publicKey } = generatePair(purpose)
    // The public half first: a private key that exists always has its public file.
    writeDurably(join(folder, `${purpose}.pub`), publicKey.export({ type: 'spki', format: 'pem' }))
    await writeKey(folder, purpose, privateKey.export({ type: 'pkcs8', format: 'der' }), needs)
  }
  for (const purpose of purposes.secrets ?? []) {
    if (existsSync(join(folder, `${purpose}.key`))) continue
    await writeKey(folder, purpose, randomBytes(needs.random, SECRET_BYTES), needs)
  }
}

/** Opens a pair. Throws a KeyProblem. */
export async function openPair(
  folder: string,
  purpose: PairPurpose,
  passphrase?: Uint8Array,
): Promise<KeyPair> {
  const der = await readKey(folder, purpose, passphrase)
  try {
    const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    return { privateKey, publicKey: createPublicKey(privateKey) }
  } finally {
    der.fill(0)
  }
}

/** Opens a secret of 32 bytes. Throws a KeyProblem. */
export async function openSecret(
  folder: string,
  purpose: SecretPurpose,
  passphrase?: Uint8Array,
): Promise<KeyObject> {
  const bytes = await readKey(folder, purpose, passphrase)
  try {
    return createSecretKey(bytes)
  } finally {
    bytes.fill(0)
  }
}

/** The public half that `makePartyKeys` left for partners. */
export function readPublicKey(folder: string, purpose: PairPurpose): KeyObject {
  return createPublicKey(readFileSync(join(folder, `${purpose}.pub`), 'utf8'))
}

async function writeKey(
  folder: string,
  purpose: PairPurpose | SecretPurpose,
  bytes: Buffer,
  needs: { random: Random; passphrase?: Uint8Array },
): Promise<void> {
  const content =
    needs.passphrase === undefined
      ? { kdf: 'none', open: bytes.toString('base64') }
      : await closeWithPassphrase(bytes, needs.passphrase, needs.random)
  bytes.fill(0)
  writeDurably(join(folder, `${purpose}.key`), `${JSON.stringify(content)}\n`)
}

async function readKey(
  folder: string,
  purpose: PairPurpose | SecretPurpose,
  passphrase: Uint8Array | undefined,
): Promise<Buffer> {
  const path = join(folder, `${purpose}.key`)
  if (!existsSync(path)) throw new KeyProblem(`${path}: there is no such key; make this party's keys first`)
  let content: PassphraseBox | { kdf: 'none'; open: string }
  try {
    content = JSON.parse(readFileSync(path, 'utf8')) as typeof content
  } catch (error) {
    throw new KeyProblem(`${path}: not a key file`, { cause: error })
  }
  if (content.kdf === 'none') return Buffer.from(content.open, 'base64')
  if (passphrase === undefined) throw new KeyProblem(`${path}: this key needs its passphrase`)
  const bytes = await openWithPassphrase(content, passphrase)
  if (bytes === null) throw new KeyProblem(`${path}: wrong passphrase, or the file was altered`)
  return bytes
}
