// Retailers as staff see them: who they are, what they paid in, what they may owe.

import { availableMinor, balanceMinor } from '@scratchless/ledger/account'
import { readAccount } from '@scratchless/ledger/ledger.sql'
import { setCreditLine } from '@scratchless/ledger/post-transfers'
import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import { bookingAt } from '@scratchless/office/calendar/booking'
import { inTransaction, type Sql } from '@scratchless/office/database/database'
import { issuePaper } from '@scratchless/office/papers/issue-paper'
import { type StaffGuard, staffOf } from '@scratchless/office/staff/staff-routes'
import { HttpRefusal, parseInput } from '@scratchless/program/http/http-server'
import type { RetailerId } from '@scratchless/voucher/ids'
import { type Currency, type Money, money, parseDecimal, toDecimal } from '@scratchless/voucher/money'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { whichDepot } from '../depots/which-depot.ts'
import type { CentreNeeds } from '../needs.ts'
import {
  CreditLineBody,
  DepositBody,
  DepositReversalBody,
  type DepositView,
  ReasonBody,
  RetailerBody,
  type RetailerView,
  retailerField,
} from '../staff-api.ts'
import { openHeldAccount, retailerAccount, unpaidAccount } from './accounts.ts'
import {
  findRetailer,
  insertRetailer,
  markRetailerClosed,
  type RetailerRow,
  readRetailers,
} from './retailers.sql.ts'
import { reverseDeposit } from './reverse-deposit.ts'
import { depositId, takeDeposit } from './take-deposit.ts'

const IdParams = z.object({ id: retailerField })
/** What a page shows. */
const MAX_RETAILERS = 500

