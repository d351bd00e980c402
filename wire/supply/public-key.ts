import type { KeyObject } from 'node:crypto'
import { fromCoseKey, toCoseKey } from '../compact/cose.ts'
import { Misshapen, type Shape } from '../compact/shape.ts'

/** A P-256 public key; on the line a COSE_Key {1: 2, -1: 1, -2: x, -3: y}. */
export const publicKey: Shape<KeyObject> = {
  toLine: toCoseKey,
  fromLine(value) {
    const key = fromCoseKey(value)
    if (!key) throw new Misshapen('a P-256 public key')
    return key
  },
}
