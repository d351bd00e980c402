// CBOR (RFC 8949) as this protocol speaks it: deterministic encoding only (section 4.2.1), so that one value
// has one spelling. The reader takes exactly what the writer writes. It is written by hand because what it must
// not do is most of the work: it accepts no float, no indefinite length, no second spelling of a number, no
// doubled or misordered map key, no byte after the end, and does not recurse without a bound; a general library
// has all of that to be switched off, and one of them keeps the last of two equal keys in silence.

/** A number is an integer within ±(2^53 - 1); nothing on this line is larger. */
export type CborValue =
  | number
  | string
  | boolean
  | null
  | Uint8Array
  | readonly CborValue[]
  | CborMap
  | Tagged
export type CborMap = ReadonlyMap<CborKey, CborValue>
type CborKey = number | string

export class Tagged {
  readonly tag: number
  readonly value: CborValue

  constructor(tag: number, value: CborValue) {
    this.tag = tag
    this.value = value
  }
}

/** COSE nests tag, array and payload; our own payloads nest four deep at most. */
const MAX_DEPTH = 8

/** The only tags on this line: COSE_Mac0 and COSE_Sign1 (RFC 9052, section 2). */
const TAGS: readonly number[] = [17, 18]

const MAJOR = { uint: 0, nint: 1, bytes: 2, text: 3, array: 4, map: 5, tag: 6, simple: 7 } as const
const FALSE = 0xf4
const TRUE = 0xf5
const NULL = 0xf6

/** The one encoding of a value. Throws a TypeError on what has none here (a float, a key that is no integer or text). */
export function encodeCbor(value: CborValue): Buffer {
  const parts: Uint8Array[] = []
  write(value, parts)
  return Buffer.concat(parts)
}

function write(value: CborValue, parts: Uint8Array[]): void {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new TypeError('only whole numbers within 2^53 are encoded')
    parts.push(value >= 0 ? head(MAJOR.uint, value) : head(MAJOR.nint, -1 - value))
  } else if (typeof value === 'string') {
    const utf8 = Buffer.from(value, 'utf8')
    parts.push(head(MAJOR.text, utf8.length), utf8)
  } else if (value === null) parts.push(Buffer.of(NULL))
  else if (typeof value === 'boolean') parts.push(Buffer.of(value ? TRUE : FALSE))
  else if (value instanceof Uint8Array) parts.push(head(MAJOR.bytes, value.length), value)
  else if (value instanceof Tagged) {
    parts.push(head(MAJOR.tag, value.tag))
    write(value.value, parts)
  } else if (value instanceof Map) {
    // Section 4.2.1: keys in the bytewise order of their encodings.
    const entries = [...value].map(([key, item]) => ({ key: encodeCbor(key), item }))
    entries.sort((a, b) => Buffer.compare(a.key, b.key))
    parts.push(head(MAJOR.map, entries.length))
    for (const { key, item } of entries) {
      parts.push(key)
      write(item, parts)
    }
  } else if (Array.isArray(value)) {
    parts.push(head(MAJOR.array, value.length))
    for (const item of value) write(item, parts)
  } else throw new TypeError('no such value on this line')
}

function head(major: number, argument: number): Buffer {
  const type = major << 5
  if (argument < 24) return Buffer.of(type | argument)
  if (argument < 0x100) return Buffer.of(type | 24, argument)
  const bytes = Buffer.allocUnsafe(argument < 0x10000 ? 3 : argument < 0x1_0000_0000 ? 5 : 9)
  bytes[0] = type | (bytes.length === 3 ? 25 : bytes.length === 5 ? 26 : 27)
  if (bytes.length === 3) bytes.writeUInt16BE(argument, 1)
  else if (bytes.length === 5) bytes.writeUInt32BE(argument, 1)
  else bytes.writeBigUInt64BE(BigInt(argument), 1)
  return bytes
}

