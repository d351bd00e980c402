import type { Sql } from '@scratchless/office/database/database'
import { operatorId, type RetailerId, type TerminalId } from '@scratchless/voucher/ids'
import { type Currency, money } from '@scratchless/voucher/money'
import { type Product, type ProductId, productId } from '@scratchless/voucher/product'
import type { PricedProduct, ProductFacts, Rate } from './price.ts'
import type { DatedPrice, DatedRate, TierMove } from './price-schedule.ts'

interface ProductRow {
  id: string
  operator: string
  face_value_minor: bigint
  code_digits: number
  check_digit: 'none' | 'luhn'
  validity_days: number
  refill_template: string
}

interface PricedRow extends ProductRow {
  price_id: number
  public_price_minor: bigint
  tax_minor: bigint
  net_credit_minor: bigint
}

const PRODUCT =
  'product.id, operator, face_value_minor, code_digits, check_digit, validity_days, refill_template'

function factsOf(row: ProductRow, currency: Currency): ProductFacts {
  return {
    id: productId(row.id),
    operator: operatorId(row.operator),
    faceValue: money(row.face_value_minor, currency),
    codeDigits: row.code_digits,
    checkDigit: row.check_digit,
    validityDays: row.validity_days,
    refillTemplate: row.refill_template,
  }
}

/** False where a product of this name is there. Its price comes by `insertPrice`. */
export async function insertProduct(sql: Sql, product: ProductFacts, addedAt: Date): Promise<boolean> {
  const { rowCount } = await sql.query(
    `INSERT INTO product (id, operator, face_value_minor, code_digits, check_digit, validity_days, refill_template,
                          added_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING`,
    [
      product.id,
      product.operator,
      product.faceValue.amountMinor,
      product.codeDigits,
      product.checkDigit,
      product.validityDays,
      product.refillTemplate,
      addedAt,
    ],
  )
  return rowCount === 1
}

interface NewPrice extends Pick<Product, 'publicPrice' | 'tax' | 'netCredit'> {
  readonly product: ProductId
  readonly validFrom: Date
  readonly setBy: string
  readonly setAt: Date
}

/** The price's number; null where the product has one from that very moment. */
export async function insertPrice(sql: Sql, price: NewPrice): Promise<number | null> {
  const { rows } = await sql.query<{ id: number }>(
    `INSERT INTO product_price (product_id, valid_from, public_price_minor, tax_minor, net_credit_minor, set_by, set_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (product_id, valid_from) DO NOTHING RETURNING id`,
    [
      price.product,
      price.validFrom,
      price.publicPrice.amountMinor,
      price.tax.amountMinor,
      price.netCredit.amountMinor,
      price.setBy,
      price.setAt,
    ],
  )
  return rows[0]?.id ?? null
}

/** The products that have a price at that moment, each with it. */
export async function readProducts(sql: Sql, currency: Currency, at: Date): Promise<PricedProduct[]> {
  const { rows } = await sql.query<PricedRow>(
    `SELECT ${PRODUCT}, price.id AS price_id, price.public_price_minor, price.tax_minor, price.net_credit_minor
       FROM product
       JOIN LATERAL (SELECT * FROM product_price WHERE product_id = product.id AND valid_from <= $1
                      ORDER BY valid_from DESC LIMIT 1) AS price ON true
      ORDER BY operator, face_value_minor, product.id`,
    [at],
  )
  return rows.map((row) => ({
    ...factsOf(row, currency),
    publicPrice: money(row.public_price_minor, currency),
    tax: money(row.tax_minor, currency),
    netCredit: money(row.net_credit_minor, currency),
    priceId: row.price_id,
  }))
}

/** Every product, whether it has a price yet or not. */
export async function readAllProducts(sql: Sql, currency: Currency): Promise<ProductFacts[]> {
  const { rows } = await sql.query<ProductRow>(
    `SELECT ${PRODUCT} FROM product ORDER BY operator, face_value_minor, product.id`,
  )
  return rows.map((row) => factsOf(row, currency))
}

