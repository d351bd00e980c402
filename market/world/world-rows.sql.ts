// A large world in the centre's books, by a few statements that make their rows where they lie: what a product is, who
// sells, what was ordered from operators and came, what terminals ordered, were given and sold, and the money of it all.
// Nothing is by chance: the same size makes the same world, but for the day on which it ends.

import type { Sql } from '@scratchless/office/database/database'
import { ORDER_CODES, ordersOf, WORLD_DAYS, type WorldSize } from './world-size.ts'

export interface WorldPlace {
  readonly timeZone: string
  /** The product of the free codes and whether the network takes them; absent: all products, and it does not yet. */
  readonly shelf?: { readonly product: string; readonly activated: boolean } | undefined
  /** For how many days messages are kept whole. */
  readonly messageBytesDays: number
}

/** The first serial; far above those that the demo's operators make. */
const FIRST_SERIAL = 500_000_000_000n

/** A whole number from 0 to below `most`, as if by chance, from something that names it. */
const chance = (of: string, most: string) =>
  `((hashint8((${of})::bigint * 7919 + 17) & 1073741823) % (${most}))`
const numbered = (letter: string, n: string) =>
  `'${letter}' || lpad((${n})::text, greatest(5, length((${n})::text)), '0')`

/** What all others read: products, packs and orders of the world, for as long as the connection lives. */
export async function stageWorld(sql: Sql, size: WorldSize, { timeZone, shelf }: WorldPlace): Promise<void> {
  const orders = ordersOf(size)
  const packs = (orders * ORDER_CODES) / 1_000
  await sql.query(`
    CREATE TEMP TABLE world_product (no int, id text, operator text, digits int, minor bigint, price_id int);
    INSERT INTO world_product (no, id, operator, digits, minor) VALUES
      (0, 'ATLAS-2', 'atlas', 14, 2000), (1, 'ATLAS-20', 'atlas', 14, 20000), (2, 'ATLAS-50', 'atlas', 14, 50000),
      (3, 'SAHEL-2', 'sahel', 16, 2000), (4, 'SAHEL-10', 'sahel', 16, 10000), (5, 'SAHEL-50', 'sahel', 16, 50000);
    CREATE TEMP TABLE world_origin AS
    SELECT (SELECT coalesce(max(substr(id, 2)::int), 0) FROM retailer) AS retailer,
           (SELECT coalesce(max(substr(id, 2)::int), 0) FROM terminal) AS terminal,
           ((now() AT TIME ZONE '${timeZone}')::date - ${WORLD_DAYS})::timestamp AS day`)
  // Who orders: a few shops much, many little. By day, so that the latest orders are those with unsold codes.
  await sql.query(`
    CREATE TEMP TABLE world_order AS
    SELECT o, o / 100 AS pack, ${FIRST_SERIAL} + o * ${ORDER_CODES} AS serial, t, n,
           ${numbered('T', 'origin.terminal + t')} AS terminal, ${numbered('R', 'origin.retailer + t')} AS retailer,
           clock, clock AT TIME ZONE '${timeZone}' AS at, sold
      FROM (SELECT o, t, clock, sold, row_number() OVER (PARTITION BY t ORDER BY clock, o) - 1 AS n
              FROM (SELECT o, 1 + floor(${size.retailers} * (${chance('o', '100000')} / 100000.0) ^ 2)::int AS t,
                           origin.day + o * ${WORLD_DAYS} / ${orders} * interval '1 day'
                             + interval '8 hours' + ${chance('o + 5', '46800')} * interval '1 second' AS clock,
                           least(${ORDER_CODES}, greatest(0, ${size.sales} - o * ${ORDER_CODES}))::int AS sold
                      FROM world_origin AS origin, generate_series(0::bigint, ${orders - 1}) AS o) AS made) AS ordered,
           world_origin AS origin;
    CREATE TEMP TABLE world_message AS
    SELECT *, 2 + sum(2 + (sold > 0)::int) OVER (PARTITION BY t ORDER BY n) - (2 + (sold > 0)::int) AS sequence
      FROM world_order;
    DROP TABLE world_order;
    ANALYZE world_message`)
  const free = Math.ceil(size.codes / 1_000)
  await sql.query(`
    CREATE TEMP TABLE world_pack AS
    SELECT *, 'L9' || lpad(lot::text, 7, '0') AS lot_id
      FROM (SELECT *, dense_rank() OVER (ORDER BY is_given DESC, product, nth / 50) AS lot,
                   dense_rank() OVER (ORDER BY is_given DESC, product, nth / 10) AS part
              FROM (SELECT *, row_number() OVER (PARTITION BY product, is_given ORDER BY pack) - 1 AS nth
                      FROM (SELECT pack, pack < ${packs} AS is_given, ${FIRST_SERIAL} + pack * 1000 AS serial,
                                   CASE pack WHEN ${packs + free - 1} THEN ${size.codes - (free - 1) * 1_000} ELSE 1000 END AS count,
                                   (ARRAY[0, 0, 0, 3, 3, 3, 1, 4, 2, 5])[1 + pack % 10] AS product
                              FROM generate_series(0, ${packs + free - 1}) AS pack) AS packs) AS nths) AS parts;
    UPDATE world_pack SET count = 1000 WHERE is_given;
    CREATE TEMP TABLE world_part AS
    SELECT part, lot, lot_id, product, is_given, sum(count)::int AS codes, min(pack) AS first_pack,
           md5('world part ' || part)::uuid AS id, md5('world order ' || lot)::uuid AS order_id,
           row_number() OVER (PARTITION BY lot ORDER BY part) AS no, count(*) OVER (PARTITION BY lot) AS parts,
           -- Two days before the first order of it, or two days ago.
           coalesce(min(message.at), now()) - interval '2 days' AS at
      FROM world_pack LEFT JOIN world_message AS message USING (pack)
     WHERE message.o IS NULL OR message.o % 100 = 0
     GROUP BY part, lot, lot_id, product, is_given`)
  // One product is then all of the world's.
  if (shelf !== undefined)
    await sql.query(
      `UPDATE world_product SET id = product.id, operator = product.operator, digits = product.code_digits
         FROM product WHERE product.id = $1`,
      [shelf.product],
    )
}

