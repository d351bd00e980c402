// The statements behind the facts, each in the auditor's one snapshot of its office.

import type { AuditedOffice } from '@scratchless/office/audit/run-checks'
import type { Sql } from '@scratchless/office/database/database'
import type { CentreFacts, Letter, OperatorFacts } from './facts.ts'

async function rows<Row>(sql: Sql, text: string): Promise<Row[]> {
  const { rows: found } = await sql.query(text)
  return found as Row[]
}

async function readAt(sql: Sql): Promise<Date> {
  const [row] = await rows<{ now: Date }>(sql, 'SELECT now()')
  return row!.now
}

const asked = (sql: Sql) =>
  rows<Letter>(
    sql,
    `SELECT partner, kind, id, encode(sha256(answer), 'hex') AS "answerHash", settled_at AS "settledAt"
       FROM message_out`,
  )

const answered = (sql: Sql) =>
  rows<Letter>(
    sql,
    `SELECT sender AS partner, kind, id, encode(sha256(answer), 'hex') AS "answerHash", NULL AS "settledAt"
       FROM message_in`,
  )

export async function readCentreFacts({ books: sql, vaultAfter }: AuditedOffice): Promise<CentreFacts> {
  const journal = await rows<{ terminal_id: string; sequence: bigint; codes: number }>(
    vaultAfter,
    'SELECT terminal_id, sequence, codes FROM vault_supply',
  )
  const closed = new Map(journal.map((row) => [`${row.terminal_id} ${row.sequence}`, row.codes]))
  const supplyOrders = await rows<Omit<CentreFacts['supplyOrders'][number], 'closed'>>(
    sql,
    'SELECT terminal_id AS terminal, sequence, codes, state, settled_at AS "settledAt" FROM supply_order',
  )
  return {
    readAt: await readAt(sql),
    terminals: await rows(sql, 'SELECT id, last_sequence AS "lastSequence" FROM terminal'),
    messages: await rows(
      sql,
      `SELECT terminal_id AS terminal, sequence, taken_at AS "takenAt", encode(payload_hash, 'hex') AS "payloadHash",
              encode(coalesce(answer_hash, sha256(answer)), 'hex') AS "answerHash" FROM supply_message`,
    ),
    supplyOrders: supplyOrders.map((order) => ({
      ...order,
      closed: closed.get(`${order.terminal} ${order.sequence}`) ?? null,
    })),
    runs: await rows(
      sql,
      `SELECT terminal_id AS terminal, sequence, operator, product_id AS product, lot_id AS lot,
              first_serial AS "firstSerial", count FROM supply_run`,
    ),
    sales: await rows(
      sql,
      `SELECT terminal_id AS terminal, operator, serial, product_id AS product, ticket,
              reported_in AS "reportedIn" FROM sale`,
    ),
    packs: await rows(
      sql,
      `SELECT operator, product_id AS product, lot_id AS lot, delivery_id AS delivery,
              first_serial AS "firstSerial", count, bit_count(given)::int AS given FROM pack`,
    ),
    restockLines: await rows(
      sql,
      `SELECT operator, order_id AS "order", line_no AS line, accepted, unit_price_minor AS "unitPriceMinor",
              state <> 'waiting' AS answered
         FROM restock_order_line JOIN restock_order ON restock_order.id = order_id`,
    ),
    parts: await rows(sql, 'SELECT operator, id, verdict, codes FROM restock_delivery'),
    asked: await asked(sql),
    answered: await answered(sql),
  }
}

export async function readOperatorFacts(sql: Sql, operator: string): Promise<OperatorFacts> {
  return {
    operator,
    readAt: await readAt(sql),
    lots: await rows(sql, 'SELECT id, product, codes FROM lot'),
    restockLines: await rows(
      sql,
      `SELECT order_id AS "order", line_no AS line, accepted, unit_price_minor AS "unitPriceMinor"
         FROM restock_order_line`,
    ),
    parts: await rows(
      sql,
      `SELECT id, lot, codes, state, codes_taken AS "codesTaken", settled_at AS "settledAt"
         FROM restock_delivery`,
    ),
    runs: await rows(
      sql,
      'SELECT delivery_id AS delivery, first_serial AS "firstSerial", count FROM restock_run',
    ),
    asked: await asked(sql),
    answered: await answered(sql),
  }
}
