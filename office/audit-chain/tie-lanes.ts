// An office's lanes are tied together every second in which one of them moved: an entry of lane 0 says how far each has
// come. From then on its head stands for them all, also where it lies with another party.

import type { Log } from '@scratchless/program/log'
import type { Clock } from '@scratchless/voucher/clock'
import type pg from 'pg'
import { z } from 'zod'
import { inTransaction, type SqlClient } from '../database/database.ts'
import { insertEntry, lockHead, markTied, moveHead, readUntiedLanes } from './audit-chain.sql.ts'
import { type AuditHead, entryAfter } from './audit-chain.ts'

export const LANES_TIED = 'lanes-tied'
const EVERY_MS = 1_000

/** What an entry of lane 0 says of the others: lane, number of its last entry, that entry's hash in hex. */
export const TiedLanes = z.strictObject({
  lanes: z
    .array(
      z.tuple([
        z.int().min(1).max(32),
        z.string().regex(/^[1-9]\d{0,18}$/),
        z.string().regex(/^[0-9a-f]{64}$/),
      ]),
    )
    .min(1)
    .max(32),
})

/** The head of lane 0 that stands for all; null where nothing moved, or somebody else ties just now. */
export async function tieLanes(sql: SqlClient, at: Date): Promise<AuditHead | null> {
  const head = await lockHead(sql)
  if (head === undefined) return null
  const lanes = await readUntiedLanes(sql)
  if (lanes.length === 0) return null
  const details: z.input<typeof TiedLanes> = {
    lanes: lanes.map(({ lane, n, hash }) => [lane, String(n), hash.toString('hex')]),
  }
  const entry = entryAfter(head, 0, {
    ...{ at, actor: 'system', action: LANES_TIED, subject: `${lanes.length} lanes`, details },
  })
  await insertEntry(sql, entry)
  await moveHead(sql, entry)
  await markTied(sql, lanes)
  return entry
}

/** Ties from now on, until it is stopped; once more then. */
export function startTying(needs: { readonly pool: pg.Pool; readonly clock: Clock; readonly log: Log }): {
  stop(): Promise<void>
} {
  let underWay: Promise<void> | null = null
  const tie = (): Promise<void> => {
    underWay ??= tieOnce().finally(() => {
      underWay = null
    })
    return underWay
  }
  const tieOnce = () =>
    inTransaction(needs.pool, (sql) => tieLanes(sql, new Date(needs.clock.nowMs()))).then(
      () => undefined,
      (error: unknown) => needs.log.warn({ err: error }, 'the audit lanes were not tied: tried again'),
    )
  const timer = setInterval(() => void tie(), EVERY_MS)
  return {
    async stop() {
      clearInterval(timer)
      await underWay
      await tie()
    },
  }
}
