import type { Sql } from '@scratchless/office/database/database'
import { operatorId, type RetailerId } from '@scratchless/voucher/ids'
import { type Currency, money } from '@scratchless/voucher/money'
import { type Product, type ProductId, productId } from '@scratchless/voucher/product'

interface ProductRow {
  id: string
  operator: string
  face_value_minor: bigint
  public_price_minor: bigint
  tax_minor: bigint
  net_credit_minor: bigint
  code_digits: number
  check_digit: 'none' | 'luhn'
  validity_days: number
  refill_template: string
}

/** False where a product of this name is there. */
export async function insertProduct(sql: Sql, product: Product, addedAt: Date): Promise<boolean> {
  const { rowCount } = await sql.query(
    `INSERT INTO product (id, operator, face_value_minor, public_price_minor, tax_minor, net_credit_minor,
                          code_digits, check_digit, validity_days, refill_template, added_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO NOTHING`,
    [
      product.id,
      product.operator,
      product.faceValue.amountMinor,
      product.publicPrice.amountMinor,
      product.tax.amountMinor,
      product.netCredit.amountMinor,
      product.codeDigits,
      product.checkDigit,
      product.validityDays,
      product.refillTemplate,
      addedAt,
    ],
  )
  return rowCount === 1
}

export async function readProducts(sql: Sql, currency: Currency): Promise<Product[]> {
  const { rows } = await sql.query<ProductRow>(
    'SELECT * FROM product ORDER BY operator, face_value_minor, id',
  )
  return rows.map((row) => ({
    id: productId(row.id),
    operator: operatorId(row.operator),
    faceValue: money(row.face_value_minor, currency),
    publicPrice: money(row.public_price_minor, currency),
    tax: money(row.tax_minor, currency),
    netCredit: money(row.net_credit_minor, currency),
    codeDigits: row.code_digits,
    checkDigit: row.check_digit,
    validityDays: row.validity_days,
    refillTemplate: row.refill_template,
  }))
}

export async function readCatalogueVersion(sql: Sql): Promise<number> {
  const { rows } = await sql.query<{ version: number }>('SELECT version FROM catalogue')
  return rows[0]!.version
}

/** Every change that a terminal must learn of. */
export async function raiseCatalogueVersion(sql: Sql): Promise<void> {
  await sql.query('UPDATE catalogue SET version = version + 1')
}

interface RateRow {
  id: bigint
  retailer_id: RetailerId | null
  product_id: ProductId | null
  discount_basis_points: number
  valid_from: Date
}

export async function insertRate(
  sql: Sql,
  rate: {
    retailer: RetailerId | null
    product: ProductId | null
    discountBasisPoints: number
    validFrom: Date
    setBy: string
  },
): Promise<RateRow> {
  const { rows } = await sql.query<RateRow>(
    `INSERT INTO rate (retailer_id, product_id, discount_basis_points, valid_from, set_by)
     VALUES ($1, $2, $3, $4, $5)
     RETURNING id, retailer_id, product_id, discount_basis_points, valid_from`,
    [rate.retailer, rate.product, rate.discountBasisPoints, rate.validFrom, rate.setBy],
  )
  return rows[0]!
}

/** Rates in force at `now` that touch these retailers: theirs and everyone's. */
export async function readRates(sql: Sql, retailers: readonly RetailerId[], now: Date): Promise<RateRow[]> {
  const { rows } = await sql.query<RateRow>(
    `SELECT id, retailer_id, product_id, discount_basis_points, valid_from FROM rate
      WHERE valid_from <= $2 AND (retailer_id IS NULL OR retailer_id = ANY($1::text[]))
      ORDER BY valid_from, id`,
    [retailers, now],
  )
  return rows
}
