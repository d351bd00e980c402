// Gives forged bytes to the opener that the good message was meant for. Accepted is what opens to anything but the
// very content that was signed.

import {
  goodVectors as goodRestock,
  type RestockVector,
  vectorBytes as restockBytes,
  verifyAs,
  verifyingOf,
} from '../../wire/testing/restock-vectors.ts'
import {
  goodVectors as goodSupply,
  vectorBytes as supplyBytes,
  verifyVector,
} from '../../wire/testing/supply-vectors.ts'

export interface Target {
  readonly name: string
  readonly good: Buffer
  /** True where the bytes open to something else than the good message says. Never throws, whatever the bytes. */
  accepts(bytes: Buffer): Promise<boolean>
}

export const restockTargets: readonly Target[] = goodRestock.map((vector) => ({
  name: vector.file,
  good: restockBytes(vector),
  accepts: (bytes) => acceptsRestock(vector, bytes),
}))

export const supplyTargets: readonly Target[] = goodSupply.map((vector) => {
  const good = supplyBytes(vector)
  return {
    name: vector.file,
    good,
    accepts: async (bytes) => !bytes.equals(good) && verifyVector(vector, bytes) !== 'unacceptable',
  }
})

async function acceptsRestock(vector: RestockVector, bytes: Buffer): Promise<boolean> {
  const opened = await verifyAs[vector.message](bytes, verifyingOf(vector))
  if ('refusal' in opened) return false
  // XML has several spellings of one canonical form; the same signed content is the same message.
  return opened.payloadHash.toString('hex') !== vector.payloadSha256
}
