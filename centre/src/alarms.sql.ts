import type { Sql } from '@scratchless/office/database/database'

/** What people must look at. `kind` is a word that a screen can translate; details never hold a code. */
export async function raiseAlarm(
  sql: Sql,
  alarm: { at: Date; kind: string; subject: string; details?: Readonly<Record<string, unknown>> },
): Promise<void> {
  await sql.query('INSERT INTO alarm (at, kind, subject, details) VALUES ($1, $2, $3, $4)', [
    alarm.at,
    alarm.kind,
    alarm.subject,
    JSON.stringify(alarm.details ?? {}),
  ])
}

/** The same, but once for what stands in it: whoever is told of a thing again raises no second alarm. */
export async function raiseAlarmOnce(sql: Sql, alarm: Parameters<typeof raiseAlarm>[1]): Promise<void> {
  await sql.query(
    `INSERT INTO alarm (at, kind, subject, details) SELECT $1, $2, $3, $4
      WHERE NOT EXISTS (SELECT FROM alarm WHERE kind = $2 AND subject = $3 AND details = $4)`,
    [alarm.at, alarm.kind, alarm.subject, JSON.stringify(alarm.details ?? {})],
  )
}