/**
 * The value of bytes that are its one encoding, or undefined. Byte strings are views of the input.
 * Never throws.
 */
export function decodeCbor(bytes: Uint8Array): CborValue | undefined {
  const reader: Reader = { bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), at: 0 }
  const value = read(reader, 0)
  return reader.at === bytes.length ? value : undefined
}

interface Reader {
  readonly bytes: Buffer
  at: number
}

function read(reader: Reader, depth: number): CborValue | undefined {
  const start = reader.at
  const initial = reader.bytes[start]
  if (initial === undefined || depth > MAX_DEPTH) return undefined
  const major = initial >> 5
  if (major === MAJOR.simple) {
    reader.at += 1
    return initial === NULL ? null : initial === TRUE ? true : initial === FALSE ? false : undefined
  }
  const argument = readArgument(reader, initial & 0x1f)
  if (argument === undefined) return undefined
  switch (major) {
    case MAJOR.uint:
      return argument
    case MAJOR.nint:
      return argument < Number.MAX_SAFE_INTEGER ? -1 - argument : undefined
    case MAJOR.bytes:
      return take(reader, argument)
    case MAJOR.text:
      return readText(reader, argument)
    case MAJOR.array:
      return readArray(reader, argument, depth)
    case MAJOR.map:
      return readMap(reader, argument, depth)
    default: {
      if (!TAGS.includes(argument)) return undefined
      const value = read(reader, depth + 1)
      return value === undefined ? undefined : new Tagged(argument, value)
    }
  }
}

/** The argument of a head, refused in any spelling but the shortest. */
function readArgument(reader: Reader, info: number): number | undefined {
  const { bytes, at } = reader
  if (info < 24) {
    reader.at = at + 1
    return info
  }
  const size = info === 24 ? 1 : info === 25 ? 2 : info === 26 ? 4 : info === 27 ? 8 : 0
  if (size === 0 || at + 1 + size > bytes.length) return undefined
  reader.at = at + 1 + size
  if (size === 8) {
    const high = bytes.readUInt32BE(at + 1)
    if (high === 0 || high > 0x1f_ffff) return undefined
    return high * 0x1_0000_0000 + bytes.readUInt32BE(at + 5)
  }
  const value = bytes.readUIntBE(at + 1, size)
  const least = size === 1 ? 24 : size === 2 ? 0x100 : 0x10000
  return value < least ? undefined : value
}

function take(reader: Reader, length: number): Buffer | undefined {
  const end = reader.at + length
  if (end > reader.bytes.length) return undefined
  const taken = reader.bytes.subarray(reader.at, end)
  reader.at = end
  return taken
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function readText(reader: Reader, length: number): string | undefined {
  const bytes = take(reader, length)
  if (bytes === undefined) return undefined
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined // not UTF-8
  }
}

function readArray(reader: Reader, length: number, depth: number): CborValue[] | undefined {
  // A length beyond what is left allocates nothing: the first item that is missing ends the reading.
  const items: CborValue[] = []
  for (let i = 0; i < length; i++) {
    const item = read(reader, depth + 1)
    if (item === undefined) return undefined
    items.push(item)
  }
  return items
}

function readMap(reader: Reader, length: number, depth: number): CborMap | undefined {
  const entries = new Map<CborKey, CborValue>()
  let previousKey: Buffer | undefined
  for (let i = 0; i < length; i++) {
    const start = reader.at
    const key = read(reader, depth + 1)
    if (typeof key !== 'number' && typeof key !== 'string') return undefined
    const encodedKey = reader.bytes.subarray(start, reader.at)
    // Strictly rising order leaves no room for the same key twice.
    if (previousKey !== undefined && Buffer.compare(previousKey, encodedKey) >= 0) return undefined
    previousKey = encodedKey
    const item = read(reader, depth + 1)
    if (item === undefined) return undefined
    entries.set(key, item)
  }
  return entries
}
