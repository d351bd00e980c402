// The names and bounds of the messages, and what may be read of one that nobody has verified.

import { isSuite, type Suite } from '../xml/suites.ts'

export const RESTOCK_NAMESPACE = 'urn:scratchless:restock:1'

/** The highest level that we read and write. What a message of each level looks like is fixed for good. */
export const RESTOCK_LEVEL = 1
/** Two digits: more than a protocol ever had. */
export const MAX_RESTOCK_LEVEL = 99

/** Largest message in bytes. What has 50 lines is small; the others may name 10,000 serials or runs. */
export const MAX_MESSAGE_BYTES = {
  RestockOrder: 65_536,
  RestockOrderResponse: 65_536,
  RestockDelivery: 1_048_576,
  RestockReceipt: 1_048_576,
  RestockOrderUpdate: 65_536,
  LotActivation: 1_048_576,
  PartnerNextKey: 65_536,
  RangeNotice: 1_048_576,
  NoticeReceipt: 1_048_576,
  RestockNotUnderstood: 65_536,
} as const

/** Of a message whose name we do not know: we verify who signed it, and hold it to our largest. */
export const MAX_UNKNOWN_MESSAGE_BYTES = 1_048_576

/** The name of any message's root, of this level or another. */
export const MESSAGE_NAME = /^[A-Z][A-Za-z]{1,39}$/

export type RestockMessageName = keyof typeof MAX_MESSAGE_BYTES

/** What a message says of itself. Nothing of it is known to be true: it serves to choose whose key to try. */
interface UnverifiedRouting {
  readonly unverified: true
  /** Any name that a message may have: one that we do not know may be of a higher level. */
  readonly message: string
  readonly suite: Suite
  readonly level: number
  readonly id: string
  readonly sender: string
  readonly receiver: string
}

/** The header is the first child of the root and shorter than this, declaration included. */
const HEADER_BYTES = 600

const HEADER =
  /^(?:<\?xml [^>]{0,60}\?>\s{0,4})?<([A-Z][A-Za-z]{1,39}) xmlns="urn:scratchless:restock:1"><Header><Suite>([a-z0-9-]{1,20})<\/Suite><Level>([1-9][0-9]?)<\/Level><Id>([0-9a-f-]{36})<\/Id><IssuedAt>[0-9TZ:.-]{24}<\/IssuedAt><Sender>([a-z0-9-]{1,20})<\/Sender><Receiver>([a-z0-9-]{1,20})<\/Receiver><\/Header>/

/** Reads the header of a message that nobody has verified; null where there is none. */
export function peekRestockMessage(bytes: Uint8Array): UnverifiedRouting | null {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, HEADER_BYTES))
  const match = HEADER.exec(start.toString('latin1'))
  if (match === null) return null
  const [, message, suite, level, id, sender, receiver] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ]
  if (!isSuite(suite)) return null
  return { unverified: true, message, suite, level: Number(level), id, sender, receiver }
}

export function isMessageName(name: string): name is RestockMessageName {
  return Object.hasOwn(MAX_MESSAGE_BYTES, name)
}
