// What restock is measured against: 100,000 rows by COPY into the fixed table of reference.sql.

import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'

import { from as copyFrom } from 'pg-copy-streams'

export const REFERENCE_ROWS = 100_000

export interface ReferenceCopy {
  /** Milliseconds for one COPY of all rows into the emptied table, commit included. */
  run(): Promise<number>
  close(): Promise<void>
}

/** Makes the table and the rows in advance: only the COPY is timed. */
export async function prepareReferenceCopy(adminUrl: string): Promise<ReferenceCopy> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  await client.query(fs.readFileSync(path.join(import.meta.dirname, 'reference.sql'), 'utf8'))
  const lines = Array.from({ length: REFERENCE_ROWS }, (_, i) => {
    const sealed = randomBytes(22).toString('hex')
    return `${i}\t${i % 10}\t${100_000_000 + i}\tATLAS-1\tin_stock\t\\\\x${sealed}\t2027-11-22\t2026-11-22 10:00:00+00\n`
  })
  const rows = Buffer.from(lines.join(''))
  return {
    async run() {
      await client.query('TRUNCATE reference_row')
      const began = performance.now()
      await pipeline(Readable.from(chunks(rows)), client.query(copyFrom('COPY reference_row FROM STDIN')))
      return performance.now() - began
    },
    async close() {
      await client.query('DROP TABLE reference_row')
      await client.end()
    },
  }
}

const CHUNK_BYTES = 1 << 16

function* chunks(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES)
}