export async function fillProducts(sql: Sql): Promise<void> {
  await sql.query(`
    INSERT INTO product (id, operator, face_value_minor, code_digits, check_digit, validity_days, refill_template, added_at)
    SELECT world.id, world.operator, minor, digits, 'none', 365,
           CASE world.operator WHEN 'atlas' THEN '*123*{code}#' ELSE '*145*{code}#' END, day
      FROM world_product AS world, world_origin ON CONFLICT DO NOTHING;
    INSERT INTO product_price (product_id, valid_from, public_price_minor, tax_minor, net_credit_minor, set_by, set_at)
    SELECT id, day, minor, minor * 6 / 100, minor - minor * 6 / 100, 'world', day
      FROM world_product, world_origin
     WHERE NOT EXISTS (SELECT FROM product_price WHERE product_id = world_product.id);
    UPDATE world_product SET price_id = price.id, minor = price.public_price_minor
      FROM (SELECT DISTINCT ON (product_id) * FROM product_price ORDER BY product_id, valid_from DESC) AS price
     WHERE price.product_id = world_product.id`)
}

/** Shops, each with an account, a vendor, a card and a terminal under a certificate; no key of theirs is anybody's. */
export async function fillShops(sql: Sql, { retailers }: WorldSize): Promise<void> {
  await sql.query(`
    INSERT INTO retailer (id, depot_id, name, place, added_at)
    SELECT ${numbered('R', 'retailer + n')}, 'main', 'Épicerie ' || n,
           (ARRAY['Tunis', 'Sfax', 'Sousse', 'Bizerte', 'Gabès', 'Kairouan', 'Gafsa', 'Nabeul'])[1 + n % 8], day
      FROM world_origin, generate_series(1, ${retailers}) AS n;
    INSERT INTO vendor (retailer_id, id, name, added_at)
    SELECT id, '02', 'Vendeur 02', added_at FROM retailer, world_origin WHERE substr(id, 2)::int > retailer;
    INSERT INTO card (id, retailer_id, vendor_id, class, public_key, key_fingerprint, added_at, registered_at)
    SELECT 'C' || 8000000 + n, ${numbered('R', 'retailer + n')}, '02', 'file', decode(repeat(md5(n::text), 18), 'hex'),
           md5('card ' || n), day, day
      FROM world_origin, generate_series(1, ${retailers}) AS n;
    INSERT INTO terminal (id, depot_id, retailer_id, added_at, letter_epoch, letter_ends_at, letter_number, last_sequence)
    SELECT ${numbered('T', 'terminal + n')}, 'main', ${numbered('R', 'retailer + n')}, day, 1, now(), 1,
           coalesce(last, 1)
      FROM world_origin, generate_series(1, ${retailers}) AS n
      LEFT JOIN (SELECT t, max(sequence + 1 + (sold > 0)::int) AS last FROM world_message GROUP BY t) AS spoke ON t = n;
    INSERT INTO terminal_certificate (number, terminal_id, public_key, ends_at)
    SELECT 1000000000 + n, ${numbered('T', 'terminal + n')}, decode(repeat(md5(n::text), 6), 'hex'), now() + interval '90 days'
      FROM world_origin, generate_series(1, ${retailers}) AS n;
    UPDATE terminal SET certificate_number = certificate.number, certified_until = certificate.ends_at
      FROM terminal_certificate AS certificate
     WHERE certificate.terminal_id = terminal.id AND certificate.number > 1000000000;
    SELECT setval('retailer_number', retailer + ${retailers}), setval('terminal_number', terminal + ${retailers})
      FROM world_origin`)
}

