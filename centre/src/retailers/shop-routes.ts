// What the centre sets for a shop: its settings, its vendors. What its terminals would be told rises in the same
// transaction.

import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import { inTransaction, type SqlClient } from '@scratchless/office/database/database'
import { type StaffGuard, staffOf } from '@scratchless/office/staff/staff-routes'
import { HttpRefusal, parseInput } from '@scratchless/program/http/http-server'
import { idPattern, vendorId } from '@scratchless/voucher/ids'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { CentreNeeds } from '../needs.ts'
import {
  retailerField,
  ShopSettingsChange,
  type ShopSettingsView,
  SuspensionBody,
  VendorBody,
  type VendorView,
} from '../staff-api.ts'
import { enteredSettings, raiseShopSettings } from './raise-shop-settings.ts'
import { retailerOr404 } from './retailer-routes.ts'
import {
  insertShopSettings,
  insertVendor,
  readVendors,
  updateVendorSuspended,
  type VendorRow,
} from './shop-settings.sql.ts'
import { type ShopSettingsEntered, settingsText } from './shop-settings.ts'

const IdParams = z.object({ id: retailerField })
const VendorParams = z.object({
  id: retailerField,
  vendor: z.string().regex(idPattern('VendorId')).transform(vendorId),
})

export function addShopRoutes(app: FastifyInstance, needs: CentreNeeds, guard: StaffGuard): void {
  const { pool, clock } = needs

  /** One change of a shop, its terminals' number raised with it, whole or not at all. */
  async function change<View>(
    request: FastifyRequest,
    action: string,
    work: (sql: SqlClient, by: { actor: string; at: Date }) => Promise<{ view: View; details: object }>,
  ): Promise<View> {
    const { id } = parseInput(IdParams, request.params)
    const [actor, at] = [staffOf(request).signInName, new Date(clock.nowMs())]
    return inTransaction(pool, async (sql) => {
      await retailerOr404(sql, id)
      const { view, details } = await work(sql, { actor, at })
      await raiseShopSettings(needs, sql, id)
      await appendAudit(sql, { at, actor, action, subject: id, details: { ...details } })
      return view
    })
  }

  app.get('/api/retailers/:id/settings', guard.mayDo('see-retailers'), async (request) => {
    const { id } = parseInput(IdParams, request.params)
    await retailerOr404(pool, id)
    const { number, entered } = await enteredSettings(pool, id)
    return settingsView(number, entered)
  })

  app.post('/api/retailers/:id/settings', guard.mayDo('set-shop-settings'), async (request, reply) => {
    const { id } = parseInput(IdParams, request.params)
    const { seen, settings } = parseInput(ShopSettingsChange, request.body)
    const view = await change(request, 'shop-settings-set', async (sql, { actor, at }) => {
      const { number } = await enteredSettings(sql, id)
      const next = {
        retailer: id,
        number: seen + 1,
        content: settingsText(settings),
        setBy: actor,
        setAt: at,
      }
      if (number !== seen || !(await insertShopSettings(sql, next)))
        throw new HttpRefusal(409, 'changed-meanwhile')
      return { view: settingsView(next.number, settings), details: { number: next.number } }
    })
    return reply.status(201).send(view)
  })

  app.get('/api/retailers/:id/vendors', guard.mayDo('see-retailers'), async (request) => {
    const { id } = parseInput(IdParams, request.params)
    await retailerOr404(pool, id)
    return { vendors: (await readVendors(pool, id)).map(vendorView) }
  })

  app.post('/api/retailers/:id/vendors', guard.mayDo('add-vendor'), async (request, reply) => {
    const { id } = parseInput(IdParams, request.params)
    const { name } = parseInput(VendorBody, request.body)
    const view = await change(request, 'vendor-added', async (sql, { at }) => {
      const row = await insertVendor(sql, { retailer: id, name, addedAt: at })
      if (row === null) throw new HttpRefusal(409, 'no-number-left')
      return { view: vendorView(row), details: { vendor: row.id } }
    })
    return reply.status(201).send(view)
  })

  app.post(
    '/api/retailers/:id/vendors/:vendor/suspension',
    guard.mayDo('suspend-vendor'),
    async (request) => {
      const { id, vendor } = parseInput(VendorParams, request.params)
      const { suspended, reason } = parseInput(SuspensionBody, request.body)
      return change(request, suspended ? 'vendor-suspended' : 'vendor-resumed', async (sql, { at }) => {
        if (!(await updateVendorSuspended(sql, id, vendor, suspended ? at : null)))
          throw new HttpRefusal(404, 'unknown-vendor')
        const row = (await readVendors(sql, id)).find((one) => one.id === vendor)!
        return { view: vendorView(row), details: { vendor, reason } }
      })
    },
  )
}

function vendorView({ id, name, suspended_at }: VendorRow): VendorView {
  return { id, name, suspended: suspended_at !== null }
}

function settingsView(number: number, settings: ShopSettingsEntered): ShopSettingsView {
  return { number, settings: JSON.parse(settingsText(settings)) as Record<string, unknown> }
}
