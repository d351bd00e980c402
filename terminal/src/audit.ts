// Looks over a terminal's store, which may be in use, and says of each invariant whether it holds.

import type { Store } from './store/connect-store.ts'
import { connectStoreForReading } from './store/connect-store.ts'

export interface AuditLine {
  /** The invariant's number, as the design counts them. */
  readonly invariant: number
  readonly ok: boolean
  readonly detail: string
}

/** `storeFile`: the terminal's `terminal.sqlite`. Reads one moment; changes nothing. Throws where it cannot read. */
export function auditTerminal(storeFile: string): AuditLine[] {
  const store = connectStoreForReading(storeFile)
  try {
    store.statement('BEGIN').run()
    return [
      onePlace(store),
      runsAddUp(store),
      oneSalePerCode(store),
      sequenceWithoutGap(store),
      saleWithCardVendorLease(store),
      oneKeyOneCode(store),
    ]
  } finally {
    store.close()
  }
}

function count(store: Store, sql: string): number {
  return store.statement(sql).get()!.found as number
}

function line(invariant: number, breaks: number, holds: string, broken: string): AuditLine {
  return { invariant, ok: breaks === 0, detail: breaks === 0 ? holds : `${breaks} ${broken}` }
}

const OVERLAPPING = `
  SELECT count(*) AS found FROM safe_run a JOIN safe_run b
    ON a.operator = b.operator AND a.id < b.id
   AND a.first_serial < b.first_serial + b.count AND b.first_serial < a.first_serial + a.count`

function onePlace(store: Store): AuditLine {
  const codes = count(store, 'SELECT coalesce(sum(count), 0) AS found FROM safe_run')
  return line(
    1,
    count(store, OVERLAPPING),
    `each of ${codes} serials that came here stands in one run`,
    'pairs of runs share a serial',
  )
}

/** Received = on board + sold, in doubt or damaged: each code the cursor passed has its sale, and no other. */
function runsAddUp(store: Store): AuditLine {
  const breaks = count(
    store,
    `SELECT count(*) AS found FROM safe_run
     WHERE next_index <> (SELECT count(*) FROM sale WHERE run = safe_run.id)
        OR (SELECT length(codes) % count FROM safe_codes WHERE run = safe_run.id) IS NOT 0
        OR EXISTS (SELECT 1 FROM sale WHERE run = safe_run.id
                    AND (run_index >= next_index OR serial <> first_serial + run_index))`,
  )
  return line(1, breaks, 'each run holds what was delivered less what was sold', 'runs do not add up')
}

function oneSalePerCode(store: Store): AuditLine {
  const breaks = count(
    store,
    `SELECT count(*) AS found FROM (
       SELECT 1 FROM sale GROUP BY operator, serial HAVING count(*) > 1)`,
  )
  const sales = count(store, 'SELECT count(*) AS found FROM sale')
  return line(3, breaks, `${sales} sales, each of a code of its own`, 'codes have more than one sale')
}

function sequenceWithoutGap(store: Store): AuditLine {
  const last = count(store, 'SELECT coalesce(max(sequence), 0) AS found FROM request')
  // A store of the first release knows of no second enrolment.
  const column = `SELECT count(*) AS found FROM pragma_table_info('device') WHERE name = 'sequences_skipped'`
  const skipped =
    count(store, column) === 0 ? 0 : count(store, 'SELECT sequences_skipped AS found FROM device')
  const gap = last - count(store, 'SELECT count(*) AS found FROM request')
  // A number that an enrolment went over is missed once there is one above it.
  const toCome = skipped === 0 ? 0 : count(store, 'SELECT last_sequence AS found FROM device')
  const missing = toCome > last && gap <= skipped ? 0 : gap - skipped
  return line(9, missing, `${last} requests in sequence, no gap`, 'sequences are missing')
}

function saleWithCardVendorLease(store: Store): AuditLine {
  const breaks = count(
    store,
    `SELECT count(*) AS found FROM sale
     WHERE vendor = '' OR card = '' OR at_ms >= lease_until_ms`,
  )
  return line(10, breaks, 'each sale under card, vendor and lease', 'sales lack card, vendor or lease')
}

/** A code's key is derived from its place: two boxes under one place would meet one key and the zero nonce twice. */
function oneKeyOneCode(store: Store): AuditLine {
  const breaks = count(store, OVERLAPPING)
  return line(13, breaks, 'each code box under a key of its own', 'pairs of runs share a key')
}