/** What is free lasts longest, so that it is not supplied before codes that can be opened. */
const EXPIRY = `(now() + CASE WHEN is_given THEN interval '2 years' ELSE interval '5 years' END)::date`

/** What operators sent: an order a lot, five parts of ten packs. */
export async function fillStock(sql: Sql, { shelf }: WorldPlace): Promise<void> {
  const activated = shelf?.activated === true ? 'true' : 'is_given'
  await sql.query(`
    INSERT INTO restock_order (depot_id, id, operator, ordered_at, expires_at, ordered_by, state)
    SELECT DISTINCT ON (lot) 'main', order_id, operator, at - interval '1 hour', at + interval '1 day', 'world', 'accepted'
      FROM world_part JOIN world_product ON world_product.no = product ORDER BY lot, at;
    INSERT INTO restock_order_line (order_id, line_no, product_id, quantity, accepted, received, unit_price_minor)
    SELECT order_id, 1, world_product.id, sum(codes), sum(codes), sum(codes), minor * 94 / 100
      FROM world_part JOIN world_product ON world_product.no = product GROUP BY order_id, world_product.id, minor;
    INSERT INTO restock_delivery (id, operator, order_id, line_no, part, parts, lot_id, product_id, verdict, codes,
                                  received_at, unit_cost_minor)
    SELECT world_part.id, operator, order_id, 1, world_part.no, parts, lot_id, world_product.id, 'taken', codes, at,
           minor * 94 / 100
      FROM world_part JOIN world_product ON world_product.no = product;
    INSERT INTO lot (depot_id, operator, id, product_id, expires_on, activated_on)
    SELECT 'main', operator, lot_id, world_product.id, ${EXPIRY},
           CASE WHEN ${activated} THEN min(at) END
      FROM world_part JOIN world_product ON world_product.no = product
     GROUP BY operator, lot_id, world_product.id, is_given;
    INSERT INTO pack (depot_id, operator, first_serial, count, lot_id, product_id, delivery_id, expires_on, activated_on,
                      given)
    SELECT 'main', operator, serial, count, lot_id, world_product.id, id_of_part, ${EXPIRY},
           CASE WHEN ${activated} THEN part.at END,
           CASE WHEN is_given THEN (-1)::bit(1000) ELSE 0::bit(1000) END
      FROM world_pack
      JOIN (SELECT part, id AS id_of_part, at FROM world_part) AS part USING (part)
      JOIN world_product ON world_product.no = product`)
}

