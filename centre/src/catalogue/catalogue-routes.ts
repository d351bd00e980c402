// Products, prices, tiers and rates as staff enter them. Each change has a moment from which it holds, and makes the
// catalogues be looked at: at once, and again when its moment has come.

import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import { inTransaction, type SqlClient } from '@scratchless/office/database/database'
import { type StaffGuard, staffOf } from '@scratchless/office/staff/staff-routes'
import { askForWork } from '@scratchless/office/timed/ask-for-work'
import { HttpRefusal, parseInput } from '@scratchless/program/http/http-server'
import { type Currency, money, toDecimal } from '@scratchless/voucher/money'
import type { Product } from '@scratchless/voucher/product'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { CentreNeeds } from '../needs.ts'
import { amountOr400, retailerOr404 } from '../retailers/retailer-routes.ts'
import {
  PriceBody,
  type PriceView,
  ProductBody,
  type ProductView,
  productField,
  RateBody,
  type RateView,
  retailerField,
  TierBody,
  TierMoveBody,
} from '../staff-api.ts'
import {
  insertPrice,
  insertProduct,
  insertRate,
  insertTier,
  insertTierMove,
  readAllProducts,
  readPrices,
  readProducts,
  readTiers,
} from './catalogue.sql.ts'
import type { DatedPrice } from './price-schedule.ts'
import { LOOK_AT_CATALOGUES } from './raise-catalogues.ts'
import { validFromOf } from './when-valid.ts'

const ProductParams = z.object({ id: productField })
const RetailerParams = z.object({ id: retailerField })

