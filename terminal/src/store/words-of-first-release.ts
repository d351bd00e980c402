// The first release kept what the centre said last in shapes without a level, with a card letter's epoch where a number
// of the letter stands now. The store is brought to the next form with them, so that a terminal that is enrolled stays so.

import type { DatabaseSync } from 'node:sqlite'
import { type CborValue, decodeCbor, encodeCbor } from '@scratchless/wire/compact/cbor'

const LEVEL = 1
/** Known by its own number: the centre says its own with the next answer. */
const NONE_YET = 0

/** Part of the transaction that brings a store from the first release's form to the next. */
export function convertWords(db: DatabaseSync): void {
  const read = db.prepare('SELECT content FROM centre_word WHERE name = ?')
  const write = db.prepare('UPDATE centre_word SET content = ? WHERE name = ?')
  const convert = (name: string, change: (fields: readonly CborValue[]) => CborValue[]) => {
    const row = read.get(name)
    const fields = row && decodeCbor(row.content as Uint8Array)
    if (Array.isArray(fields)) write.run(encodeCbor([LEVEL, ...change(fields)]), name)
  }
  convert('enrolled', ([state, standing, ...rest]) => [
    state!,
    standingOf(standing as CborValue[]),
    ...rest,
    // The last sequence at the enrolment: the terminal has its own by now.
    NONE_YET,
  ])
  convert('standing', standingOf)
  // It has no dated prices: the next answer says that there is a newer one.
  db.exec(`DELETE FROM centre_word WHERE name = 'catalogue'`)
}

/** All but the epoch, which was last; then versions of shop settings and card letter, and notices. */
function standingOf(fields: readonly CborValue[]): CborValue[] {
  return [...fields.slice(0, -1), NONE_YET, NONE_YET, []]
}
