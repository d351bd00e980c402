// What staff may do with products and stock, as JSON; who may do what says office/roles.
// Amounts are decimals of the operator's currency as text (`5.000`).
//
//   GET  /api/products                                                {products}
//   POST /api/products             ProductBody                        201 {id}; 409 product-differs
//   GET  /api/stock                                                   {stock, lots}
//   POST /api/stock/generations    {product, count, expiresOn?, activated?}    201 {lot, product, codes, expiresOn}
//   POST /api/stock/admissions     {fileName, sizeBytes, activated?}  201 {token, url}: POST the file there, once:
//                                    200 {lots, codes, alreadyKnown}, or 422 {problems: [{line, field, rule}]}
//   POST /api/stock/activations    {lot, activatedOn?, runs?}         200 {lot}; 409 unknown-or-activated,
//                                    serials-not-of-lot. `runs` [{firstSerial, count}]: not the whole lot
//   GET  /api/codes/:serial                                           CodeHistory; 404 unknown-serial

import { appendAudit } from '@scratchless/office/audit-chain/audit-chain'
import { noteLookUp } from '@scratchless/office/cases/note-look-up'
import { inTransaction } from '@scratchless/office/database/database'
import { type StaffGuard, staffOf } from '@scratchless/office/staff/staff-routes'
import { HttpRefusal, parseInput } from '@scratchless/program/http/http-server'
import { idPattern, lotId } from '@scratchless/voucher/ids'
import { type Currency, type Money, parseDecimal, toDecimal } from '@scratchless/voucher/money'
import {
  CODE_DIGITS,
  PRODUCT_ID,
  type Product,
  productId,
  REFILL_TEMPLATE,
} from '@scratchless/voucher/product'
import { serialRuns } from '@scratchless/wire/restock/code-run'
import { dateField, instantField, serialField } from '@scratchless/wire/restock/restock-fields'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { ActivationNeeds } from '../restock/send-lot-activation.ts'
import { activateLot } from './activate-lot.ts'
import { adoptSealedStock } from './adopt-sealed-stock.ts'
import { readCodeHistory } from './code-history.sql.ts'
import { admitStockFile, generateStock, type ImportNeeds } from './import-stock.ts'
import { findProduct, insertProduct, listProducts, type StockedProduct } from './product.sql.ts'
import { listLots } from './stock.sql.ts'
import { readStockByState } from './stock-by-state.ts'

const amount = z.string().regex(/^\d{1,12}(\.\d{1,3})?$/)
const product = z.string().regex(PRODUCT_ID).transform(productId)

const ProductBody = z.strictObject({
  id: product,
  faceValue: amount,
  publicPrice: amount,
  tax: amount,
  netCredit: amount,
  codeDigits: z.int().min(CODE_DIGITS.min).max(CODE_DIGITS.max),
  checkDigit: z.enum(['none', 'luhn']),
  validityDays: z.int().min(1).max(3_650),
  refillTemplate: z.string().regex(REFILL_TEMPLATE),
})

/** A million: twice the largest lot of the trade. */
const MAX_GENERATED = 1_000_000

const GenerationBody = z.strictObject({
  product,
  count: z.int().min(1).max(MAX_GENERATED),
  expiresOn: dateField.optional(),
  activated: z.boolean().default(false),
})

const AdmissionBody = z.strictObject({
  fileName: z.string().trim().min(1).max(200),
  sizeBytes: z.int().min(0).max(Number.MAX_SAFE_INTEGER),
  activated: z.boolean().default(false),
})

const CodeParams = z.object({ serial: serialField })

const ActivationBody = z.strictObject({
  lot: z.string().regex(idPattern('LotId')).transform(lotId),
  activatedOn: instantField.optional(),
  runs: serialRuns.min(1).optional(),
})

