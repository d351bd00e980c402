// A stock file, read as bytes: CSV with the columns serial, code, product, expires, in any order.
// A row is looked at where it lies in the buffer; no code becomes a string, and no message ever holds one.

import { isUtf8 } from 'node:buffer'
import { luhnHolds } from '@scratchless/voucher/check-digit'
import { type ProductId, productId } from '@scratchless/voucher/product'
import { SERIAL_DIGITS } from '@scratchless/voucher/serial'

const COLUMNS = ['serial', 'code', 'product', 'expires'] as const
type Column = (typeof COLUMNS)[number]

/** What a stock file is refused for. `file`: the rule is about the whole file. */
export interface StockProblem {
  /** Counted from 1, the header included; of a gzip file, the line after unpacking. */
  readonly line: number
  readonly field: Column | 'header' | 'file'
  readonly rule: StockRule
}

export type StockRule =
  | 'empty-file'
  | 'binary-file'
  | 'wrong-encoding'
  | 'file-changed'
  | 'line-too-long'
  | 'too-many-lines'
  | 'missing-column'
  | 'extra-column'
  | 'not-digits'
  | 'wrong-length'
  | 'wrong-check-digit'
  | 'unknown-product'
  | 'expiry-not-a-date'
  | 'expiry-past'
  | 'serial-twice-in-file'
  | 'code-twice-in-file'
  | 'serial-in-stock'
  | 'code-in-stock'

/** As many as a person mends at once; the file is read no further. */
export const MOST_PROBLEMS = 20
/** A row has some 45 bytes; a longer line is not a stock file's. */
export const MAX_LINE_BYTES = 512
/** The largest lots of the trade hold half a million codes; ten million rows are somebody's mistake. */
export const MAX_LINES = 10_000_000

/** What the reader must know of a product to check its codes. */
export interface StockProduct {
  readonly codeDigits: number
  readonly checkDigit: 'none' | 'luhn'
}

export interface StockRow {
  readonly line: number
  /** The serial as a whole number: twelve digits stay exact. */
  readonly serial: number
  readonly product: ProductId
  /** `YYYY-MM-DD` */
  readonly expiresOn: string
  /** ASCII digits where they lie in the buffer: gone when the row's callback returns. */
  readonly code: Uint8Array
}

export interface StockFileReader {
  /** Reads on. Returns false once there are problems enough: the rest need not be sent. */
  write(chunk: Uint8Array): boolean
  /** Reads the last line, and says everything that is wrong. */
  end(): readonly StockProblem[]
  /** For checks outside this file (in stock, twice in the file): one list, one bound. */
  report(problem: StockProblem): void
}

const LF = 0x0a
const CR = 0x0d
const TAB = 0x09
const QUOTE = 0x22
const SEPARATORS = [0x2c, 0x3b, TAB]
const UTF8_MARK = Buffer.from([0xef, 0xbb, 0xbf])

/**
 * Reads chunks of any size and calls `onRow` for each good row, in the file's order.
 * `today` is the date (`YYYY-MM-DD`) on which a code may still expire.
 */
