// Ten bugs that a payments system must not have, each planted from outside: by a hand on a statement, on a line or on
// a start, never by a switch in the product. Each must be found by the invariants alone.

import type { Pool } from '@scratchless/office/database/database'
import { salesIn } from '@scratchless/terminal/sale/sale.sql'
import type { doubtOpenIntents } from '@scratchless/terminal/sale/settle-doubt'
import type pg from 'pg'
import type { StatementHook } from './sim-process.ts'

export interface PlantedBug {
  readonly name: string
  /** Offices. */
  readonly statement?: StatementHook
  /** The terminal's program at its start, in place of putting open intents in doubt. */
  readonly atStart?: typeof doubtOpenIntents
  /** On the centre's database, before a seed and after it. */
  readonly prepare?: (owner: Pool) => Promise<void>
  readonly undo?: (owner: Pool) => Promise<void>
}

const nothing = (rowCount: number) => ({ rows: [], rowCount }) as unknown as pg.QueryResult

/** A statement of one process that is not run at all, and answers as if it had been. */
function skipped(process: string, pattern: RegExp, rowCount: number): StatementHook {
  return (of, _on, text, values, run) =>
    of === process && pattern.test(text) ? Promise.resolve(nothing(rowCount)) : run(text, values)
}

/** The place of the packs' row indexes among the values of their insertion. */
const FIRST_INDEXES = 4
/** The place of the packs among the values of what marks their codes as given. */
const PACKS = 2
/** How much later than its answer a commit comes that should have come before. */
const LATE_MS = 20

/** Bugs with a memory are made anew for each seed. */
export const PLANTED_BUGS: readonly (() => PlantedBug)[] = [
  () => ({
    name: 'lost idempotency',
    async statement(of, _on, text, values, run) {
      const result = await run(text, values)
      if (of === 'centre-api' && /SELECT.*payload_hash.*JOIN supply_message AS message/s.test(text))
        result.rows = result.rows.filter(({ answer }) => answer === null)
      return result
    },
  }),
  () => ({
    name: 'double allocation',
    statement(of, _on, text, values, run) {
      if (of !== 'centre-api' || !/^UPDATE pack SET given = pack.given \|/.test(text))
        return run(text, values)
      return Promise.resolve(nothing(new Set(values![PACKS] as bigint[]).size))
    },
  }),
  () => ({
    name: 'unposted transfer',
    statement: skipped('centre-api', /^INSERT INTO settlement/, 0),
  }),
  () => ({
    name: 'resale after a cut',
    atStart({ store }) {
      const open = salesIn(store, 'intent')
      store.transaction(() => {
        for (const { number, run } of open) {
          store.statement('DELETE FROM sale WHERE number = ?').run(number)
          store.statement('UPDATE safe_run SET next_index = next_index - 1 WHERE id = ?').run(run)
        }
      })
      return open.length
    },
  }),
  () => {
    let entries = 0
    return {
      name: 'broken chain',
      statement(_of, _on, text, values, run) {
        if (!/^INSERT INTO audit_entry/.test(text) || ++entries % 5 !== 0) return run(text, values)
        const altered = [...values!]
        altered[3] = 'nobody'
        return run(text, altered)
      },
    }
  },
  () => ({
    name: 'nonce reuse',
    statement(of, _on, text, values, run) {
      if (of !== 'centre-vault' || !/^INSERT INTO vault_pack/.test(text)) return run(text, values)
      const altered = [...values!]
      altered[FIRST_INDEXES] = (altered[FIRST_INDEXES] as number[]).map(() => 0)
      return run(text, altered)
    },
  }),
  () => {
    let commits = 0
    return {
      name: 'dropped durable write',
      statement(of, _on, text, values, run) {
        const dropped = of === 'centre-api' && text === 'COMMIT' && ++commits % 7 === 0
        return run(dropped ? 'ROLLBACK' : text, values)
      },
    }
  },
  () => ({
    name: 'reordered commit and send',
    statement(of, _on, text, values, run) {
      if (of !== 'centre-api' || text !== 'COMMIT') return run(text, values)
      setTimeout(() => void run(text, values).catch(() => undefined), LATE_MS)
      return Promise.resolve(nothing(0))
    },
  }),
  () => ({
    name: 'receipt ignored',
    statement: skipped('centre-api', /^UPDATE supply_order.*SET state = 'delivered'/s, 0),
  }),
  () => {
    const looked = new WeakMap<object, number>()
    return {
      name: 'limit checked before the lock',
      async prepare(owner) {
        await owner.query('ALTER TABLE account DROP CONSTRAINT account_within_limit')
      },
      async undo(owner) {
        // Not looked at in the rows that are there: the next seed puts others in their place.
        await owner.query(
          `ALTER TABLE account ADD CONSTRAINT account_within_limit CHECK (
             credit_line_minor IS NULL
             OR debits_posted + debits_pending <= credits_posted + credit_line_minor) NOT VALID`,
        )
      },
      async statement(of, on, text, values, run) {
        if (text.startsWith('BEGIN')) looked.set(on, 0)
        if (of !== 'centre-api' || !/FROM account.*FOR NO KEY UPDATE/s.test(text)) return run(text, values)
        const looks = (looked.get(on) ?? 0) + 1
        looked.set(on, looks)
        if (looks === 1) return run(text.replace('FOR NO KEY UPDATE', ''), values)
        const result = await run(text, values)
        for (const row of result.rows) if (row.credit_line_minor !== null) row.credit_line_minor = 10n ** 12n
        return result
      },
    }
  },
]
