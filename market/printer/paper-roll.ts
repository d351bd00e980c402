// The roll of paper: every ticket's bytes, one after the other, in one file that is only added to. One write is one
// ticket, so a printer that dies has either printed it or not.
//
//   length (4 bytes, big-endian) | torn (1 byte: 0 or 1) | bytes

import fs from 'node:fs'
import path from 'node:path'

const HEAD_BYTES = 5

export interface RolledTicket {
  readonly number: number
  readonly bytes: Buffer
  readonly torn: boolean
}

/** Opens the roll of a tray; `found` are the tickets of earlier lives. */
export function loadRoll(trayDir: string) {
  const file = fs.openSync(path.join(trayDir, 'roll'), 'a+')
  const found: RolledTicket[] = []
  const all = fs.readFileSync(file)
  for (let at = 0; at + HEAD_BYTES <= all.length; ) {
    const end = at + HEAD_BYTES + all.readUInt32BE(at)
    if (end > all.length) break
    found.push({
      number: found.length + 1,
      torn: all[at + 4] === 1,
      bytes: all.subarray(at + HEAD_BYTES, end),
    })
    at = end
  }
  let count = found.length
  return {
    found: found as readonly RolledTicket[],
    /** Returns the ticket's number on this roll, from 1. */
    add(bytes: Buffer, torn: boolean): number {
      const head = Buffer.alloc(HEAD_BYTES)
      head.writeUInt32BE(bytes.length)
      head[4] = torn ? 1 : 0
      fs.writeSync(file, Buffer.concat([head, bytes]))
      return ++count
    },
  }
}
