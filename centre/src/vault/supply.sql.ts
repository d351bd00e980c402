import type { Sql } from '@scratchless/office/database/database'
import type { DepotId, OperatorId, TerminalId } from '@scratchless/voucher/ids'
import type { SerialNumber } from '@scratchless/voucher/serial'

interface JournalRow {
  terminal_id: TerminalId
  sequence: bigint
  order_hash: Buffer
  epoch: number
  runs: string
}

interface OrderKey {
  readonly terminal: TerminalId
  readonly sequence: number
}

/** One by one (OFFSET keeps them apart): a plan that was made while the journal was short would read all of it. */
export async function readJournal(
  sql: Sql,
  depot: DepotId,
  orders: readonly OrderKey[],
): Promise<JournalRow[]> {
  const { rows } = await sql.query<JournalRow>(
    `SELECT journal.terminal_id, journal.sequence, order_hash, epoch, runs
       FROM unnest($2::text[], $3::bigint[]) AS asked (terminal_id, sequence)
      CROSS JOIN LATERAL (
        SELECT * FROM vault_supply WHERE depot_id = $1 AND terminal_id = asked.terminal_id
           AND sequence = asked.sequence OFFSET 0) AS journal`,
    [depot, orders.map(({ terminal }) => terminal), orders.map(({ sequence }) => sequence)],
  )
  return rows
}

interface ClosedCodes {
  terminal_id: TerminalId
  last_hour: number
  last_day: number
}

/** Codes closed for each terminal within the last hour and day. */
export async function countClosedCodes(
  sql: Sql,
  depot: DepotId,
  terminals: readonly TerminalId[],
  since: { hour: Date; day: Date },
): Promise<ClosedCodes[]> {
  const { rows } = await sql.query<ClosedCodes>(
    `SELECT asked.terminal_id, closed.*
       FROM unnest($2::text[]) AS asked (terminal_id)
      CROSS JOIN LATERAL (
        SELECT coalesce(sum(codes) FILTER (WHERE closed_at > $3), 0)::int AS last_hour,
               coalesce(sum(codes), 0)::int AS last_day
          FROM vault_supply WHERE depot_id = $1 AND terminal_id = asked.terminal_id AND closed_at > $4) AS closed`,
    [depot, terminals, since.hour, since.day],
  )
  return rows
}

interface PackKey {
  readonly operator: OperatorId
  readonly packFirstSerial: SerialNumber
}

interface PackMarksRow {
  operator: OperatorId
  first_serial: bigint
  count: number
  /** A digit a code, `1` where it is closed or void. */
  gone: string
  lot_id: string
  product_id: string
}

/** Marks of these packs, locked until the transaction ends, in the order of their serials. */
export async function lockPacks(
  sql: Sql,
  depot: DepotId,
  packs: readonly PackKey[],
): Promise<PackMarksRow[]> {
  const { rows } = await sql.query<PackMarksRow>(
    `SELECT pack.operator, pack.first_serial, pack.count, closed | void AS gone, record.lot_id, record.product_id
       FROM vault_pack AS pack JOIN vault_lot_record AS record ON record.id = pack.record_id
      WHERE pack.depot_id = $1
        AND (pack.operator, pack.first_serial) IN (SELECT * FROM unnest($2::text[], $3::bigint[]))
      ORDER BY pack.operator, pack.first_serial FOR NO KEY UPDATE OF pack`,
    [depot, packs.map(({ operator }) => operator), packs.map(({ packFirstSerial }) => packFirstSerial)],
  )
  return rows
}

/** Codes of one pack, by their places in it. */
export interface MarkedRun {
  readonly operator: OperatorId
  readonly packFirstSerial: bigint
  readonly offset: number
  readonly count: number
}

/** Marks runs as closed, all of them or none: false where a code of them is closed or void, or named twice. */
export async function markClosed(sql: Sql, depot: DepotId, runs: readonly MarkedRun[]): Promise<boolean> {
  const { rowCount } = await sql.query(
    `UPDATE vault_pack AS pack SET closed = pack.closed | run.codes
       FROM (SELECT operator, first_serial, sum(count) AS count,
                    bit_or(((-1)::bit(1000) << (1000 - count)) >> place) AS codes
               FROM unnest($2::text[], $3::bigint[], $4::int[], $5::int[]) AS run (operator, first_serial, place, count)
              GROUP BY operator, first_serial) AS run
      WHERE pack.depot_id = $1 AND pack.operator = run.operator AND pack.first_serial = run.first_serial
        AND pack.closed & run.codes = 0::bit(1000) AND pack.void & run.codes = 0::bit(1000)
        AND bit_count(run.codes) = run.count`,
    [
      depot,
      runs.map(({ operator }) => operator),
      runs.map(({ packFirstSerial }) => packFirstSerial),
      runs.map(({ offset }) => offset),
      runs.map(({ count }) => count),
    ],
  )
  return rowCount === new Set(runs.map((run) => `${run.operator} ${run.packFirstSerial}`)).size
}

export async function insertJournal(
  sql: Sql,
  depot: DepotId,
  rows: readonly (OrderKey & { orderHash: Uint8Array; epoch: number; codes: number; runs: string })[],
  closedAt: Date,
): Promise<void> {
  await sql.query(
    `INSERT INTO vault_supply (depot_id, closed_at, terminal_id, sequence, order_hash, epoch, codes, runs)
     SELECT $1, $2, * FROM unnest($3::text[], $4::bigint[], $5::bytea[], $6::int[], $7::int[], $8::text[])`,
    [
      depot,
      closedAt,
      rows.map(({ terminal }) => terminal),
      rows.map(({ sequence }) => sequence),
      rows.map(({ orderHash }) => Buffer.from(orderHash)),
      rows.map(({ epoch }) => epoch),
      rows.map(({ codes }) => codes),
      rows.map(({ runs }) => runs),
    ],
  )
}

/** A pack as it lies here, closed. */
export interface ClosedPack {
  operator: OperatorId
  first_serial: bigint
  first_index: bigint
  count: number
  sealed: Buffer
  record_id: string
  lot_id: string
  product_id: string
  code_digits: number
  wrapped_key: Buffer
  mac: Buffer
}

/** The packs in which runs lie, each once: runs of one group mostly lie side by side. */
export async function readClosedPacks(
  sql: Sql,
  depot: DepotId,
  runs: readonly PackKey[],
): Promise<ClosedPack[]> {
  const { rows } = await sql.query<ClosedPack>(
    `SELECT pack.operator, pack.first_serial, pack.first_index, pack.count, pack.sealed, record.id AS record_id,
            record.lot_id, record.product_id, record.code_digits, record.wrapped_key, record.mac
       FROM vault_pack AS pack JOIN vault_lot_record AS record ON record.id = pack.record_id
      WHERE pack.depot_id = $1
        AND (pack.operator, pack.first_serial) IN (SELECT * FROM unnest($2::text[], $3::bigint[]))`,
    [depot, runs.map(({ operator }) => operator), runs.map(({ packFirstSerial }) => packFirstSerial)],
  )
  return rows
}
