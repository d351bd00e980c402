// Fingerprints on their way to the database: one row per code, in PostgreSQL's binary COPY format, which spares both
// sides ten thousand conversions to text, and in the index's own order, so that its pages are visited once.

/** PostgreSQL, COPY, "Binary Format": signature, flags, no extension. */
const HEADER = Buffer.from('5047434f50590aff0d0a000000000000000000', 'hex')
const TRAILER = Buffer.from('ffff', 'hex')
/** Count of fields, then each field's length before it: a bigint and an int. */
const ROW_BYTES = 2 + 4 + 8 + 4 + 4
/** Above the largest index of a part: room for both in one exact number. */
const INDEX_RANGE = 2 ** 20
const FINGERPRINT_OFFSET = 2 ** 31
const TWO_POW_32 = 2 ** 32

/** Rows (serial, fingerprint); `serials` are the codes' serials as numbers, in the order of the fingerprints. */
export function fingerprintCopy(fingerprints: Int32Array, serials: Float64Array): Buffer {
  if (fingerprints.length > INDEX_RANGE) throw new RangeError('a part has fewer codes')
  const order = Float64Array.from(
    fingerprints,
    (fingerprint, index) => (fingerprint + FINGERPRINT_OFFSET) * INDEX_RANGE + index,
  ).sort()
  const rows = Buffer.alloc(HEADER.length + fingerprints.length * ROW_BYTES + TRAILER.length)
  HEADER.copy(rows)
  let at = HEADER.length
  for (const key of order) {
    const index = key % INDEX_RANGE
    rows.writeInt16BE(2, at)
    rows.writeInt32BE(8, at + 2)
    const serial = serials[index]!
    rows.writeUInt32BE(Math.floor(serial / TWO_POW_32), at + 6)
    rows.writeUInt32BE(serial % TWO_POW_32, at + 10)
    rows.writeInt32BE(4, at + 14)
    rows.writeInt32BE(fingerprints[index]!, at + 18)
    at += ROW_BYTES
  }
  TRAILER.copy(rows, at)
  return rows
}
