// Randomness arrives as an argument too; only a program's main file takes the system's.

import { randomFillSync } from 'node:crypto'
import { type MessageId, messageId } from './ids.ts'

export interface Random {
  /** Fills with bytes fit for keys and codes. */
  fill(target: Uint8Array): void
}

/** The operating system's CSPRNG. */
export const systemRandom: Random = {
  fill: (target) => {
    randomFillSync(target)
  },
}

export function randomBytes(random: Random, size: number): Buffer {
  const bytes = Buffer.alloc(size)
  random.fill(bytes)
  return bytes
}

/** A new message id: a random UUID (RFC 9562, version 4). */
export function newMessageId(random: Random): MessageId {
  const bytes = randomBytes(random, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return messageId(
    `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`,
  )
}
