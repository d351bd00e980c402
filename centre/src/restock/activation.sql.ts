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
 * Dates a lot and its packs by the marks that are here; returns how many packs were dated or have codes that woke. The
 * earliest mark holds. Of a pack that is activated in part the codes that sleep are aside. What is activated already is
 * left alone: it may be on its way out.
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
  return (rowCount ?? 0) + (await wakeCodes(sql, operator, lot, now))
}

/** Wakes, of packs that sleep or sleep in part, the codes whose activation is due; how many packs have some. */
async function wakeCodes(sql: Sql, operator: OperatorId, lot: LotId, now: Date): Promise<number> {
  const { rowCount } = await sql.query(
    `WITH due AS MATERIALIZED (
       SELECT mark.activated_on, run.first_serial, run.count
         FROM lot_activation AS mark
         JOIN lot_activation_run AS run ON run.operator = mark.operator AND run.activation_id = mark.id
        WHERE mark.operator = $1 AND mark.lot_id = $2 AND mark.activated_on <= $3),
     whole AS MATERIALIZED (
       SELECT min(activated_on) AS activated_on FROM lot_activation
        WHERE operator = $1 AND lot_id = $2 AND whole AND activated_on <= $3),
     sleeping AS MATERIALIZED (
       SELECT depot_id, first_serial, count, given, asleep, (-1)::bit(1000) << (1000 - count) AS every FROM pack
        WHERE operator = $1 AND lot_id = $2
          AND (activated_on IS NULL OR activated_on > $3 OR asleep <> 0::bit(1000))
          FOR NO KEY UPDATE),
     awake AS (
       SELECT sleeping.*, least(whole.activated_on, min(due.activated_on)) AS since,
              CASE WHEN whole.activated_on IS NOT NULL THEN every
                   ELSE bit_or(((-1)::bit(1000) << (1000 - (upto - start)::int)) >> (start - sleeping.first_serial)::int)
              END AS codes
         FROM sleeping CROSS JOIN whole
         LEFT JOIN due ON due.first_serial < sleeping.first_serial + sleeping.count
                      AND due.first_serial + due.count > sleeping.first_serial,
              LATERAL (SELECT greatest(sleeping.first_serial, due.first_serial) AS start,
                              least(sleeping.first_serial + sleeping.count, due.first_serial + due.count) AS upto) AS cut
        WHERE due.count IS NOT NULL OR whole.activated_on IS NOT NULL
        GROUP BY depot_id, sleeping.first_serial, sleeping.count, given, asleep, every, whole.activated_on),
     held AS (
       SELECT awake.depot_id, awake.first_serial,
              bit_or(((-1)::bit(1000) << (1000 - (upto - start)::int)) >> (start - awake.first_serial)::int) AS codes
         FROM awake
         JOIN code_case ON code_case.operator = $1 AND code_case.ended_at IS NULL
          AND code_case.first_serial < awake.first_serial + awake.count
          AND code_case.first_serial > awake.first_serial - 1000000
          AND code_case.first_serial + code_case.count > awake.first_serial,
              LATERAL (SELECT greatest(awake.first_serial, code_case.first_serial) AS start,
                              least(awake.first_serial + awake.count, code_case.first_serial + code_case.count)
                                AS upto) AS cut
        GROUP BY awake.depot_id, awake.first_serial)
     UPDATE pack
        SET activated_on = CASE WHEN pack.activated_on <= $3 THEN pack.activated_on ELSE awake.since END,
            asleep = awake.every & ~awake.codes & ~pack.given,
            aside = (pack.aside | (awake.every & ~awake.codes & ~pack.given))
                    & ~(pack.asleep & awake.codes & ~coalesce(held.codes, 0::bit(1000)))
       FROM awake LEFT JOIN held USING (depot_id, first_serial)
      WHERE pack.operator = $1 AND pack.depot_id = awake.depot_id AND pack.first_serial = awake.first_serial
        AND (pack.asleep <> awake.every & ~awake.codes & ~pack.given OR pack.activated_on IS NULL
             OR pack.activated_on > $3)`,
    [operator, lot, now],
  )
  return rowCount ?? 0
}

/** Lots of which codes sleep that are due to wake by now. */
export async function readLotsToWake(sql: Sql, now: Date): Promise<{ operator: OperatorId; lot: LotId }[]> {
  const { rows } = await sql.query<{ operator: OperatorId; lot: LotId }>(
    `SELECT DISTINCT mark.operator, mark.lot_id AS lot FROM lot_activation AS mark
      WHERE mark.activated_on <= $1
        AND EXISTS (SELECT FROM pack
                     WHERE pack.operator = mark.operator AND pack.lot_id = mark.lot_id
                       AND (asleep <> 0::bit(1000) OR pack.activated_on IS NULL))
      ORDER BY mark.operator, mark.lot_id`,
    [now],
  )
  return rows
}
