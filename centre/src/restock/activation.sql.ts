import type { Sql } from '@scratchless/office/database/database'
import type { LotId, MessageId, OperatorId } from '@scratchless/voucher/ids'
import type { SerialRange } from '@scratchless/voucher/serial'

/** An activation and a part of its lot come one after the other, so that neither misses the other. */
export async function lockLot(sql: Sql, operator: OperatorId, lot: LotId): Promise<void> {
  await sql.query(`SELECT pg_advisory_xact_lock(hashtext('lot ' || $1 || ' ' || $2))`, [operator, lot])
}

export async function insertActivation(
  sql: Sql,
  activation: {
    operator: OperatorId
    id: MessageId
    lot: LotId
    activatedOn: string
    whole: boolean
    takenAt: Date
  },
): Promise<void> {
  await sql.query(
    `INSERT INTO lot_activation (operator, id, lot_id, activated_on, whole, taken_at)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [
      activation.operator,
      activation.id,
      activation.lot,
      activation.activatedOn,
      activation.whole,
      activation.takenAt,
    ],
  )
}

/** The date that a delivery part brought along, for the whole lot; nothing where an earlier one is known. */
export async function insertDateOfPart(
  sql: Sql,
  part: { operator: OperatorId; id: MessageId; lot: LotId; activatedOn: string; takenAt: Date },
): Promise<void> {
  await sql.query(
    `INSERT INTO lot_activation (operator, id, lot_id, activated_on, whole, taken_at)
     SELECT $1, $2, $3, $4, true, $5
      WHERE NOT EXISTS (SELECT FROM lot_activation
                         WHERE operator = $1 AND lot_id = $3 AND whole AND activated_on <= $4)
     ON CONFLICT DO NOTHING`,
    [part.operator, part.id, part.lot, part.activatedOn, part.takenAt],
  )
}

export async function insertActivationRuns(
  sql: Sql,
  operator: OperatorId,
  id: MessageId,
  runs: readonly SerialRange[],
): Promise<void> {
  await sql.query(
    `INSERT INTO lot_activation_run (operator, activation_id, first_serial, count)
     SELECT $1, $2, * FROM unnest($3::bigint[], $4::int[])`,
    [operator, id, runs.map(({ firstSerial }) => firstSerial), runs.map(({ count }) => count)],
  )
}

/**
 * Dates a lot and its packs by the marks that are here; returns how many packs were dated. The earliest mark holds. A
 * pack sleeps until all of its codes are activated. What is activated already is left alone: it may be on its way out.
 */
export async function markActivated(sql: Sql, operator: OperatorId, lot: LotId, now: Date): Promise<number> {
  await sql.query(
    `UPDATE lot SET activated_on = whole.activated_on
       FROM (SELECT min(activated_on) AS activated_on FROM lot_activation
              WHERE operator = $1 AND lot_id = $2 AND whole) AS whole
      WHERE lot.operator = $1 AND lot.id = $2
        AND (lot.activated_on IS NULL OR whole.activated_on < lot.activated_on)
        AND whole.activated_on IS NOT NULL`,
    [operator, lot],
  )
  const { rowCount } = await sql.query(
    `WITH run AS MATERIALIZED (
       SELECT int8range(first_serial, first_serial + count) AS serials, activated_on
         FROM lot_activation JOIN lot_activation_run ON lot_activation_run.operator = lot_activation.operator
                             AND activation_id = id
        WHERE lot_activation.operator = $1 AND lot_id = $2),
     mark AS (
       SELECT pack.depot_id, pack.first_serial, least(
                (SELECT min(activated_on) FROM lot_activation
                  WHERE operator = $1 AND lot_id = $2 AND whole),
                (SELECT min(day.activated_on) FROM (SELECT DISTINCT activated_on FROM run) AS day
                  WHERE int8range(pack.first_serial, pack.first_serial + pack.count) <@
                        (SELECT range_agg(serials) FROM run
                          WHERE run.activated_on <= day.activated_on
                            AND serials && int8range(pack.first_serial, pack.first_serial + pack.count)))
              ) AS activated_on
         FROM pack WHERE pack.operator = $1 AND pack.lot_id = $2
          AND (pack.activated_on IS NULL OR pack.activated_on > $3))
     UPDATE pack SET activated_on = mark.activated_on FROM mark
      WHERE pack.operator = $1 AND pack.depot_id = mark.depot_id AND pack.first_serial = mark.first_serial
        AND (pack.activated_on IS NULL OR mark.activated_on < pack.activated_on)
        AND mark.activated_on IS NOT NULL`,
    [operator, lot, now],
  )
  return rowCount ?? 0
}
