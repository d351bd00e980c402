import type { SerialNumber } from '@scratchless/voucher/serial'
import type { Sql } from '../database/database.ts'
import { type StockScope, valuesOf } from './code-case.sql.ts'

/** False where one of the two is part of an exchange already, on the same side. */
export async function insertExchange(
  sql: Sql,
  scope: StockScope,
  exchange: { replaced: SerialNumber; replacing: SerialNumber; cause: string; by: string; at: Date },
): Promise<boolean> {
  const whose = scope.operator === undefined ? [] : ['operator']
  const { rowCount } = await sql.query(
    `INSERT INTO code_exchange (${[...whose, 'replaced', 'replacing', 'cause', 'made_by', 'made_at'].join(', ')})
     VALUES (${[...whose.map((_, index) => `$${6 + index}`), '$1', '$2', '$3', '$4', '$5'].join(', ')})
     ON CONFLICT DO NOTHING`,
    [
      ...[exchange.replaced, exchange.replacing, exchange.cause, exchange.by, exchange.at],
      ...valuesOf(scope),
    ],
  )
  return rowCount === 1
}