export function addStockRoutes(
  app: FastifyInstance,
  needs: ImportNeeds & ActivationNeeds & { readonly currency: Currency },
  guard: StaffGuard,
): void {
  app.get('/api/products', guard.mayDo('see-products'), async () => {
    const products = await listProducts(needs.pool, needs.party)
    return { products: products.map(viewOf) }
  })

  app.post('/api/products', guard.mayDo('add-product'), async (request, reply) => {
    const wanted = productOf(needs, parseInput(ProductBody, request.body))
    await inTransaction(needs.pool, async (sql) => {
      const at = new Date(needs.clock.nowMs())
      if (await insertProduct(sql, wanted, at)) {
        const actor = staffOf(request).signInName
        await appendAudit(sql, { at, actor, action: 'product-added', subject: wanted.id })
        return
      }
      const { onHold: _, ...known } = (await findProduct(sql, needs.party, wanted.id))!
      // The same again is the same: a screen may send a form twice.
      if (JSON.stringify(plain(known)) !== JSON.stringify(plain(wanted)))
        throw new HttpRefusal(409, 'product-differs')
    })
    void reply.status(201)
    return { id: wanted.id }
  })

  app.get('/api/stock', guard.mayDo('see-stock'), async () => {
    await adoptSealedStock(needs)
    const [stock, lots] = await Promise.all([readStockByState(needs.pool), listLots(needs.pool)])
    return {
      stock,
      lots: lots.map((lot) => ({ ...lot, inStock: Number(lot.inStock) })),
    }
  })

  app.get('/api/codes/:serial', guard.mayDo('see-code-history'), async (request) => {
    const { serial } = parseInput(CodeParams, request.params)
    await noteLookUp(needs, staffOf(request).signInName, serial)
    await adoptSealedStock(needs)
    const rows = await readCodeHistory(needs.pool, serial)
    const [first] = rows
    if (first === undefined) throw new HttpRefusal(404, 'unknown-serial')
    const { product, lot, expiresOn, activatedAt, state } = first
    const events = rows.map(({ at, what, who, details }) => ({ at: at.toISOString(), what, who, details }))
    return { serial, product, lot, expiresOn, activatedAt, state, events }
  })

  app.post('/api/stock/generations', guard.mayDo('bring-in-stock'), async (request, reply) => {
    const lot = await generateStock(needs, staffOf(request), parseInput(GenerationBody, request.body))
    void reply.status(201)
    return lot
  })

  app.post('/api/stock/admissions', guard.mayDo('bring-in-stock'), async (request, reply) => {
    const ticket = await admitStockFile(needs, staffOf(request), parseInput(AdmissionBody, request.body))
    void reply.status(201)
    return ticket
  })

  app.post('/api/stock/activations', guard.mayDo('activate-lot'), async (request) => {
    const activation = parseInput(ActivationBody, request.body)
    await activateLot(needs, staffOf(request), activation)
    return { lot: activation.lot }
  })
}

function productOf(
  { party, currency }: { party: ImportNeeds['party']; currency: Currency },
  body: z.output<typeof ProductBody>,
): Product {
  const read = (field: 'faceValue' | 'publicPrice' | 'tax' | 'netCredit'): Money => {
    const parsed = parseDecimal(body[field], currency)
    if (parsed === null) throw new HttpRefusal(400, 'invalid', [{ field, rule: 'amount' }])
    return parsed
  }
  return {
    id: body.id,
    operator: party,
    faceValue: read('faceValue'),
    publicPrice: read('publicPrice'),
    tax: read('tax'),
    netCredit: read('netCredit'),
    codeDigits: body.codeDigits,
    checkDigit: body.checkDigit,
    validityDays: body.validityDays,
    refillTemplate: body.refillTemplate,
  }
}

/** Amounts as text, in one order of fields. */
function plain(product: Product) {
  return {
    id: product.id,
    faceValue: toDecimal(product.faceValue),
    publicPrice: toDecimal(product.publicPrice),
    tax: toDecimal(product.tax),
    netCredit: toDecimal(product.netCredit),
    currency: product.faceValue.currency,
    codeDigits: product.codeDigits,
    checkDigit: product.checkDigit,
    validityDays: product.validityDays,
    refillTemplate: product.refillTemplate,
  }
}

function viewOf(product: StockedProduct) {
  return { ...plain(product), onHold: product.onHold }
}
