// Products and rates as staff enter them. Every change raises the catalogue's version, which terminals then ask for.

import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import { inTransaction } from '@scratchless/office/database/database'
import { type StaffGuard, staffOf } from '@scratchless/office/staff/staff-routes'
import { HttpRefusal, parseInput } from '@scratchless/program/http/http-server'
import { toDecimal } from '@scratchless/voucher/money'
import type { Product } from '@scratchless/voucher/product'
import type { FastifyInstance } from 'fastify'
import type { CentreNeeds } from '../needs.ts'
import { amountOr400, retailerOr404 } from '../retailers/retailer-routes.ts'
import { ProductBody, type ProductView, RateBody, type RateView } from '../staff-api.ts'
import {
  insertProduct,
  insertRate,
  raiseCatalogueVersion,
  readCatalogueVersion,
  readProducts,
} from './catalogue.sql.ts'

export function addCatalogueRoutes(app: FastifyInstance, needs: CentreNeeds, guard: StaffGuard): void {
  const { pool, clock, settings } = needs

  app.post('/api/products', guard.mayDo('add-product'), async (request, reply) => {
    const body = parseInput(ProductBody, request.body)
    const { currency } = settings
    const product: Product = {
      ...body,
      faceValue: amountOr400(body.faceValue, currency, 'faceValue'),
      publicPrice: amountOr400(body.publicPrice, currency, 'publicPrice'),
      tax: amountOr400(body.tax, currency, 'tax'),
      netCredit: amountOr400(body.netCredit, currency, 'netCredit'),
    }
    if (product.publicPrice.amountMinor === 0n)
      throw new HttpRefusal(400, 'invalid', [{ field: 'publicPrice', rule: 'too_small' }])
    if (!settings.partners.some(({ party }) => party === product.operator))
      throw new HttpRefusal(409, 'unknown-operator')
    const view = viewOf(product)
    const at = new Date(clock.nowMs())
    await inTransaction(pool, async (sql) => {
      if (await insertProduct(sql, product, at)) {
        await raiseCatalogueVersion(sql)
        const actor = staffOf(request).signInName
        await appendAudit(sql, {
          at,
          actor,
          action: 'product-added',
          subject: product.id,
          details: { ...view },
        })
        return
      }
      const known = (await readProducts(sql, currency)).find(({ id }) => id === product.id)
      // The same again is harmless; prices change by rates, and another product needs another name.
      if (known === undefined || JSON.stringify(viewOf(known)) !== JSON.stringify(view))
        throw new HttpRefusal(409, 'product-differs')
    })
    return reply.status(201).send(view)
  })

  app.get('/api/products', guard.mayDo('see-products'), async () => ({
    catalogueVersion: await readCatalogueVersion(pool),
    products: (await readProducts(pool, settings.currency)).map(viewOf),
  }))

  app.post('/api/rates', guard.mayDo('set-rate'), async (request, reply) => {
    const body = parseInput(RateBody, request.body)
    const at = new Date(clock.nowMs())
    const validFrom = body.validFrom === undefined ? at : new Date(body.validFrom)
    // What was sold is sold: a rate card does not reach back.
    if (validFrom < at) throw new HttpRefusal(409, 'in-the-past')
    const view = await inTransaction(pool, async (sql): Promise<RateView> => {
      if (body.retailer !== undefined) await retailerOr404(sql, body.retailer)
      if (body.product !== undefined) {
        const products = await readProducts(sql, settings.currency)
        if (!products.some(({ id }) => id === body.product)) throw new HttpRefusal(404, 'unknown-product')
      }
      const setBy = staffOf(request).signInName
      const row = await insertRate(sql, {
        retailer: body.retailer ?? null,
        product: body.product ?? null,
        discountBasisPoints: body.discountBasisPoints,
        validFrom,
        setBy,
      })
      await raiseCatalogueVersion(sql)
      const rate = {
        id: String(row.id),
        retailer: row.retailer_id,
        product: row.product_id,
        discountBasisPoints: row.discount_basis_points,
        validFrom: row.valid_from.toISOString(),
      }
      await appendAudit(sql, { at, actor: setBy, action: 'rate-set', subject: rate.id, details: rate })
      return rate
    })
    return reply.status(201).send(view)
  })
}

function viewOf(product: Product): ProductView {
  return {
    id: product.id,
    operator: product.operator,
    faceValue: toDecimal(product.faceValue),
    publicPrice: toDecimal(product.publicPrice),
    tax: toDecimal(product.tax),
    netCredit: toDecimal(product.netCredit),
    codeDigits: product.codeDigits,
    checkDigit: product.checkDigit,
    validityDays: product.validityDays,
    refillTemplate: product.refillTemplate,
  }
}
