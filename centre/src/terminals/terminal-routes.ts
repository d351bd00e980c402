// Terminals as staff see them: a place for one, an enrolment, two approvals, and its end.

import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import { inTransaction, type Sql } from '@scratchless/office/database/database'
import { type StaffGuard, staffOf } from '@scratchless/office/staff/staff-routes'
import { HttpRefusal, parseInput } from '@scratchless/program/http/http-server'
import { idPattern, type TerminalId, terminalId } from '@scratchless/voucher/ids'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { CentreNeeds } from '../needs.ts'
import { retailerOr404 } from '../retailers/retailer-routes.ts'
import {
  ApprovalBody,
  type EnrolmentView,
  LockBody,
  ReasonBody,
  RevocationBody,
  TerminalBody,
  type TerminalStateView,
  type TerminalView,
} from '../staff-api.ts'
import { collectApproval } from './approvals.ts'
import { readCodesAtTerminal } from './codes-at-terminal.sql.ts'
import { readOpenAlarms, readTerminalState } from './terminal-state.sql.ts'
import {
  activateTerminal,
  clearTerminalLock,
  findTerminal,
  insertEnrolment,
  insertTerminal,
  markTerminalLocked,
  markTerminalRevoked,
  readTerminals,
  type TerminalRow,
} from './terminals.sql.ts'

const IdParams = z.object({ id: z.string().regex(idPattern('TerminalId')).transform(terminalId) })
/** What a page shows. */
const MAX_TERMINALS = 500
/** A code read out by telephone is typed within days, or never. */
const ENROLMENT_MS = 7 * 86_400_000

