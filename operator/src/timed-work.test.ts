import { bookingAt } from '@scratchless/office/calendar/booking'
import { inTransaction } from '@scratchless/office/database/database'
import { askForWork } from '@scratchless/office/timed/ask-for-work'
import { createLog } from '@scratchless/program/log'
import { systemClock } from '@scratchless/voucher/clock'
import { centreId, operatorId } from '@scratchless/voucher/ids'
import { money } from '@scratchless/voucher/money'
import { newMessageId, systemRandom } from '@scratchless/voucher/random'
import { expect, test } from 'vitest'
import { testDatabase } from '../../office/testing/test-database.ts'
import { createPartnerAccount, pendParts, settlePart } from './finance/partner-account.ts'
import { OPERATOR_MIGRATIONS } from './settings.ts'
import { operatorCases } from './stock/operator-cases.ts'
import { FOLD_OWN_BOOKS, startOperatorWork } from './timed-work.ts'

test('what a receipt noted for the operator’s own books is folded into their counters', async () => {
  const database = await testDatabase(OPERATOR_MIGRATIONS)
  const log = createLog({ program: 'test', process: 'test', clock: systemClock, level: 'silent' })
  const pool = database.pool('api')
  const requests = {
    party: operatorId('test'),
    pool,
    log,
    clock: systemClock,
    approvers: new Map(),
    carriers: {},
  }
  const listSealedLots = async () => []
  const vault = { listSealedLots } as never
  const cases = operatorCases({ pool, vault, clock: systemClock, party: requests.party })
  const work = await startOperatorWork({
    databaseUrl: database.urls.api,
    pool,
    log,
    requests,
    cases,
    timeZone: 'UTC',
  })
  try {
    const partner = centreId('centre')
    const now = new Date(systemClock.nowMs())
    const booking = bookingAt(now, 'UTC')
    const part = { id: newMessageId(systemRandom), codes: 10, unitPrice: money(4_700n, 'TND') }
    await inTransaction(pool, async (sql) => {
      await createPartnerAccount(sql, { partner, currency: 'TND', guaranteeMinor: null, openedAt: now })
      await pendParts(sql, partner, [part], booking)
      await settlePart(sql, partner, part, 10, booking)
    })
    const booked = async () => {
      const { rows } = await pool.query(
        `SELECT credits_posted AS posted, credits_pending AS pending, (SELECT count(*) FROM own_book_change) AS noted
           FROM account WHERE id = 'restock-sales'`,
      )
      return rows[0]
    }
    await askForWork(pool, FOLD_OWN_BOOKS)
    await expect.poll(booked, { timeout: 10_000 }).toEqual({ posted: 47_000n, pending: 0n, noted: 0n })
  } finally {
    await work.stop()
    await database.drop()
  }
})
