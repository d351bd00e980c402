// Step 1 of the way of a code: an operator's file becomes stock. The file is read once, as bytes, in a worker of
// the vault; each code is closed for the operator as it comes, in a transaction that commits whole or not at all.
// No clear code is on disk at any moment, and none is in any answer.

import { createHmac } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { inTransaction, type SqlClient } from '@scratchless/office/database/database'
import { packCollector } from './pack-collector.ts'
import { repeatedCodes, repeatedSerials } from './repeated-codes.ts'
import { findStockFile, insertStockFile, readStockProducts } from './sealed-stock.sql.ts'
import { type StockFileReader, type StockProblem, type StockRule, stockFileReader } from './stock-file.ts'
import { beginStockSealing } from './stock-sealing.ts'
import type { VaultNeeds } from './vault-needs.ts'
import type { SealedLot, StockAdmission } from './verbs.ts'
import { piecesOf } from './wiped-pieces.ts'

/** `alreadyKnown`: the very same file was taken before, as these lots; nothing was done. */
export type StockImport =
  | { readonly lots: readonly SealedLot[]; readonly codes: number; readonly alreadyKnown: boolean }
  | { readonly problems: readonly StockProblem[] }

/** Codes closed and written together: some 200 kB of rows, 30 ms of work. */
const BATCH_CODES = 5_000
/** Ten million lines of 45 bytes are 450 MB; a gzip file that unpacks to more is a bomb. */
const MAX_UNPACKED_BYTES = 1024 * 1024 * 1024
const GZIP_MARK = [0x1f, 0x8b]

/**
 * Takes a stock file whole or not at all. `chunks` are the file's bytes as they arrive, which this zeroes; it throws
 * where they break off, and then nothing was taken.
 */
export async function importStockFile(
  needs: VaultNeeds,
  admission: StockAdmission,
  chunks: AsyncIterable<Uint8Array>,
): Promise<StockImport> {
  let runs = 0
  try {
    return await inTransaction(needs.pool, async (sql) => {
      // A file is a stream: it cannot be read a second time.
      if (runs++ > 0) throw new Error('a stock file cannot be taken in a repeated transaction')
      const result = await takeFile(needs, sql, admission, chunks)
      if (!('lots' in result) || result.alreadyKnown) throw new NothingTaken(result)
      return result
    })
  } catch (error) {
    if (error instanceof NothingTaken) return error.result
    throw error
  }
}

/** Rolls everything back; carries what to say. */
class NothingTaken extends Error {
  readonly result: StockImport
  constructor(result: StockImport) {
    super('nothing was taken')
    this.result = result
  }
}

async function takeFile(
  needs: VaultNeeds,
  sql: SqlClient,
  admission: StockAdmission,
  chunks: AsyncIterable<Uint8Array>,
): Promise<StockImport> {
  const products = await readStockProducts(sql)
  const takenAt = new Date(needs.clock.nowMs())
  const { activated, actor: broughtBy, fileName } = admission
  const sealing = await beginStockSealing(needs, sql, { source: 'file', activated, broughtBy, fileName })
  const collector = packCollector(products)
  const reader = stockFileReader(products, takenAt.toISOString().slice(0, 10), collector.add)
  const lineOf = (pack: number, place: number) => collector.lineOf(pack - sealing.firstPack, place)
  const matches: number[] = []
  const tag = createHmac('sha256', needs.keys.stockFile)
  let problems: readonly StockProblem[]
  try {
    const read = await readFile(reader, chunks, async (bytes) => {
      tag.update(bytes)
      const goesOn = reader.write(bytes)
      if (collector.waiting >= BATCH_CODES) matches.push(...(await sealing.seal(collector.take(false))))
      return goesOn
    })
    if (!read.wholeFileBad && read.sizeBytes !== admission.sizeBytes) report(reader, 'file-changed')
    problems = reader.end()
    if (!read.wholeFileBad) matches.push(...(await sealing.seal(collector.take(true))))
  } catch (error) {
    // The reader keeps the beginning of a line, which may hold a code; at its end it zeroes that.
    reader.end()
    throw error
  } finally {
    collector.wipe()
  }

  const tagBytes = tag.digest()
  const known = await findStockFile(sql, tagBytes)
  if (known) return { lots: known, codes: codesIn(known), alreadyKnown: true }
  const lots = await sealing.finish()
  const serials = await repeatedSerials(sql, sealing.firstPack, lineOf)
  const codes = await repeatedCodes(needs, sql, sealing, matches, lineOf)
  for (const problem of [...serials, ...codes]) reader.report(problem)
  if (problems.length > 0) return { problems: problems.toSorted((a, b) => a.line - b.line) }

  const count = codesIn(lots)
  const names = lots.map(({ lot }) => lot)
  await insertStockFile(sql, { tag: tagBytes, lots: names, codes: count, takenAt })
  return { lots, codes: count, alreadyKnown: false }
}

function codesIn(lots: readonly SealedLot[]): number {
  return lots.reduce((sum, lot) => sum + lot.codes, 0)
}

function report(reader: StockFileReader, rule: StockRule): void {
  reader.report({ line: 0, field: 'file', rule })
}

/** Feeds a file to `take`, unpacked where it is gzip. Once `take` says no, the rest is only counted and tagged. */
async function readFile(
  reader: StockFileReader,
  chunks: AsyncIterable<Uint8Array>,
  take: (bytes: Uint8Array) => Promise<boolean>,
): Promise<{ sizeBytes: number; wholeFileBad: boolean }> {
  let sizeBytes = 0
  let unpackedBytes = 0
  let wholeFileBad = false
  async function* counted() {
    for await (const chunk of chunks) {
      sizeBytes += chunk.length
      yield chunk
    }
  }
  const source = await peeked(counted())
  const eat = async (bytes: Uint8Array) => {
    unpackedBytes += bytes.length
    if (unpackedBytes > MAX_UNPACKED_BYTES) throw new BadArchive('too-many-lines')
    await take(bytes)
    bytes.fill(0)
  }
  if (!source.isGzip) for await (const bytes of source.chunks) await eat(bytes)
  else {
    const gunzip = createGunzip()
    try {
      await pipeline(Readable.from(source.chunks), gunzip, async () => {
        for await (const bytes of piecesOf(gunzip)) await eat(bytes)
      })
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? ''
      if (!(error instanceof BadArchive) && !code.startsWith('Z_')) throw error
      report(reader, error instanceof BadArchive ? error.rule : 'binary-file')
      wholeFileBad = true
    }
  }
  return { sizeBytes, wholeFileBad }
}

class BadArchive extends Error {
  readonly rule: StockRule
  constructor(rule: StockRule) {
    super(rule)
    this.rule = rule
  }
}

/** Looks at the first two bytes, wherever the chunks end. */
async function peeked(chunks: AsyncGenerator<Uint8Array>) {
  const held: Uint8Array[] = []
  let first: number[] = []
  while (first.length < 2) {
    const { value, done } = await chunks.next()
    if (done) break
    held.push(value)
    first = [...first, ...value.subarray(0, 2 - first.length)]
  }
  async function* all() {
    yield* held.splice(0)
    yield* chunks
  }
  return { isGzip: GZIP_MARK.every((byte, at) => first[at] === byte), chunks: all() }
}