/** Prices that are in force at `from` or come into force later, the oldest first; of one product, or of all. */
export async function readPrices(sql: Sql, from: Date, product: ProductId | null): Promise<DatedPrice[]> {
  const { rows } = await sql.query<DatedPrice>(
    `SELECT id, product_id, valid_from, public_price_minor, tax_minor, net_credit_minor FROM product_price AS price
      WHERE ($2::text IS NULL OR product_id = $2)
        AND NOT EXISTS (SELECT FROM product_price AS later
                         WHERE later.product_id = price.product_id AND later.valid_from > price.valid_from
                           AND later.valid_from <= $1)
      ORDER BY valid_from, id`,
    [from, product],
  )
  return rows
}

interface NewRate {
  readonly retailer: RetailerId | null
  readonly tier: string | null
  readonly product: ProductId | null
  readonly discountBasisPoints: number
  readonly validFrom: Date
  readonly setBy: string
}

export async function insertRate(sql: Sql, rate: NewRate): Promise<DatedRate> {
  const { rows } = await sql.query<DatedRate>(
    `INSERT INTO rate (retailer_id, tier_id, product_id, discount_basis_points, valid_from, set_by)
     VALUES ($1, $2, $3, $4, $5, $6)
     RETURNING id, retailer_id, tier_id, product_id, discount_basis_points, valid_from`,
    [rate.retailer, rate.tier, rate.product, rate.discountBasisPoints, rate.validFrom, rate.setBy],
  )
  return rows[0]!
}

/** Rates in force at a moment that touch these retailers: their own, their tiers' and everyone's, oldest first. */
export async function readRates(sql: Sql, retailers: readonly RetailerId[], at: Date): Promise<Rate[]> {
  const { rows } = await sql.query<Rate>(
    `WITH member AS (
       SELECT DISTINCT ON (retailer_id) retailer_id, tier_id FROM retailer_tier
        WHERE retailer_id = ANY($1::text[]) AND valid_from <= $2 ORDER BY retailer_id, valid_from DESC),
     touching AS (
       SELECT id, retailer_id, false AS of_tier, product_id, discount_basis_points, valid_from FROM rate
        WHERE retailer_id = ANY($1::text[]) AND valid_from <= $2
       UNION ALL
       SELECT id, member.retailer_id, true, product_id, discount_basis_points, valid_from
         FROM rate JOIN member USING (tier_id) WHERE valid_from <= $2
       UNION ALL
       SELECT id, NULL, false, product_id, discount_basis_points, valid_from FROM rate
        WHERE retailer_id IS NULL AND tier_id IS NULL AND valid_from <= $2)
     SELECT id, retailer_id, of_tier, product_id, discount_basis_points FROM (
       SELECT DISTINCT ON (retailer_id, of_tier, product_id) * FROM touching
        ORDER BY retailer_id, of_tier, product_id, valid_from DESC, id DESC) AS latest
      ORDER BY valid_from, id`,
    [retailers, at],
  )
  return rows
}

/** Rates that touch these retailers or any tier, in force at `from` or later, the oldest first. */
export async function readDatedRates(
  sql: Sql,
  retailers: readonly RetailerId[],
  from: Date,
): Promise<DatedRate[]> {
  const { rows } = await sql.query<DatedRate>(
    `SELECT id, retailer_id, tier_id, product_id, discount_basis_points, valid_from FROM rate
      WHERE (retailer_id IS NULL OR retailer_id = ANY($1::text[]))
        AND (valid_from > $2 OR id IN (
          SELECT DISTINCT ON (retailer_id, tier_id, product_id) id FROM rate
           WHERE (retailer_id IS NULL OR retailer_id = ANY($1::text[])) AND valid_from <= $2
           ORDER BY retailer_id, tier_id, product_id, valid_from DESC, id DESC))
      ORDER BY valid_from, id`,
    [retailers, from],
  )
  return rows
}

/** False where a tier of this name is there. */
export async function insertTier(
  sql: Sql,
  tier: { readonly id: string; readonly name: string },
  addedAt: Date,
): Promise<boolean> {
  const { rowCount } = await sql.query(
    'INSERT INTO tier (id, name, added_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING',
    [tier.id, tier.name, addedAt],
  )
  return rowCount === 1
}

