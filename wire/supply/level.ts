// The level at which a message is written: the first item of every payload, of enrolment's too. What travels only
// grows: a level adds fields at the end of records, variants and words at the end of their lists, and kinds; each
// level's shapes stay readable for good.

import { type CborValue, decodeCbor, encodeCbor } from '../compact/cbor.ts'
import { MAX_LEVEL, type Shape } from '../compact/shape.ts'

/** The level that this software speaks. */
export const LEVEL = 1

/** A payload taken apart as far as every level has it in common. */
export interface Levelled {
  readonly level: number
  /** What follows the level. */
  readonly fields: CborValue[]
}

/** Throws a Misshapen where the content is outside its bounds at this level. */
export function encodeLevelled<T>(shape: Shape<T>, content: T, level: number): Buffer {
  return encodeCbor([level, ...(shape.toLine(content, level) as CborValue[])])
}

/** Undefined where the bytes are no deterministic CBOR array that begins with a level. */
export function peekLevel(payload: Uint8Array): Levelled | undefined {
  const value = decodeCbor(payload)
  if (!Array.isArray(value)) return undefined
  const [level, ...fields] = value as CborValue[]
  const isLevel = typeof level === 'number' && Number.isInteger(level) && level >= 1 && level <= MAX_LEVEL
  return isLevel ? { level, fields } : undefined
}