/** What terminals asked, with bytes like those of the line; the old ones' are gone. */
export async function fillMessages(sql: Sql, { messageBytesDays }: WorldPlace): Promise<void> {
  const kept = `at > now() - interval '${messageBytesDays} days'`
  const bytes = (length: number) =>
    `CASE WHEN ${kept} THEN decode(repeat(md5(sequence::text || terminal), ${length}), 'hex') ELSE '' END`
  const told = (kind: string, more: number, at: string, request: number, answer: number, where = 'true') => `
    SELECT 'main', terminal, sequence + ${more}, '${kind}', sha256(decode(md5(terminal || sequence || '${kind}'), 'hex')),
           ${bytes(request)}, ${bytes(answer)}, ${at},
           CASE WHEN ${kept} THEN NULL ELSE sha256(decode(md5(terminal || sequence), 'hex')) END
      FROM world_message WHERE ${where}`
  await sql.query(`
    INSERT INTO supply_message (depot_id, terminal_id, sequence, kind, payload_hash, request, answer, taken_at)
    SELECT 'main', ${numbered('T', 'terminal + n')}, 1, 'card-letter-request', sha256('letter'), 'request', 'answer', day
      FROM world_origin, generate_series(1, (SELECT max(substr(id, 2)::int) FROM terminal) - terminal) AS n;
    INSERT INTO supply_message (depot_id, terminal_id, sequence, kind, payload_hash, request, answer, taken_at, answer_hash)
    ${told('supply-order', 0, 'at', 10, 45)}
    UNION ALL ${told('supply-receipt', 1, `at + interval '5 seconds'`, 9, 10)}
    UNION ALL ${told('sales-report', 2, REPORTED, 14, 10, 'sold > 0')};
    INSERT INTO bytes_let_go (depot_id, terminal_id, upto_sequence)
    SELECT 'main', terminal_id, max(sequence) FROM supply_message WHERE answer_hash IS NOT NULL GROUP BY terminal_id`)
}

/** When the sales of an order are reported: three minutes after the last. */
const REPORTED = `(at + ${3 * (ORDER_CODES + 1)} * interval '1 minute')`

/** Orders with their line, run and money; each was received and paid. */
export async function fillOrders(sql: Sql): Promise<void> {
  const priced = `world_message AS asked JOIN world_pack USING (pack) JOIN world_product ON world_product.no = product`
  const unit = 'minor * 96 / 100'
  await sql.query(`
    INSERT INTO supply_order (depot_id, terminal_id, sequence, retailer_id, decided_at, epoch, codes, debited_minor,
                              available_minor, delivery_hash, state, settled_at, because)
    SELECT 'main', terminal, sequence, retailer, date_trunc('milliseconds', at), 1, ${ORDER_CODES},
           ${ORDER_CODES} * (${unit}), 100000, decode(substr(md5(o::text), 1, 16), 'hex'), 'delivered',
           at + interval '5 seconds', 'automatic'
      FROM ${priced};
    INSERT INTO supply_order_line (depot_id, terminal_id, sequence, product_id, quantity, supplied, unit_price_minor,
                                   discount_basis_points, rounding, price_id, public_price_minor)
    SELECT 'main', terminal, sequence, world_product.id, ${ORDER_CODES}, ${ORDER_CODES}, ${unit}, 400, 'half-up', price_id, minor
      FROM ${priced};
    INSERT INTO supply_run (depot_id, operator, first_serial, count, pack_first_serial, lot_id, product_id, expires_on,
                            unit_price_minor, terminal_id, sequence, sold)
    SELECT 'main', operator, asked.serial, ${ORDER_CODES}, world_pack.serial, lot_id, world_product.id,
           ${EXPIRY}, ${unit}, terminal, sequence,
           CASE WHEN sold > 0 THEN rpad(repeat('1', sold), ${ORDER_CODES}, '0')::bit varying END
      FROM ${priced};
    INSERT INTO transfer (depot_id, id, kind, subject, currency, is_pending, made_at, debit, credit, amount_minor, booked_on)
    SELECT 'main', 'supply:' || terminal || ':' || sequence, 'supply', retailer, 'TND', true, at, 'retailer:' || retailer,
           'sales', ${ORDER_CODES} * (${unit}), clock::date
      FROM ${priced};
    INSERT INTO settlement (depot_id, transfer_id, outcome, reason, settled_at)
    SELECT 'main', 'supply:' || terminal || ':' || sequence, 'posted', 'receipt', at + interval '5 seconds'
      FROM world_message;
    UPDATE terminal SET aboard_minor = aboard.minor
      FROM (SELECT terminal AS id, sum((${ORDER_CODES} - sold) * minor) AS minor FROM ${priced} GROUP BY terminal) AS aboard
     WHERE aboard.id = terminal.id`)
}