export function addRetailerRoutes(app: FastifyInstance, needs: CentreNeeds, guard: StaffGuard): void {
  const { pool, clock, settings } = needs

  app.post('/api/retailers', guard.mayDo('add-retailer'), async (request, reply) => {
    const body = parseInput(RetailerBody, request.body)
    const at = new Date(clock.nowMs())
    const view = await inTransaction(pool, async (sql) => {
      const which = await whichDepot(sql, body.depot)
      if (typeof which === 'string') throw new HttpRefusal(409, which)
      const row = await insertRetailer(sql, { ...body, ...which, addedAt: at })
      await openHeldAccount(sql, 'retailer', {
        ...{ depotId: which.depot, holder: row.id, currency: settings.currency },
        ...{ creditLineMinor: 0n, openedAt: at },
      })
      const added = await viewOf(sql, row, settings.currency)
      const actor = staffOf(request).signInName
      await appendAudit(sql, { at, actor, action: 'retailer-added', subject: row.id })
      return added
    })
    return reply.status(201).send(view)
  })

  app.get('/api/retailers', guard.mayDo('see-retailers'), async () => {
    const rows = await readRetailers(pool, MAX_RETAILERS)
    return { retailers: await Promise.all(rows.map((row) => viewOf(pool, row, settings.currency))) }
  })

  app.get('/api/retailers/:id', guard.mayDo('see-retailers'), async (request) => {
    const { id } = parseInput(IdParams, request.params)
    return viewOf(pool, await retailerOr404(pool, id), settings.currency)
  })

  app.post('/api/retailers/:id/deposits', guard.mayDo('take-deposit'), async (request, reply) => {
    const { id } = parseInput(IdParams, request.params)
    const body = parseInput(DepositBody, request.body)
    const amount = amountOr400(body.amount, settings.currency, 'amount')
    if (amount.amountMinor === 0n)
      throw new HttpRefusal(400, 'invalid', [{ field: 'amount', rule: 'too_small' }])
    const at = new Date(clock.nowMs())
    const view: DepositView = await inTransaction(pool, async (sql) => {
      const row = await retailerOr404(sql, id)
      const deposit = { depot: row.depot_id, retailer: id, amount, document: body.document }
      const booking = bookingAt(at, settings.timeZone)
      const result = await takeDeposit(sql, deposit, booking)
      if (result === 'document-used') throw new HttpRefusal(409, result)
      const after = await viewOf(sql, row, settings.currency)
      const actor = staffOf(request).signInName
      const receipt = await issuePaper(sql, {
        ...{
          depot: row.depot_id,
          series: 'receipt',
          year: Number(booking.bookedOn.slice(0, 4)),
          subject: id,
        },
        ...{ about: depositId(body.document), ...amount, issuedAt: at, issuedBy: actor },
      })
      if (result === 'posted') {
        const details = { amount: body.amount, document: body.document, receipt }
        await appendAudit(sql, { at, actor, action: 'deposit-taken', subject: id, details })
      }
      return { ...after, receipt }
    })
    return reply.status(201).send(view)
  })

  app.post('/api/retailers/:id/deposit-reversals', guard.mayDo('reverse-deposit'), async (request, reply) => {
    const { id } = parseInput(IdParams, request.params)
    const { document, reason } = parseInput(DepositReversalBody, request.body)
    const at = new Date(clock.nowMs())
    const view = await inTransaction(pool, async (sql) => {
      const { depot_id: depot } = await retailerOr404(sql, id)
      const deposit = { depot, retailer: id, document }
      const result = await reverseDeposit(sql, deposit, bookingAt(at, settings.timeZone))
      if (typeof result === 'string') throw new HttpRefusal(409, result)
      const unpaid = toDecimal(money(result.unpaidMinor, settings.currency))
      const actor = staffOf(request).signInName
      const details = { document, reason, unpaid }
      await appendAudit(sql, { at, actor, action: 'deposit-reversed', subject: id, details })
      return viewOf(sql, await retailerOr404(sql, id), settings.currency)
    })
    return reply.status(201).send(view)
  })

  app.post('/api/retailers/:id/credit-line', guard.mayDo('set-credit-line'), async (request) => {
    const { id } = parseInput(IdParams, request.params)
    const body = parseInput(CreditLineBody, request.body)
    const amount = amountOr400(body.amount, settings.currency, 'amount')
    return inTransaction(pool, async (sql) => {
      const row = await retailerOr404(sql, id)
      const result = await setCreditLine(sql, row.depot_id, retailerAccount(id), amount.amountMinor)
      if (result !== 'set') throw new HttpRefusal(409, result)
      const after = await viewOf(sql, row, settings.currency)
      const actor = staffOf(request).signInName
      const details = { amount: body.amount }
      await appendAudit(sql, {
        at: new Date(clock.nowMs()),
        actor,
        action: 'credit-line-set',
        subject: id,
        details,
      })
      return after
    })
  })

  app.post('/api/retailers/:id/closing', guard.mayDo('close-retailer'), async (request) => {
    const { id } = parseInput(IdParams, request.params)
    const { reason } = parseInput(ReasonBody, request.body)
    const at = new Date(clock.nowMs())
    return inTransaction(pool, async (sql) => {
      await retailerOr404(sql, id)
      if (!(await markRetailerClosed(sql, id, at))) throw new HttpRefusal(409, 'closed-already')
      const after = await viewOf(sql, await retailerOr404(sql, id), settings.currency)
      const actor = staffOf(request).signInName
      await appendAudit(sql, { at, actor, action: 'retailer-closed', subject: id, details: { reason } })
      return after
    })
  })
}

/** Reads an amount as staff type it. Throws HttpRefusal 400 naming the field. */
export function amountOr400(text: string, currency: Currency, field: string): Money {
  const amount = parseDecimal(text, currency)
  if (amount === null) throw new HttpRefusal(400, 'invalid', [{ field, rule: 'not_an_amount' }])
  return amount
}

export async function retailerOr404(sql: Sql, id: RetailerId): Promise<RetailerRow> {
  const row = await findRetailer(sql, id)
  if (row === undefined) throw new HttpRefusal(404, 'unknown-retailer')
  return row
}

async function viewOf(sql: Sql, row: RetailerRow, currency: Currency): Promise<RetailerView> {
  const account = await readAccount(sql, row.depot_id, retailerAccount(row.id))
  if (account === null) throw new Error(`${row.id} has no account`)
  const unpaid = await readAccount(sql, row.depot_id, unpaidAccount(row.id))
  const text = (amountMinor: bigint) => toDecimal(money(amountMinor, currency))
  return {
    id: row.id,
    depot: row.depot_id,
    name: row.name,
    place: row.place,
    currency,
    balance: text(balanceMinor(account)),
    pending: text(account.debitsPending),
    creditLine: text(account.creditLineMinor ?? 0n),
    available: text(availableMinor(account) ?? 0n),
    unpaid: text(unpaid === null ? 0n : -balanceMinor(unpaid)),
    ordersBlocked: account.blocked && {
      since: account.blocked.since.toISOString(),
      why: account.blocked.why,
    },
    closedAt: row.closed_at?.toISOString() ?? null,
  }
}