export function stockFileReader(
  products: ReadonlyMap<string, StockProduct>,
  today: string,
  onRow: (row: StockRow) => void,
): StockFileReader {
  const problems: StockProblem[] = []
  // Rows repeat a few products and dates: each is parsed, and made a string, once.
  const knownProducts = new Map<number, { bytes: Buffer; id: ProductId; product: StockProduct }[]>()
  const knownDates = new Map<number, { bytes: Buffer; date: string | null }[]>()
  const rest = Buffer.alloc(MAX_LINE_BYTES + 2)
  let restLength = 0
  let line = 0
  let columns: Column[] | null = null
  let separator = SEPARATORS[0]!
  let rows = 0
  let stopped = false

  function report(problem: StockProblem) {
    if (problems.length < MOST_PROBLEMS) problems.push(problem)
    if (problems.length >= MOST_PROBLEMS) stopped = true
  }

  function wholeFile(rule: StockRule) {
    report({ line, field: 'file', rule })
    stopped = true
  }

  function takeLine(whole: Uint8Array) {
    line++
    const bytes = withoutEnding(whole)
    if (bytes.length > MAX_LINE_BYTES) return wholeFile('line-too-long')
    if (line > MAX_LINES) return wholeFile('too-many-lines')
    if (line === 1 && looksUtf16(bytes)) return wholeFile('wrong-encoding')
    if (bytes.some(isControl)) return wholeFile('binary-file')
    // Bytes that are no text where the header should be: a picture, an archive, an encrypted file.
    if (!isUtf8(bytes))
      return wholeFile(columns === null && !namesAColumn(bytes) ? 'binary-file' : 'wrong-encoding')
    if (columns === null) return takeHeader(bytes)
    // An empty line carries nothing that could be lost.
    if (bytes.length > 0) takeRow(bytes, columns)
  }

  function takeHeader(bytes: Uint8Array) {
    const marked = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    const header = marked.subarray(0, 3).equals(UTF8_MARK) ? marked.subarray(3) : marked
    if (header.length === 0) {
      // A file may begin with an empty line; what comes first that is not empty is the header.
      return
    }
    separator = SEPARATORS.find((candidate) => header.includes(candidate)) ?? separator
    const names = header
      .toString('utf8')
      .split(String.fromCharCode(separator))
      .map((name) => name.replace(/^"(.*)"$/, '$1').trim())
    for (const column of COLUMNS) {
      if (!names.includes(column)) report({ line, field: column, rule: 'missing-column' })
    }
    const extra = names.some((name, at) => !COLUMNS.includes(name as Column) || names.indexOf(name) !== at)
    if (extra) report({ line, field: 'header', rule: 'extra-column' })
    // Without its columns no row can be read.
    if (problems.length > 0) stopped = true
    columns = names as Column[]
  }

  function takeRow(bytes: Uint8Array, columns: readonly Column[]) {
    rows++
    const found: Partial<Record<Column, Uint8Array>> = {}
    let from = 0
    let count = 0
    for (let at = 0; at <= bytes.length; at++) {
      if (at < bytes.length && bytes[at] !== separator) continue
      const column = columns[count++]
      if (!column) return report({ line, field: 'file', rule: 'extra-column' })
      found[column] = unquoted(bytes.subarray(from, at))
      from = at + 1
    }
    for (const column of columns) {
      if (!found[column]) return report({ line, field: column, rule: 'missing-column' })
    }
    const { serial, code, product, expires } = found as Record<Column, Uint8Array>
    const before = problems.length
    const known = productOf(product)
    if (!known) report({ line, field: 'product', rule: 'unknown-product' })
    const serialNumber = digitsToNumber(serial)
    if (serialNumber === null) report({ line, field: 'serial', rule: 'not-digits' })
    else if (serial.length !== SERIAL_DIGITS) report({ line, field: 'serial', rule: 'wrong-length' })
    if (!isDigits(code)) report({ line, field: 'code', rule: 'not-digits' })
    else if (known && code.length !== known.product.codeDigits)
      report({ line, field: 'code', rule: 'wrong-length' })
    else if (known?.product.checkDigit === 'luhn' && !luhnHolds(code)) {
      report({ line, field: 'code', rule: 'wrong-check-digit' })
    }
    const expiresOn = dateOf(expires)
    if (expiresOn === null) report({ line, field: 'expires', rule: 'expiry-not-a-date' })
    else if (expiresOn < today) report({ line, field: 'expires', rule: 'expiry-past' })
    if (problems.length > before) return
    onRow({ line, serial: serialNumber!, product: known!.id, expiresOn: expiresOn!, code })
  }

  function productOf(bytes: Uint8Array) {
    const bucket = knownProducts.get(bytes.length) ?? []
    const hit = bucket.find((entry) => entry.bytes.equals(bytes))
    if (hit) return hit
    const name = Buffer.from(bytes).toString('latin1')
    const product = products.get(name)
    if (!product) return null
    const entry = { bytes: Buffer.from(bytes), id: productId(name), product }
    knownProducts.set(bytes.length, [...bucket, entry])
    return entry
  }

  function dateOf(bytes: Uint8Array): string | null {
    if (bytes.length !== 10) return null
    const bucket = knownDates.get(bytes[9]!) ?? []
    const hit = bucket.find((entry) => entry.bytes.equals(bytes))
    if (hit) return hit.date
    const date = isoDate(Buffer.from(bytes).toString('latin1'))
    // A file of a million dates would be no stock file; the cache stays small.
    if (bucket.length < 100) knownDates.set(bytes[9]!, [...bucket, { bytes: Buffer.from(bytes), date }])
    return date
  }

  return {
    report,
    write(chunk) {
      let from = 0
      while (!stopped) {
        const end = chunk.indexOf(LF, from)
        if (end < 0) break
        if (restLength > 0) {
          // The line began in an earlier chunk: put it together in the one buffer kept for that.
          if (restLength + end - from + 1 > rest.length) {
            line++
            wholeFile('line-too-long')
            break
          }
          rest.set(chunk.subarray(from, end + 1), restLength)
          const whole = rest.subarray(0, restLength + end - from + 1)
          restLength = 0
          takeLine(whole)
          whole.fill(0)
        } else takeLine(chunk.subarray(from, end + 1))
        from = end + 1
      }
      if (stopped) return false
      const left = chunk.length - from
      if (restLength + left > rest.length) {
        line++
        wholeFile(chunk.subarray(from).some(isControl) ? 'binary-file' : 'line-too-long')
        return false
      }
      rest.set(chunk.subarray(from), restLength)
      restLength += left
      return true
    },
    end() {
      if (!stopped && restLength > 0) takeLine(rest.subarray(0, restLength))
      rest.fill(0)
      if (!stopped && rows === 0) wholeFile('empty-file')
      return problems
    },
  }
}

function withoutEnding(whole: Uint8Array): Uint8Array {
  let end = whole.length
  if (end > 0 && whole[end - 1] === LF) end--
  if (end > 0 && whole[end - 1] === CR) end--
  return whole.subarray(0, end)
}

function unquoted(field: Uint8Array): Uint8Array {
  const quoted = field.length >= 2 && field[0] === QUOTE && field[field.length - 1] === QUOTE
  return quoted ? field.subarray(1, -1) : field
}

function isControl(byte: number): boolean {
  return (byte < 0x20 && byte !== TAB && byte !== CR && byte !== LF) || byte === 0x7f
}

/** A UTF-16 file begins with its mark, or has a zero in every other byte. */
function looksUtf16(bytes: Uint8Array): boolean {
  const marked = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
  return (
    marked ||
    (bytes.length > 3 &&
      (bytes[0] === 0) !== (bytes[1] === 0) &&
      (bytes[2] === 0) === (bytes[0] === 0) &&
      (bytes[3] === 0) === (bytes[1] === 0))
  )
}

function namesAColumn(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes('serial')
}

function isDigits(bytes: Uint8Array): boolean {
  if (bytes.length === 0) return false
  for (const byte of bytes) if (byte < 0x30 || byte > 0x39) return false
  return true
}

function digitsToNumber(bytes: Uint8Array): number | null {
  if (!isDigits(bytes)) return null
  let value = 0
  for (const byte of bytes) value = value * 10 + (byte - 0x30)
  return value
}

/** A calendar date of ISO 8601, extended format, that exists; else null. */
function isoDate(text: string): string | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return null
  const at = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text) ? text : null
}