/** Accounts of shops, what they paid in each month, what was bought from operators, and all of it added up. */
export async function fillMoney(sql: Sql, { timeZone }: WorldPlace): Promise<void> {
  await sql.query(`
    CREATE TEMP TABLE world_paid AS
    SELECT retailer, date_trunc('month', clock) AS month, 100000 + sum(${ORDER_CODES} * (minor * 96 / 100))::bigint AS paid,
           sum(${ORDER_CODES} * (minor * 96 / 100))::bigint AS bought, min(clock) - interval '1 day' AS clock
      FROM world_message JOIN world_pack USING (pack) JOIN world_product ON world_product.no = product
     GROUP BY retailer, date_trunc('month', clock);
    INSERT INTO account (depot_id, id, currency, class, credit_line_minor, opened_at, debits_posted, credits_posted)
    SELECT 'main', 'retailer:' || id, 'TND', 'liability', 0, added_at, coalesce(bought, 0), coalesce(paid, 0)
      FROM world_origin, retailer
      LEFT JOIN (SELECT retailer, sum(bought) AS bought, sum(paid) AS paid FROM world_paid GROUP BY retailer) AS sums
        ON sums.retailer = id
     WHERE substr(id, 2)::int > world_origin.retailer;
    INSERT INTO account (depot_id, id, currency, class, opened_at)
    SELECT DISTINCT 'main', 'payable:' || operator, 'TND', 'liability', day FROM world_product, world_origin
    ON CONFLICT DO NOTHING;
    INSERT INTO transfer (depot_id, id, kind, subject, currency, is_pending, made_at, debit, credit, amount_minor, booked_on,
                          document)
    SELECT 'main', 'deposit:' || retailer || to_char(month, '-YYYY-MM'), 'deposit', retailer, 'TND', false,
           clock AT TIME ZONE '${timeZone}', 'cash', 'retailer:' || retailer, paid, clock::date,
           retailer || to_char(month, '-YYYY-MM')
      FROM world_paid;
    INSERT INTO deposit_document (document, depot_id)
    SELECT retailer || to_char(month, '-YYYY-MM'), 'main' FROM world_paid;
    INSERT INTO transfer (depot_id, id, kind, subject, currency, is_pending, made_at, debit, credit, amount_minor, booked_on,
                          document)
    SELECT 'main', 'purchase:' || world_part.id, 'purchase', operator, 'TND', false, at, 'stock', 'payable:' || operator,
           codes * (minor * 94 / 100), (at AT TIME ZONE '${timeZone}')::date, world_part.id
      FROM world_part JOIN world_product ON world_product.no = product;
    UPDATE account SET credits_posted = credits_posted + owed
      FROM (SELECT 'payable:' || operator AS of, sum(codes * (minor * 94 / 100)) AS owed
              FROM world_part JOIN world_product ON world_product.no = product GROUP BY operator) AS bought
     WHERE account.id = bought.of;
    INSERT INTO own_book_change
           (depot_id, account_id, debits_posted, credits_posted, debits_pending, credits_pending)
    SELECT 'main', 'cash', coalesce(sum(paid), 0), 0, 0, 0 FROM world_paid
     UNION ALL SELECT 'main', 'sales', 0, coalesce(sum(bought), 0), 0, 0 FROM world_paid
     UNION ALL SELECT 'main', 'stock', coalesce(sum(codes * (minor * 94 / 100)), 0), 0, 0, 0
                 FROM world_part JOIN world_product ON world_product.no = product`)
}

/** What was sold, code by code, and added up. */
export async function fillSales(sql: Sql, { timeZone }: WorldPlace): Promise<void> {
  await sql.query(`
    SELECT make_sale_month(month::date)
      FROM (SELECT DISTINCT date_trunc('month', ${REPORTED} AT TIME ZONE 'UTC') AS month FROM world_message) AS months`)
  await sql.query(`
    INSERT INTO sale (depot_id, operator, serial, product_id, terminal_id, ticket, vendor_id, sold_at, sold_on, sold_hour,
                      reported_in, reported_at, price_id, amount_minor)
    SELECT 'main', operator, asked.serial + j, world_product.id, terminal, ${ORDER_CODES} * n + j + 1, '02',
           local AT TIME ZONE '${timeZone}', local::date, extract(hour FROM local), sequence + 2, ${REPORTED}, price_id, minor
      FROM world_message AS asked JOIN world_pack USING (pack) JOIN world_product ON world_product.no = product
     CROSS JOIN LATERAL (SELECT j, date_trunc('second', clock) + (j + 1) * interval '3 minutes' AS local
                           FROM generate_series(0, sold - 1) AS j) AS one;
    INSERT INTO sales_of_hour (depot_id, day, hour, product_id, sales, amount_minor)
    SELECT sale.depot_id, sold_on, sold_hour, product_id, count(*), sum(amount_minor)
      FROM sale, world_origin WHERE substr(terminal_id, 2)::int > terminal
     GROUP BY sale.depot_id, sold_on, sold_hour, product_id
    ON CONFLICT (depot_id, day, hour, product_id) DO UPDATE
      SET sales = sales_of_hour.sales + excluded.sales,
          amount_minor = sales_of_hour.amount_minor + excluded.amount_minor;
    INSERT INTO sales_of_shop (depot_id, day, retailer_id, product_id, sales, amount_minor)
    SELECT sale.depot_id, sold_on, retailer_id, product_id, count(*), sum(amount_minor)
      FROM sale JOIN terminal ON terminal.id = terminal_id, world_origin
     WHERE substr(terminal_id, 2)::int > world_origin.terminal
     GROUP BY sale.depot_id, sold_on, retailer_id, product_id`)
}