export function addCatalogueRoutes(app: FastifyInstance, needs: CentreNeeds, guard: StaffGuard): void {
  const { pool, clock, settings } = needs
  const { currency, timeZone } = settings

  /** One change: what it does, who did it and what follows from it, whole or not at all. */
  async function change<View extends object>(
    request: FastifyRequest,
    action: string,
    validFrom: Date,
    work: (sql: SqlClient, by: { actor: string; at: Date }) => Promise<{ subject: string; view: View }>,
  ): Promise<View> {
    const [actor, at] = [staffOf(request).signInName, new Date(clock.nowMs())]
    return inTransaction(pool, async (sql) => {
      const { subject, view } = await work(sql, { actor, at })
      await askForWork(sql, LOOK_AT_CATALOGUES)
      if (validFrom > at) await askForWork(sql, LOOK_AT_CATALOGUES, validFrom)
      await appendAudit(sql, {
        at,
        actor,
        action,
        subject,
        details: { ...(view as Record<string, unknown>) },
      })
      return view
    })
  }

  const now = () => new Date(clock.nowMs())

  app.post('/api/products', guard.mayDo('add-product'), async (request, reply) => {
    const body = parseInput(ProductBody, request.body)
    const faceValue = amountOr400(body.faceValue, currency, 'faceValue')
    const product: Product = { ...body, ...pricesOr400(body, currency), faceValue }
    if (!settings.partners.some(({ party }) => party === product.operator))
      throw new HttpRefusal(409, 'unknown-operator')
    const view = viewOf(product)
    const known = (await readProducts(pool, currency, now())).find(({ id }) => id === product.id)
    if (known !== undefined) {
      // The same again is harmless; prices change by prices, and another product needs another name.
      if (JSON.stringify(viewOf(known)) !== JSON.stringify(view))
        throw new HttpRefusal(409, 'product-differs')
      return reply.status(201).send(view)
    }
    const validFrom = validFromOf(undefined, now(), timeZone)
    await change(request, 'product-added', validFrom, async (sql, { actor, at }) => {
      if (!(await insertProduct(sql, product, at))) throw new HttpRefusal(409, 'product-differs')
      await insertPrice(sql, { ...product, product: product.id, validFrom, setBy: actor, setAt: at })
      return { subject: product.id, view }
    })
    return reply.status(201).send(view)
  })

  app.get('/api/products', guard.mayDo('see-products'), async () => ({
    products: (await readProducts(pool, currency, now())).map(viewOf),
  }))

  app.post('/api/prices', guard.mayDo('set-price'), async (request, reply) => {
    const body = parseInput(PriceBody, request.body)
    const amounts = pricesOr400(body, currency)
    const validFrom = validFromOf(body.validFrom, now(), timeZone)
    const view = await change(request, 'price-set', validFrom, async (sql, { actor, at }) => {
      if (!(await readAllProducts(sql, currency)).some(({ id }) => id === body.product))
        throw new HttpRefusal(404, 'unknown-product')
      const price = { product: body.product, ...amounts, validFrom, setBy: actor, setAt: at }
      const id = await insertPrice(sql, price)
      if (id === null) throw new HttpRefusal(409, 'same-moment')
      return { subject: body.product, view: priceView({ id, ...price }) }
    })
    return reply.status(201).send(view)
  })

  app.get('/api/products/:id/prices', guard.mayDo('see-products'), async (request) => {
    const { id } = parseInput(ProductParams, request.params)
    const prices = await readPrices(pool, now(), id)
    if (prices.length === 0) throw new HttpRefusal(404, 'unknown-product')
    return { prices: prices.map((price) => storedPriceView(price, currency)) }
  })

  app.post('/api/tiers', guard.mayDo('add-tier'), async (request, reply) => {
    const tier = parseInput(TierBody, request.body)
    const [actor, at] = [staffOf(request).signInName, now()]
    await inTransaction(pool, async (sql) => {
      if (!(await insertTier(sql, tier, at))) throw new HttpRefusal(409, 'tier-exists')
      await appendAudit(sql, { at, actor, action: 'tier-added', subject: tier.id, details: { ...tier } })
    })
    return reply.status(201).send(tier)
  })

  app.get('/api/tiers', guard.mayDo('see-products'), async () => ({ tiers: await readTiers(pool) }))

  app.post('/api/retailers/:id/tier', guard.mayDo('set-tier'), async (request, reply) => {
    const { id } = parseInput(RetailerParams, request.params)
    const body = parseInput(TierMoveBody, request.body)
    const validFrom = validFromOf(body.validFrom, now(), timeZone)
    const view = await change(request, 'tier-set', validFrom, async (sql, { actor }) => {
      await retailerOr404(sql, id)
      if (!(await readTiers(sql)).some((tier) => tier.id === body.tier))
        throw new HttpRefusal(404, 'unknown-tier')
      const move = { retailer_id: id, tier_id: body.tier, valid_from: validFrom, setBy: actor }
      if (!(await insertTierMove(sql, move))) throw new HttpRefusal(409, 'same-moment')
      return { subject: id, view: { tier: body.tier, validFrom: validFrom.toISOString() } }
    })
    return reply.status(201).send(view)
  })

  app.post('/api/rates', guard.mayDo('set-rate'), async (request, reply) => {
    const { retailer = null, tier = null, product = null, ...body } = parseInput(RateBody, request.body)
    const validFrom = validFromOf(body.validFrom, now(), timeZone)
    const view = await change(request, 'rate-set', validFrom, async (sql, { actor }) => {
      if (retailer !== null) await retailerOr404(sql, retailer)
      if (tier !== null && !(await readTiers(sql)).some(({ id }) => id === tier))
        throw new HttpRefusal(404, 'unknown-tier')
      if (product !== null && !(await readAllProducts(sql, currency)).some(({ id }) => id === product))
        throw new HttpRefusal(404, 'unknown-product')
      const { discountBasisPoints } = body
      const row = await insertRate(sql, {
        retailer,
        tier,
        product,
        discountBasisPoints,
        validFrom,
        setBy: actor,
      })
      const rate: RateView = {
        id: String(row.id),
        ...{ retailer, tier, product, discountBasisPoints },
        validFrom: validFrom.toISOString(),
      }
      return { subject: rate.id, view: rate }
    })
    return reply.status(201).send(view)
  })
}

type PriceTexts = Readonly<Record<'publicPrice' | 'tax' | 'netCredit', string>>

function pricesOr400(
  body: PriceTexts,
  currency: Currency,
): Pick<Product, 'publicPrice' | 'tax' | 'netCredit'> {
  const publicPrice = amountOr400(body.publicPrice, currency, 'publicPrice')
  if (publicPrice.amountMinor === 0n)
    throw new HttpRefusal(400, 'invalid', [{ field: 'publicPrice', rule: 'too_small' }])
  return {
    publicPrice,
    tax: amountOr400(body.tax, currency, 'tax'),
    netCredit: amountOr400(body.netCredit, currency, 'netCredit'),
  }
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

function priceView(
  price: Pick<Product, 'publicPrice' | 'tax' | 'netCredit'> & {
    id: number
    product: string
    validFrom: Date
  },
): PriceView {
  return {
    id: price.id,
    product: price.product,
    publicPrice: toDecimal(price.publicPrice),
    tax: toDecimal(price.tax),
    netCredit: toDecimal(price.netCredit),
    validFrom: price.validFrom.toISOString(),
  }
}

function storedPriceView(row: DatedPrice, currency: Currency): PriceView {
  return priceView({
    id: row.id,
    product: row.product_id,
    publicPrice: money(row.public_price_minor, currency),
    tax: money(row.tax_minor, currency),
    netCredit: money(row.net_credit_minor, currency),
    validFrom: row.valid_from,
  })
}
