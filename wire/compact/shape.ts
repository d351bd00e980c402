// A message's schema is its type: each shape says how a content stands on the line and how it is read back,
// with every bound, so that the two directions cannot drift apart. A record is a CBOR array of its fields in the
// order written: no keys travel.
//
// A schema grows by levels: a later level adds fields at the end of a record, variants at the end of a choice, words at
// the end of a list of words. A content is written and read at one level, in the shape that just this level has.

import { MAX_AMOUNT_MINOR } from '@scratchless/voucher/money'
import { type SerialNumber, serialFromNumber, serialToNumber } from '@scratchless/voucher/serial'
import { type CborValue, decodeCbor, encodeCbor } from './cbor.ts'

export interface Shape<T> {
  /** Throws a Misshapen where the content is outside its bounds. Without a level: all that the schema has. */
  toLine(content: T, level?: number): CborValue
  /** Throws a Misshapen on anything that `toLine` does not make at this level. */
  fromLine(value: CborValue, level?: number): T
}

/** A level stands in one byte. */
export const MAX_LEVEL = 255

export type ContentOf<S> = S extends Shape<infer T> ? T : never

export class Misshapen extends Error {}

/** Encodes a content; throws a Misshapen where it is outside its bounds: a fault of the writer. */
export function encodeShape<T>(shape: Shape<T>, content: T): Buffer {
  return encodeCbor(shape.toLine(content))
}

/** The content, or undefined where the bytes are no deterministic CBOR or not of this shape. Never throws. */
export function decodeShape<T>(shape: Shape<T>, bytes: Uint8Array): T | undefined {
  const value = decodeCbor(bytes)
  if (value === undefined) return undefined
  return contentOf(shape, value)
}

/** The content of a decoded value at this level, or undefined where it is not of this shape. Never throws. */
export function contentOf<T>(shape: Shape<T>, value: CborValue, level?: number): T | undefined {
  try {
    return shape.fromLine(value, level)
  } catch (problem) {
    if (problem instanceof Misshapen) return undefined
    throw problem
  }
}

function must(holds: boolean, rule: string): asserts holds {
  if (!holds) throw new Misshapen(rule)
}

/** A whole number from `min` to `max`. */
export function integer(min: number, max: number): Shape<number> {
  const check = (value: CborValue): number => {
    must(
      typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max,
      `a whole number from ${min} to ${max}`,
    )
    return value
  }
  return { toLine: check, fromLine: check }
}

/** Seconds since 1970, up to the year 2106. */
export const seconds: Shape<number> = integer(0, 0xffff_ffff)

/** Minor units of the currency that the message is about, zero or more. */
export const amount: Shape<bigint> = {
  toLine(content) {
    must(
      typeof content === 'bigint' && content >= 0n && content <= MAX_AMOUNT_MINOR,
      'an amount from 0 to 10^15 - 1',
    )
    return Number(content)
  },
  fromLine: (value) => BigInt(integer(0, Number(MAX_AMOUNT_MINOR)).fromLine(value)),
}

/** UTF-8 text of `min` to `max` bytes without control characters. */
export function text(min: number, max: number): Shape<string> {
  const check = (value: CborValue): string => {
    must(typeof value === 'string' && value.isWellFormed(), 'text')
    const size = Buffer.byteLength(value)
    must(size >= min && size <= max, `text of ${min} to ${max} bytes`)
    must(!/\p{Cc}/u.test(value), 'text without control characters')
    return value
  }
  return { toLine: check, fromLine: check }
}

/** Text that one of voucher's parsers takes (they throw a TypeError on any other). */
export function named<T extends string>(parse: (text: string) => T): Shape<T> {
  const check = (value: CborValue): T => {
    must(typeof value === 'string', 'text')
    try {
      return parse(value)
    } catch (problem) {
      if (problem instanceof TypeError) throw new Misshapen(problem.message)
      throw problem
    }
  }
  return { toLine: check, fromLine: check }
}

/** Bytes, `min` to `max` of them; read as a view of the message. */
export function bytes(min: number, max = min): Shape<Uint8Array> {
  const check = (value: CborValue): Uint8Array => {
    must(value instanceof Uint8Array && value.length >= min && value.length <= max, `${min} to ${max} bytes`)
    return value
  }
  return { toLine: check, fromLine: check }
}

/** A serial stands on the line as its number: six bytes less than twelve digits. */
export const serial: Shape<SerialNumber> = {
  toLine: (content) => serialToNumber(content),
  fromLine: (value) => serialFromNumber(integer(0, 999_999_999_999).fromLine(value)),
}

const DAY_MS = 86_400_000
const MAX_DAYS = 0xffff

/** A calendar day (ISO 8601, `2027-12-31`), on the line the days since 1970-01-01. */
export const day: Shape<string> = {
  toLine(content) {
    must(/^\d{4}-\d{2}-\d{2}$/.test(content), 'a day as YYYY-MM-DD')
    const days = Date.parse(`${content}T00:00:00Z`) / DAY_MS
    must(
      Number.isInteger(days) && days >= 0 && days <= MAX_DAYS && isoDay(days) === content,
      'a day of the calendar',
    )
    return days
  },
  fromLine: (value) => isoDay(integer(0, MAX_DAYS).fromLine(value)),
}

function isoDay(days: number): string {
  return new Date(days * DAY_MS).toISOString().slice(0, 10)
}

/** The level that each of some names came with; 1 where it is not said. */
type Since<N extends string> = { readonly [name in N]?: number }

/** How many of these names a level has: the later ones stand at the end. */
function namesAt<N extends string>(names: readonly N[], since: Since<N>, level: number): number {
  return names.filter((name) => (since[name] ?? 1) <= level).length
}

