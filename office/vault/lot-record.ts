// A lot record: the content key of one sealing attempt, closed with RSA-OAEP for the codes' holder, and a MAC by
// the vault. OAEP authenticates nobody: without the MAC a database administrator could plant a lot of his own.
// It commits in the same transaction as its rows.

import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'
import { type HolderKey, type HolderPublicKey, wrapForHolder } from '@scratchless/keys/holder-key'
import { encode } from 'cborg'
import type { LotBinding, OfficeHolder, Sealing } from './closing.ts'

export interface LotRecord<H extends OfficeHolder> {
  /** The vault's name for the attempt, unique in its office. */
  readonly recordId: string
  readonly binding: LotBinding<H>
  readonly codeDigits: number
  readonly wrappedKey: Uint8Array
  readonly mac: Uint8Array
}

/** In order of precedence: not made by this vault (or altered since); closed for another key. */
type LotRecordRefusal = 'not-ours' | 'not-for-this-key'

const CONTENT_KEY_BYTES = 32

/** Closes a sealing attempt's key for the holder. `macKey` is the vault's `lot-mac` secret. */
export function writeLotRecord<H extends OfficeHolder>(
  recordId: string,
  sealing: Sealing<H>,
  codeDigits: number,
  keys: { holder: HolderPublicKey; macKey: KeyObject },
): LotRecord<H> {
  const bytes = sealing.contentKey.export()
  const wrappedKey = wrapForHolder(keys.holder, bytes)
  bytes.fill(0)
  const record = { recordId, binding: sealing.binding, codeDigits, wrappedKey }
  return { ...record, mac: macOf(record, keys.macKey) }
}

/** The content key of a record of ours, or why not. The MAC is checked before anything is decrypted. */
export function readLotRecord<H extends OfficeHolder>(
  record: LotRecord<H>,
  keys: { holder: HolderKey; macKey: KeyObject },
): KeyObject | LotRecordRefusal {
  const expected = macOf(record, keys.macKey)
  if (record.mac.length !== expected.length || !timingSafeEqual(record.mac, expected)) return 'not-ours'
  const contentKey = keys.holder.open(record.wrappedKey)
  return contentKey?.symmetricKeySize === CONTENT_KEY_BYTES ? contentKey : 'not-for-this-key'
}

/** HMAC-SHA-256 over deterministic CBOR of everything the record says. */
function macOf(record: Omit<LotRecord<OfficeHolder>, 'mac'>, macKey: KeyObject): Buffer {
  const { recordId, binding, codeDigits, wrappedKey } = record
  const { holderKind, holder, operator, product, lot } = binding
  const content = encode([
    ...['scratchless lot record 1', recordId, holderKind, holder, operator, product, lot],
    codeDigits,
    // A Buffer and a Uint8Array of the same bytes are one thing.
    Uint8Array.from(wrappedKey),
  ])
  return createHmac('sha256', macKey).update(content).digest()
}
