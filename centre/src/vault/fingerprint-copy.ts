// Fingerprints on their way to the database: one row per code, in PostgreSQL's binary COPY format, which spares both
// sides ten thousand conversions to text, and in the index's own order, so that its pages are visited once.

/** PostgreSQL, COPY, "Binary Format": signature, flags, no extension. */
const HEADER = Buffer.from('5047434f50590aff0d0a000000000000000000', 'hex')
const TRAILER = Buffer.from('ffff', 'hex')
/** Count of fields, then each field's length before it: two bigints. */
const ROW_BYTES = 2 + 2 * (4 + 8)
const TWO_POW_32 = 2 ** 32

/** Places of the fingerprints, lowest first. */
export function placesByFingerprint(fingerprints: Float64Array): Uint32Array {
  return Uint32Array.from(fingerprints.keys()).sort((one, other) => fingerprints[one]! - fingerprints[other]!)
}

/** Rows (fingerprint, serial) in the order of `places`; `serials` are the codes' serials as numbers, by place. */
export function fingerprintCopy(
  fingerprints: Float64Array,
  serials: Float64Array,
  places: Uint32Array,
): Buffer {
  const rows = Buffer.alloc(HEADER.length + places.length * ROW_BYTES + TRAILER.length)
  HEADER.copy(rows)
  let at = HEADER.length
  const writeBigint = (value: number) => {
    rows.writeInt32BE(8, at)
    rows.writeUInt32BE(Math.floor(value / TWO_POW_32), at + 4)
    rows.writeUInt32BE(value % TWO_POW_32, at + 8)
    at += 12
  }
  for (const place of places) {
    rows.writeInt16BE(2, at)
    at += 2
    writeBigint(fingerprints[place]!)
    writeBigint(serials[place]!)
  }
  TRAILER.copy(rows, at)
  return rows
}
