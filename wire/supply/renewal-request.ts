// terminal → centre: certify my next key. Signed, as every request, by the key that the current certificate names; the
// proof shows that whoever asks has the new one too.

import type { KeyObject } from 'node:crypto'
import type { TerminalId } from '@scratchless/voucher/ids'
import { encodeCbor } from '../compact/cbor.ts'
import { toCoseKey } from '../compact/cose.ts'
import { bytes, record } from '../compact/shape.ts'
import { supplyMessage } from './envelope.ts'
import { publicKey } from './public-key.ts'

/** ES256, r and s. */
const PROOF_BYTES = 64

export const renewalRequest = record({
  /** Made on the device, as the first one was; its private half never leaves it. */
  newKey: publicKey,
  /** ES256 by the new key over `renewalProofInput`. */
  proof: bytes(PROOF_BYTES),
})

/** What the new key signs: it belongs to this request of this terminal under this certificate (`kid`), no other. */
export function renewalProofInput(
  terminal: TerminalId,
  sequence: number,
  kid: Uint8Array,
  newKey: KeyObject,
): Buffer {
  return encodeCbor(['scratchless renewal 1', terminal, sequence, kid, toCoseKey(newKey)])
}

export const renewalRequestMessage = supplyMessage('renewal-request', renewalRequest)
