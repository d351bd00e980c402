// The enrolment code: 80 random bits that reach the shop by another way than the line (a letter, a telephone call)
// and never travel on it. Both sides derive from it one MAC key for each direction.

import { createHash, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { type Random, randomBytes } from '@scratchless/voucher/random'
import { coordinatesOf } from '../compact/cose.ts'

/** 80 bits: out of reach of guessing, on the telephone and from a recorded exchange alike. */
const CODE_BYTES = 10

/** Crockford's base 32: no I, L, O, U, so that a code read out by telephone arrives. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** A new code as people handle it: `ABCD-EFGH-JKMN-PQRS`. */
export function newEnrolmentCode(random: Random): string {
  const bytes = randomBytes(random, CODE_BYTES)
  let bits = 0
  let held = 0
  let text = ''
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += ALPHABET[(held >> bits) & 31]
    }
    held &= (1 << bits) - 1
  }
  bytes.fill(0)
  return text.replace(/(.{4})(?=.)/g, '$1-')
}

/**
 * The ten bytes of a code as typed: any case, spaces and dashes anywhere, O for 0, I and L for 1.
 * Undefined where it is none.
 */
export function readEnrolmentCode(typed: string): Buffer | undefined {
  const text = typed.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1')
  if (text.length !== (CODE_BYTES * 8) / 5) return undefined
  const bytes = Buffer.alloc(CODE_BYTES)
  let bits = 0
  let held = 0
  let at = 0
  for (const letter of text) {
    const value = ALPHABET.indexOf(letter)
    if (value < 0) return undefined
    held = (held << 5) | value
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes[at++] = held >> bits
      held &= (1 << bits) - 1
    }
  }
  return bytes
}

export interface EnrolmentKeys {
  /** MACs what the terminal says. */
  readonly request: KeyObject
  /** MACs what the centre says. Another key, so that neither side's words can be sent back to it as the other's. */
  readonly answer: KeyObject
}

/** HKDF-SHA-256 (RFC 5869): secret the code's ten bytes, salt the enrolment number's four, 32 bytes a direction. */
export function enrolmentKeys(code: Uint8Array, enrolmentNumber: number): EnrolmentKeys {
  if (code.length !== CODE_BYTES) throw new RangeError('an enrolment code has 80 bits')
  const salt = enrolmentKid(enrolmentNumber)
  const derive = (direction: string): KeyObject => {
    const raw = Buffer.from(hkdfSync('sha256', code, salt, `scratchless enrolment ${direction} 1`, 32))
    const key = createSecretKey(raw)
    raw.fill(0)
    return key
  }
  return { request: derive('request'), answer: derive('answer') }
}

/** The enrolment number as the kid of enrolment messages: 4 bytes, big-endian. */
export function enrolmentKid(enrolmentNumber: number): Buffer {
  const kid = Buffer.alloc(4)
  kid.writeUInt32BE(enrolmentNumber)
  return kid
}

const FINGERPRINT_GROUPS = 6

/**
 * What the approver compares with the device's screen: six groups of five digits (about 100 bits) of
 * SHA-256("scratchless device 1" || x || y). Each group is five bytes of it, modulo 100,000.
 */
export function deviceFingerprint(devicePublicKey: KeyObject): string {
  const hash = createHash('sha256')
    .update('scratchless device 1')
    .update(coordinatesOf(devicePublicKey))
    .digest()
  return Array.from({ length: FINGERPRINT_GROUPS }, (_, group) =>
    String(hash.readUIntBE(group * 5, 5) % 100_000).padStart(5, '0'),
  ).join(' ')
}
