// Codes and serials that come twice. A fingerprint has 32 bits, so a million different codes share about a hundred:
// each match is settled here, by opening both codes and comparing them.

import type { Sql } from '@scratchless/office/database/database'
import { openPack, sealedPack } from '@scratchless/office/vault/closing'
import { serialFromNumber } from '@scratchless/voucher/serial'
import { type OpenLot, openLot } from './lot-key.ts'
import { type FingerprintedCode, findSerialOverlaps, readCodesOf } from './sealed-stock.sql.ts'
import { MOST_PROBLEMS, type StockProblem } from './stock-file.ts'
import type { StockSealing } from './stock-sealing.ts'
import type { VaultNeeds } from './vault-needs.ts'

/** The line of the code at `place` of the attempt's pack with this number. */
type LineOf = (pack: number, place: number) => number

/** Fingerprints settled at a time: few enough that the codes of a file sent twice do not all come at once. */
const SETTLED_AT_ONCE = 200

interface OpenedCode {
  readonly code: FingerprintedCode
  readonly digits: number
  readonly packed: Buffer
}

/** Serials of the attempt that are twice in its file, or in stock; at most as many as a report holds. */
export async function repeatedSerials(sql: Sql, firstPack: number, lineOf: LineOf): Promise<StockProblem[]> {
  const problems: StockProblem[] = []
  for (const found of await findSerialOverlaps(sql, firstPack, MOST_PROBLEMS)) {
    const inFile = Number(found.other) >= firstPack
    for (let i = 0; i < found.overlap && problems.length < MOST_PROBLEMS; i++) {
      const line = lineOf(Number(found.pack), found.place + i)
      problems.push({
        line: inFile ? Math.max(line, lineOf(Number(found.other), found.other_place + i)) : line,
        field: 'serial',
        rule: inFile ? 'serial-twice-in-file' : 'serial-in-stock',
      })
    }
  }
  return problems
}

/** The same for codes, among those that share one of `fingerprints`. The lots' records must be written. */
export async function repeatedCodes(
  needs: Pick<VaultNeeds, 'party' | 'keys'>,
  sql: Sql,
  sealing: Pick<StockSealing, 'firstPack'>,
  fingerprints: readonly number[],
  lineOf: LineOf,
): Promise<StockProblem[]> {
  const distinct = [...new Set(fingerprints)]
  const lots = new Map<string, OpenLot>()
  const problems: StockProblem[] = []
  for (let at = 0; at < distinct.length && problems.length < MOST_PROBLEMS; at += SETTLED_AT_ONCE) {
    const codes = await readCodesOf(sql, distinct.slice(at, at + SETTLED_AT_ONCE))
    const opened: OpenedCode[] = []
    try {
      for (const code of codes) {
        const lot = lots.get(code.lot) ?? (await openLot(needs, sql, code.lot))
        if (lot === null) throw new Error(`lot ${code.lot} has codes and no record`)
        lots.set(code.lot, lot)
        opened.push({ code, digits: lot.row.code_digits, packed: openOne(lot, code) })
      }
      problems.push(...settle(opened, sealing.firstPack, lineOf))
    } finally {
      for (const { packed } of opened) packed.fill(0)
    }
  }
  return problems.slice(0, MOST_PROBLEMS)
}

function openOne({ contentKey, binding, row }: OpenLot, code: FingerprintedCode): Buffer {
  const pack = sealedPack<'operator'>(
    {
      firstSerial: serialFromNumber(Number(code.first_serial)),
      firstIndex: Number(code.first_index),
      count: code.count,
      sealed: code.sealed,
    },
    row.code_digits,
  )
  return openPack(contentKey, binding, pack, { place: code.place, count: 1 }, row.code_digits)
}

/** `opened` comes by fingerprint, older packs first: each code of the attempt is held against those before it. */
function settle(opened: readonly OpenedCode[], firstPack: number, lineOf: LineOf): StockProblem[] {
  const problems: StockProblem[] = []
  for (const [index, { code, digits, packed }] of opened.entries()) {
    if (Number(code.pack) < firstPack) continue
    const line = lineOf(Number(code.pack), code.place)
    for (let before = index - 1; before >= 0; before--) {
      const other = opened[before]!
      if (other.code.fingerprint !== code.fingerprint) break
      // 0012 and 12 pack alike and are different codes.
      if (other.digits !== digits || !packed.equals(other.packed)) continue
      const inFile = Number(other.code.pack) >= firstPack
      problems.push({
        line: inFile ? Math.max(line, lineOf(Number(other.code.pack), other.code.place)) : line,
        field: 'code',
        rule: inFile ? 'code-twice-in-file' : 'code-in-stock',
      })
      break
    }
  }
  return problems
}