export async function readTiers(sql: Sql): Promise<{ id: string; name: string }[]> {
  const { rows } = await sql.query<{ id: string; name: string }>('SELECT id, name FROM tier ORDER BY id')
  return rows
}

/** False where the retailer moves at that very moment already. */
export async function insertTierMove(
  sql: Sql,
  move: TierMove & { readonly setBy: string },
): Promise<boolean> {
  const { rowCount } = await sql.query(
    `INSERT INTO retailer_tier (retailer_id, valid_from, tier_id, set_by) VALUES ($1, $2, $3, $4)
     ON CONFLICT (retailer_id, valid_from) DO NOTHING`,
    [move.retailer_id, move.valid_from, move.tier_id, move.setBy],
  )
  return rowCount === 1
}

/** Moves of these retailers that are in force at `from` or come later, the oldest first. */
export async function readTierMoves(
  sql: Sql,
  retailers: readonly RetailerId[],
  from: Date,
): Promise<TierMove[]> {
  const { rows } = await sql.query<TierMove>(
    `SELECT retailer_id, tier_id, valid_from FROM retailer_tier AS move
      WHERE retailer_id = ANY($1::text[])
        AND NOT EXISTS (SELECT FROM retailer_tier AS later
                         WHERE later.retailer_id = move.retailer_id AND later.valid_from > move.valid_from
                           AND later.valid_from <= $2)
      ORDER BY valid_from`,
    [retailers, from],
  )
  return rows
}

/** What a terminal was last told to fetch. */
export interface CatalogueState {
  id: TerminalId
  retailer_id: RetailerId
  retailer_name: string
  catalogue_version: number
  catalogue_hash: Buffer | null
  catalogue_from: Date | null
}

const CATALOGUE_STATE = `
  SELECT terminal.id, terminal.retailer_id, retailer.name AS retailer_name, catalogue_version, catalogue_hash,
         catalogue_from
    FROM terminal JOIN retailer ON retailer.id = terminal.retailer_id`

export async function findCatalogueState(sql: Sql, terminal: TerminalId): Promise<CatalogueState> {
  const { rows } = await sql.query<CatalogueState>(`${CATALOGUE_STATE} WHERE terminal.id = $1`, [terminal])
  if (rows[0] === undefined) throw new Error(`${terminal} vanished`)
  return rows[0]
}

/** Terminals that may ask, in the order of their ids, from the one after `after` on. */
export async function readCatalogueStates(
  sql: Sql,
  after: TerminalId | null,
  limit: number,
): Promise<CatalogueState[]> {
  const { rows } = await sql.query<CatalogueState>(
    `${CATALOGUE_STATE} WHERE ($1::text IS NULL OR terminal.id > $1) AND terminal.revoked_at IS NULL
      ORDER BY terminal.id LIMIT $2`,
    [after, limit],
  )
  return rows
}

/** One that another process raised meanwhile stays as that one left it. Returns the terminals that were raised. */
export async function storeCatalogueStates(
  sql: Sql,
  states: readonly {
    readonly id: TerminalId
    readonly seenVersion: number
    readonly version: number
    readonly hash: Uint8Array
    readonly from: Date
  }[],
): Promise<TerminalId[]> {
  const { rows } = await sql.query<{ id: TerminalId }>(
    `UPDATE terminal SET catalogue_version = made.version, catalogue_hash = made.hash, catalogue_from = made.from_at
       FROM unnest($1::text[], $2::int[], $3::int[], $4::bytea[], $5::timestamptz[])
         AS made (id, seen, version, hash, from_at)
      WHERE terminal.id = made.id AND terminal.catalogue_version = made.seen
      RETURNING terminal.id`,
    [
      states.map(({ id }) => id),
      states.map(({ seenVersion }) => seenVersion),
      states.map(({ version }) => version),
      states.map(({ hash }) => Buffer.from(hash)),
      states.map(({ from }) => from),
    ],
  )
  return rows.map(({ id }) => id)
}