export function addTerminalRoutes(app: FastifyInstance, needs: CentreNeeds, guard: StaffGuard): void {
  const { pool, clock, vault } = needs

  app.post('/api/terminals', guard.mayDo('add-terminal'), async (request, reply) => {
    const { retailer } = parseInput(TerminalBody, request.body)
    const at = new Date(clock.nowMs())
    const view = await inTransaction(pool, async (sql) => {
      // A terminal is supplied from where its shop is.
      const { depot_id: depot } = await retailerOr404(sql, retailer)
      const id = await insertTerminal(sql, { depot, retailer, addedAt: at })
      const added = viewOf(await terminalOr404(sql, id))
      const actor = staffOf(request).signInName
      await appendAudit(sql, { at, actor, action: 'terminal-added', subject: id, details: { retailer } })
      return added
    })
    return reply.status(201).send(view)
  })

  app.get('/api/terminals', guard.mayDo('see-terminals'), async () => ({
    terminals: (await readTerminals(pool, MAX_TERMINALS)).map(viewOf),
  }))

  app.get('/api/terminals/:id', guard.mayDo('see-terminals'), async (request) => {
    const { id } = parseInput(IdParams, request.params)
    return viewOf(await terminalOr404(pool, id))
  })

  app.get('/api/terminals/:id/codes', guard.mayDo('see-terminals'), async (request) => {
    const { id } = parseInput(IdParams, request.params)
    const { depot_id: depot } = await terminalOr404(pool, id)
    return { codes: await readCodesAtTerminal(pool, depot, id) }
  })

  app.post('/api/terminals/:id/enrolments', guard.mayDo('add-terminal'), async (request, reply) => {
    const { id } = parseInput(IdParams, request.params)
    const row = await terminalOr404(pool, id)
    if (row.revoked_at !== null) throw new HttpRefusal(409, 'terminal-revoked')
    // A device that is lost enrols anew only as a new terminal: its sequence and its codes stay with this one. One that
    // was off longer than its certificate comes back under its own name.
    if (row.certified_until !== null && row.certified_until.getTime() > clock.nowMs())
      throw new HttpRefusal(409, 'terminal-enrolled')
    const at = new Date(clock.nowMs())
    const expiresAt = new Date(at.getTime() + ENROLMENT_MS)
    const begun = await vault.beginEnrolment({
      terminal: id,
      retailer: row.retailer_id,
      expiresAtS: Math.floor(expiresAt.getTime() / 1000),
    })
    await inTransaction(pool, async (sql) => {
      await insertEnrolment(sql, { number: begun.enrolmentNumber, terminal: id, openedAt: at, expiresAt })
      const actor = staffOf(request).signInName
      const details = { enrolmentNumber: begun.enrolmentNumber }
      await appendAudit(sql, { at, actor, action: 'enrolment-opened', subject: id, details })
    })
    const view: EnrolmentView = {
      terminal: id,
      ...begun,
      typed: `${begun.enrolmentNumber}-${begun.enrolmentCode}`,
      expiresAt: expiresAt.toISOString(),
    }
    return reply.status(201).send(view)
  })

  app.post('/api/terminals/:id/approvals', guard.mayDo('approve-terminal'), async (request) => {
    const { id } = parseInput(IdParams, request.params)
    const body = parseInput(ApprovalBody, request.body)
    const row = await terminalOr404(pool, id)
    const { enrolment_number: enrolmentNumber, fingerprint } = row
    if (enrolmentNumber === null || fingerprint === null) throw new HttpRefusal(409, 'no-device')
    const approvals = await collectApproval(
      needs,
      {
        purpose: 'certify-terminal',
        subject: String(enrolmentNumber),
        fields: [id, row.retailer_id, fingerprint],
      },
      body,
    )
    if (approvals !== null) {
      const certified = await vault.certifyTerminal({
        ...{ terminal: id, depot: row.depot_id, enrolmentNumber, approvals },
      })
      if (typeof certified === 'string') throw new HttpRefusal(409, certified)
      const at = new Date(clock.nowMs())
      await inTransaction(pool, async (sql) => {
        await activateTerminal(sql, { id, ...certified })
        const details = { approvers: approvals.map(({ approver }) => approver), fingerprint }
        const actor = staffOf(request).signInName
        await appendAudit(sql, { at, actor, action: 'terminal-certified', subject: id, details })
      })
    }
    return viewOf(await terminalOr404(pool, id))
  })

  app.post('/api/terminals/:id/unlock', guard.mayDo('unlock-terminal'), async (request) => {
    const { id } = parseInput(IdParams, request.params)
    const { reason } = parseInput(ReasonBody, request.body)
    const at = new Date(clock.nowMs())
    await inTransaction(pool, async (sql) => {
      await terminalOr404(sql, id)
      if (!(await clearTerminalLock(sql, id))) throw new HttpRefusal(409, 'not-locked')
      const actor = staffOf(request).signInName
      await appendAudit(sql, { at, actor, action: 'terminal-unlocked', subject: id, details: { reason } })
    })
    return viewOf(await terminalOr404(pool, id))
  })

  app.post('/api/terminals/:id/lock', guard.mayDo('lock-terminal'), async (request) => {
    const { id } = parseInput(IdParams, request.params)
    const { why, reason } = parseInput(LockBody, request.body)
    const at = new Date(clock.nowMs())
    await inTransaction(pool, async (sql) => {
      await terminalOr404(sql, id)
      if (!(await markTerminalLocked(sql, id, at, why))) throw new HttpRefusal(409, 'locked-already')
      const actor = staffOf(request).signInName
      await appendAudit(sql, { at, actor, action: 'terminal-locked', subject: id, details: { why, reason } })
    })
    return viewOf(await terminalOr404(pool, id))
  })

  app.get('/api/terminals/:id/state', guard.mayDo('see-terminals'), async (request) => {
    const { id } = parseInput(IdParams, request.params)
    const state = await readTerminalState(pool, id)
    if (state === undefined) throw new HttpRefusal(404, 'no-state')
    const alarms = await readOpenAlarms(pool, id)
    const view: TerminalStateView = {
      reportedAt: state.reported_at.toISOString(),
      softwareVersion: state.software_version,
      report: JSON.parse(state.content) as Record<string, unknown>,
      alarms: alarms.map((alarm) => ({ ...alarm, since: alarm.since.toISOString() })),
    }
    return view
  })

  app.post('/api/terminals/:id/revocation', guard.mayDo('revoke-terminal'), async (request) => {
    const { id } = parseInput(IdParams, request.params)
    const { why, reason } = parseInput(RevocationBody, request.body)
    await terminalOr404(pool, id)
    const at = new Date(clock.nowMs())
    await inTransaction(pool, async (sql) => {
      await markTerminalRevoked(sql, id, at, why)
      const actor = staffOf(request).signInName
      await appendAudit(sql, { at, actor, action: 'terminal-revoked', subject: id, details: { why, reason } })
    })
    await vault.revokeTerminal(id)
    return viewOf(await terminalOr404(pool, id))
  })
}

async function terminalOr404(sql: Sql, id: TerminalId): Promise<TerminalRow> {
  const row = await findTerminal(sql, id)
  if (row === undefined) throw new HttpRefusal(404, 'unknown-terminal')
  return row
}

function viewOf(row: TerminalRow): TerminalView {
  return {
    id: row.id,
    retailer: row.retailer_id,
    state: stateOf(row),
    enrolmentNumber: row.enrolment_number,
    fingerprint: row.fingerprint,
    approvers: row.approvers ?? [],
    lastSequence: Number(row.last_sequence),
  }
}

function stateOf(row: TerminalRow): TerminalView['state'] {
  if (row.revoked_at !== null) return 'revoked'
  if (row.locked_at !== null) return 'locked'
  if (row.certificate_number !== null) return 'active'
  if (row.fingerprint !== null) return 'asked'
  return row.enrolment_number === null ? 'new' : 'enrolling'
}
