// Looks for all needles at once in whatever comes as chunks: a rolling word of four bytes against a bit table tells
// where it is worth looking closer.

import { type Needle, SHORTEST_NEEDLE_BYTES } from './needles.ts'

export interface Haystack {
  /** Where a hit was, for the report: a file, a process and its mapping, a line. */
  readonly place: string
  readonly chunks: Iterable<Buffer>
}

export interface Hit {
  readonly place: string
  readonly look: string
  readonly code: number
  /** From the beginning of the haystack. */
  readonly offset: number
}

export interface Hunter {
  /** Reads a haystack to its end and returns what was found in it. */
  search(haystack: Haystack): Hit[]
  /** Bytes read so far. */
  readonly searched: number
}

/** One megabyte of bits: it stays in the cache, and a needle-free position passes with 98 in 100. */
const TABLE_BITS = 23
const GOLDEN = 0x9e3779b1

export function createHunter(needles: readonly Needle[]): Hunter {
  const table = new Int32Array(2 ** TABLE_BITS / 32)
  const byStart = new Map<number, Needle[]>()
  let longest = 0
  for (const needle of needles) {
    const { bytes } = needle
    const slot = Math.imul(bytes.readInt32BE(0), GOLDEN) >>> (32 - TABLE_BITS)
    table[slot >>> 5]! |= 1 << (slot & 31)
    const start = bytes.readUIntBE(0, SHORTEST_NEEDLE_BYTES)
    const same = byStart.get(start)
    if (same === undefined) byStart.set(start, [needle])
    else same.push(needle)
    longest = Math.max(longest, bytes.length)
  }
  let searched = 0

  function closer(chunk: Buffer, at: number, place: string, offset: number, hits: Hit[]) {
    if (at + SHORTEST_NEEDLE_BYTES > chunk.length) return
    for (const needle of byStart.get(chunk.readUIntBE(at, SHORTEST_NEEDLE_BYTES)) ?? []) {
      const end = at + needle.bytes.length
      if (end > chunk.length || needle.bytes.compare(chunk, at, end) !== 0) continue
      if (needle.alone && (isDigit(chunk[at - 1]) || isDigit(chunk[end]))) continue
      hits.push({ place, look: needle.look, code: needle.code, offset })
    }
  }

  /** Looks at every start from `from` to before `to`. */
  function scan(chunk: Buffer, to: number, place: string, offset: number, hits: Hit[]) {
    let word = 0
    const end = Math.min(chunk.length, to + 3)
    for (let i = 0; i < end; i++) {
      word = (word << 8) | chunk[i]!
      const slot = Math.imul(word, GOLDEN) >>> (32 - TABLE_BITS)
      if ((table[slot >>> 5]! & (1 << (slot & 31))) !== 0 && i >= 3)
        closer(chunk, i - 3, place, offset + i - 3, hits)
    }
  }

  return {
    search({ place, chunks }) {
      const hits: Hit[] = []
      let rest = Buffer.alloc(0)
      let offset = 0
      for (const chunk of chunks) {
        searched += chunk.length
        const whole = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
        // A needle that starts in the last bytes may end in the next chunk.
        const to = Math.max(0, whole.length - longest)
        scan(whole, to, place, offset, hits)
        rest = Buffer.from(whole.subarray(to))
        offset += to
      }
      scan(rest, rest.length, place, offset, hits)
      return hits
    },
    get searched() {
      return searched
    },
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}
