// The codes that are hunted for, and the stock files in which an operator's clerk brings them.

import fs from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { type Random, randomBytes } from '@scratchless/voucher/random'

export interface KnownLot {
  readonly product: string
  readonly digits: number
  readonly count: number
  /** As the operator's network sends it: packed with gzip, or plain. */
  readonly gzip: boolean
}

/** Both lengths of code, both kinds of file, both suites of signatures: ten thousand together. */
export const KNOWN_LOTS: readonly KnownLot[] = [
  { product: 'SAHEL-1', digits: 16, count: 8_000, gzip: true },
  { product: 'ATLAS-1', digits: 14, count: 2_000, gzip: false },
]

/** Random digits, none twice; the first is no zero, so that zeroed memory is no hit. */
export function drawCodes(random: Random, { digits, count }: KnownLot): Buffer[] {
  const codes = new Map<string, Buffer>()
  while (codes.size < count) {
    const code = randomBytes(random, digits)
    for (let at = 0; at < digits; at++) code[at] = 0x30 + (at === 0 ? 1 + (code[at]! % 9) : code[at]! % 10)
    codes.set(code.toString('latin1'), code)
  }
  return [...codes.values()]
}

/** Writes a lot's stock file into a folder outside the market's data, and returns its name. */
export function writeStockFile(
  folder: string,
  { product, gzip }: KnownLot,
  codes: readonly Buffer[],
): string {
  const rows = codes.map(
    (code, i) => `${String(870_000_000_000 + i)},${code.toString('latin1')},${product},2032-01-31`,
  )
  const text = Buffer.from(`serial,code,product,expires\n${rows.join('\n')}\n`)
  const file = path.join(folder, `${product}.csv${gzip ? '.gz' : ''}`)
  fs.writeFileSync(file, gzip ? gzipSync(text) : text)
  return file
}
