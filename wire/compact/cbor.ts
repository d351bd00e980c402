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
  const bytes = Buffer.allocUnsafe(sizeOf(value))
  write(value, { bytes, at: 0 })
  return bytes
}

/** Bytes that a value takes. Everything is measured first, so that nothing is written twice. */
function sizeOf(value: CborValue): number {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new TypeError('only whole numbers within 2^53 are encoded')
    return headSize(value >= 0 ? value : -1 - value)
  }
  if (typeof value === 'string') return withHead(Buffer.byteLength(value))
  if (value === null || typeof value === 'boolean') return 1
  if (value instanceof Uint8Array) return withHead(value.length)
  if (Array.isArray(value)) {
    let size = headSize(value.length)
    for (const item of value) size += sizeOf(item)
    return size
  }
  if (value instanceof Tagged) return headSize(value.tag) + sizeOf(value.value)
  if (value instanceof Map) {
    let size = headSize(value.size)
    for (const [key, item] of value) size += sizeOf(key) + sizeOf(item)
    return size
  }
  throw new TypeError('no such value on this line')
}

function headSize(argument: number): number {
  return argument < 24 ? 1 : argument < 0x100 ? 2 : argument < 0x10000 ? 3 : argument < 0x1_0000_0000 ? 5 : 9
}

function withHead(length: number): number {
  return headSize(length) + length
}

/** Only what `sizeOf` has measured. */
function write(value: CborValue, writer: Writer): void {
  if (typeof value === 'number')
    writeHead(value >= 0 ? MAJOR.uint : MAJOR.nint, value >= 0 ? value : -1 - value, writer)
  else if (typeof value === 'string') {
    writeHead(MAJOR.text, Buffer.byteLength(value), writer)
    writer.at += writer.bytes.write(value, writer.at)
  } else if (value === null) writer.bytes[writer.at++] = NULL
  else if (typeof value === 'boolean') writer.bytes[writer.at++] = value ? TRUE : FALSE
  else if (value instanceof Uint8Array) {
    writeHead(MAJOR.bytes, value.length, writer)
    writer.bytes.set(value, writer.at)
    writer.at += value.length
  } else if (value instanceof Tagged) {
    writeHead(MAJOR.tag, value.tag, writer)
    write(value.value, writer)
  } else if (value instanceof Map) {
    // Section 4.2.1: keys in the bytewise order of their encodings.
    const entries = [...(value as CborMap)].map(([key, item]) => ({ key: encodeCbor(key), item }))
    entries.sort((a, b) => Buffer.compare(a.key, b.key))
    writeHead(MAJOR.map, entries.length, writer)
    for (const { key, item } of entries) {
      writer.bytes.set(key, writer.at)
      writer.at += key.length
      write(item, writer)
    }
  } else {
    const items = value as readonly CborValue[]
    writeHead(MAJOR.array, items.length, writer)
    for (const item of items) write(item, writer)
  }
}

interface Writer {
  readonly bytes: Buffer
  at: number
}

function writeHead(major: number, argument: number, writer: Writer): void {
  const { bytes, at } = writer
  const type = major << 5
  const size = headSize(argument)
  if (size === 1) bytes[at] = type | argument
  else if (size === 2) {
    bytes[at] = type | 24
    bytes[at + 1] = argument
  } else if (size === 3) {
    bytes[at] = type | 25
    bytes.writeUInt16BE(argument, at + 1)
  } else if (size === 5) {
    bytes[at] = type | 26
    bytes.writeUInt32BE(argument, at + 1)
  } else {
    bytes[at] = type | 27
    bytes.writeBigUInt64BE(BigInt(argument), at + 1)
  }
  writer.at = at + size
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