/** One of a fixed list; on the line its place in it, from 0. New words are only ever added at the end. */
export function oneOf<const W extends string>(words: readonly W[], since: Since<W> = {}): Shape<W> {
  return {
    toLine(content, level = MAX_LEVEL) {
      const place = words.indexOf(content)
      must(place >= 0 && place < namesAt(words, since, level), `one of ${words.join(', ')}`)
      return place
    },
    fromLine: (value, level = MAX_LEVEL) =>
      words[integer(0, namesAt(words, since, level) - 1).fromLine(value)]!,
  }
}

/** A content or none; on the line null where there is none. */
export function orNull<T>(shape: Shape<T>): Shape<T | null> {
  return {
    toLine: (content, level) => (content === null ? null : shape.toLine(content, level)),
    fromLine: (value, level) => (value === null ? null : shape.fromLine(value, level)),
  }
}

export function list<T>(item: Shape<T>, min: number, max: number): Shape<readonly T[]> {
  return {
    toLine(content, level) {
      must(content.length >= min && content.length <= max, `a list of ${min} to ${max}`)
      return content.map((one) => item.toLine(one, level))
    },
    fromLine(value, level) {
      must(Array.isArray(value) && value.length >= min && value.length <= max, `a list of ${min} to ${max}`)
      return value.map((one: CborValue) => item.fromLine(one, level))
    },
  }
}

/** A shape with a rule over its whole content. */
export function checked<T>(shape: Shape<T>, rule: string, holds: (content: T) => boolean): Shape<T> {
  return {
    toLine(content, level) {
      must(holds(content), rule)
      return shape.toLine(content, level)
    },
    fromLine(value, level) {
      const content = shape.fromLine(value, level)
      must(holds(content), rule)
      return content
    },
  }
}

/** A shape whose content is kept otherwise in memory than on the line. */
export function mapped<T, L>(onLine: Shape<L>, pack: (content: T) => L, unpack: (packed: L) => T): Shape<T> {
  return {
    toLine: (content, level) => onLine.toLine(pack(content), level),
    fromLine: (value, level) => unpack(onLine.fromLine(value, level)),
  }
}

type Fields = Readonly<Record<string, Shape<unknown>>>
type RecordOf<F extends Fields> = { readonly [K in keyof F]: ContentOf<F[K]> }

/** A field that came with a later level. A content of an earlier level is read as having `before` there. */
interface LaterField<T> {
  readonly since: number
  readonly shape: Shape<T>
  readonly before: T
}

type LaterFields = Readonly<Record<string, LaterField<unknown>>>
type LaterOf<L extends LaterFields> = { readonly [K in keyof L]: ContentOf<L[K]['shape']> }
type NoFields = Readonly<Record<never, never>>

interface RecordShape<T> extends Shape<T> {
  fieldsToLine(content: T, level?: number): CborValue[]
  fieldsFromLine(values: readonly CborValue[], level?: number): T
}

/** Fields in the order written, none missing, none more; those of later levels after them, by level. */
export function record<F extends Fields, L extends LaterFields = NoFields>(
  fields: F,
  later?: L,
): RecordShape<RecordOf<F> & LaterOf<L>> {
  type Content = RecordOf<F> & LaterOf<L>
  const first = Object.entries(fields)
  const added = Object.entries(later ?? {}).sort(([, one], [, other]) => one.since - other.since)
  const fieldsAt = (level: number): [string, Shape<unknown>][] => [
    ...first,
    ...added
      .filter(([, { since }]) => since <= level)
      .map(([name, { shape }]): [string, Shape<unknown>] => [name, shape]),
  ]
  const fieldsToLine = (content: Content, level = MAX_LEVEL): CborValue[] =>
    fieldsAt(level).map(([name, shape]) => shape.toLine((content as Record<string, unknown>)[name], level))
  const fieldsFromLine = (values: readonly CborValue[], level = MAX_LEVEL): Content => {
    const here = fieldsAt(level)
    must(values.length === here.length, `${here.length} fields`)
    return Object.fromEntries([
      ...added.map(([name, { before }]) => [name, before]),
      ...here.map(([name, shape], i) => [name, shape.fromLine(values[i]!, level)]),
    ]) as Content
  }
  return {
    fieldsToLine,
    fieldsFromLine,
    toLine: fieldsToLine,
    fromLine(value, level) {
      must(Array.isArray(value), 'an array')
      return fieldsFromLine(value, level)
    },
  }
}

type Choices = Readonly<Record<string, RecordShape<unknown>>>
type ChoiceOf<D extends string, C extends Choices> = {
  [K in keyof C & string]: { readonly [name in D]: K } & ContentOf<C[K]>
}[keyof C & string]

/** One of several records, told apart by the field `by`; on the line its place among them, then its fields. */
export function choice<D extends string, C extends Choices>(
  by: D,
  choices: C,
  since: Since<keyof C & string> = {},
): Shape<ChoiceOf<D, C>> {
  const names = Object.keys(choices) as (keyof C & string)[]
  return {
    toLine(content, level = MAX_LEVEL) {
      const name = (content as Record<D, string>)[by]
      const place = names.indexOf(name)
      must(place >= 0 && place < namesAt(names, since, level), `one of ${names.join(', ')}`)
      return [place, ...choices[name]!.fieldsToLine(content, level)]
    },
    fromLine(value, level = MAX_LEVEL) {
      must(Array.isArray(value) && value.length > 0, 'an array')
      const [place, ...fields] = value as CborValue[]
      const name = names[integer(0, namesAt(names, since, level) - 1).fromLine(place!)]!
      return { [by]: name, ...(choices[name]!.fieldsFromLine(fields, level) as object) } as ChoiceOf<D, C>
    },
  }
}