/** Of the world what the vault's own database has, too. */
export async function readSealed(sql: Sql): Promise<{ products: object[]; lots: object[]; packs: object[] }> {
  const read = async (query: string) => (await sql.query(query)).rows as object[]
  return {
    products: await read('SELECT DISTINCT id, operator, digits FROM world_product'),
    lots: await read(
      `SELECT DISTINCT md5('world record ' || lot) AS record, operator, lot_id AS lot, world_product.id AS product, digits
         FROM world_part JOIN world_product ON world_product.no = product`,
    ),
    packs: await read(
      `SELECT operator, serial::text, count, md5('world record ' || lot) AS record, is_given AS closed,
              (1000 * (row_number() OVER (PARTITION BY lot ORDER BY pack) - 1))::int AS index
         FROM world_pack JOIN world_product ON world_product.no = product`,
    ),
  }
}

/** Orders after one, as the vault's journal has them. */
export async function readClosed(sql: Sql, after: bigint, limit: number): Promise<{ o: bigint }[]> {
  const { rows } = await sql.query(
    `SELECT o, terminal, sequence::int, at, json_build_array(json_build_array(
              operator, world_product.id, lot_id, (minor * 96 / 100)::text,
              json_build_array(json_build_array(asked.serial::text, ${ORDER_CODES}))))::text AS runs
       FROM world_message AS asked JOIN world_pack USING (pack) JOIN world_product ON world_product.no = product
      WHERE o > $1 ORDER BY o LIMIT $2`,
    [after, limit],
  )
  return rows
}

/** What its vault has of that: packs whose bytes open nothing, and a journal of their codes. */
export async function insertSealed(
  vault: Sql,
  { products, lots, packs }: Awaited<ReturnType<typeof readSealed>>,
): Promise<void> {
  await vault.query(
    `INSERT INTO product (id, operator, code_digits, check_digit)
     SELECT id, operator, digits, 'none' FROM json_to_recordset($1) AS row (id text, operator text, digits int)
     ON CONFLICT DO NOTHING`,
    [JSON.stringify(products)],
  )
  await vault.query(
    `INSERT INTO vault_lot_record (id, operator, lot_id, product_id, code_digits, wrapped_key, mac)
     SELECT record, operator, lot, product, digits, '', ''
       FROM json_to_recordset($1) AS row (record uuid, operator text, lot text, product text, digits int)`,
    [JSON.stringify(lots)],
  )
  await vault.query(
    `INSERT INTO vault_pack (depot_id, operator, first_serial, count, record_id, first_index, sealed, closed)
     SELECT 'main', operator, serial, count, record, index, '', CASE WHEN closed THEN (-1)::bit(1000) ELSE 0::bit(1000) END
       FROM json_to_recordset($1) AS row (operator text, serial bigint, count int, record uuid, index bigint, closed boolean)`,
    [JSON.stringify(packs)],
  )
}

export async function insertClosed(vault: Sql, closed: readonly object[]): Promise<void> {
  await vault.query(
    `INSERT INTO vault_supply (depot_id, terminal_id, sequence, order_hash, epoch, codes, runs, closed_at)
     SELECT 'main', terminal, sequence, sha256(runs::bytea), 1, ${ORDER_CODES}, runs, at
       FROM json_to_recordset($1) AS row (terminal text, sequence bigint, runs text, at timestamptz)`,
    [JSON.stringify(closed, (_, value) => (typeof value === 'bigint' ? String(value) : value))],
  )
}
