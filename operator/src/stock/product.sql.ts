import type { Sql } from '@scratchless/office/database/database'
import type { OperatorId } from '@scratchless/voucher/ids'
import { type Currency, money } from '@scratchless/voucher/money'
import type { Product, ProductId } from '@scratchless/voucher/product'

/** A product as the operator's stock room knows it. */
export interface StockedProduct extends Product {
  readonly onHold: boolean
}

interface ProductRow {
  id: ProductId
  currency: Currency
  face_value_minor: bigint
  public_price_minor: bigint
  tax_minor: bigint
  net_credit_minor: bigint
  code_digits: number
  check_digit: 'none' | 'luhn'
  validity_days: number
  refill_template: string
  on_hold: boolean
}

const COLUMNS = `id, currency, face_value_minor, public_price_minor, tax_minor, net_credit_minor, code_digits,
                 check_digit, validity_days, refill_template, on_hold`

function productOf(operator: OperatorId, row: ProductRow): StockedProduct {
  return {
    id: row.id,
    operator,
    faceValue: money(row.face_value_minor, row.currency),
    publicPrice: money(row.public_price_minor, row.currency),
    tax: money(row.tax_minor, row.currency),
    netCredit: money(row.net_credit_minor, row.currency),
    codeDigits: row.code_digits,
    checkDigit: row.check_digit,
    validityDays: row.validity_days,
    refillTemplate: row.refill_template,
    onHold: row.on_hold,
  }
}

/** False where there is a product of this name. */
export async function insertProduct(sql: Sql, product: Product, addedAt: Date): Promise<boolean> {
  const { rowCount } = await sql.query(
    `INSERT INTO product (id, currency, face_value_minor, public_price_minor, tax_minor, net_credit_minor,
                          code_digits, check_digit, validity_days, refill_template, added_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO NOTHING`,
    [
      product.id,
      product.faceValue.currency,
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

export async function listProducts(sql: Sql, operator: OperatorId): Promise<StockedProduct[]> {
  const { rows } = await sql.query<ProductRow>(`SELECT ${COLUMNS} FROM product ORDER BY face_value_minor, id`)
  return rows.map((row) => productOf(operator, row))
}

export async function findProduct(
  sql: Sql,
  operator: OperatorId,
  id: ProductId,
): Promise<StockedProduct | undefined> {
  const { rows } = await sql.query<ProductRow>(`SELECT ${COLUMNS} FROM product WHERE id = $1`, [id])
  return rows[0] && productOf(operator, rows[0])
}

/**
 * The products of an order, locked in one sequence: whoever allocates from a product's packs holds its row, so
 * that two orders never plan the same codes.
 */
export async function lockProducts(
  sql: Sql,
  operator: OperatorId,
  ids: readonly ProductId[],
): Promise<Map<ProductId, StockedProduct>> {
  const { rows } = await sql.query<ProductRow>(
    `SELECT ${COLUMNS} FROM product WHERE id = ANY($1) ORDER BY id FOR UPDATE`,
    [ids],
  )
  return new Map(rows.map((row) => [row.id, productOf(operator, row)]))
}
