// What is wrong now, since when, and whether the centre was told.

import type { Store } from '../store/connect-store.ts'

export interface Alarm {
  readonly kind: string
  readonly subject: string
  readonly sinceMs: number
}

export function standingAlarms(store: Store): (Alarm & { readonly reported: boolean })[] {
  return store
    .statement('SELECT kind, subject, since_ms, reported FROM alarm ORDER BY since_ms, kind, subject')
    .all()
    .map((row) => ({
      kind: row.kind as string,
      subject: row.subject as string,
      sinceMs: row.since_ms as number,
      reported: row.reported === 1,
    }))
}

export function beginAlarm(store: Store, { kind, subject, sinceMs }: Alarm): void {
  store.statement('INSERT INTO alarm (kind, subject, since_ms) VALUES (?, ?, ?)').run(kind, subject, sinceMs)
}

export function endAlarm(store: Store, kind: string, subject: string): void {
  store
    .statement(
      `UPDATE device SET alarm_ended = 1
       WHERE EXISTS (SELECT 1 FROM alarm WHERE kind = ? AND subject = ? AND reported = 1)`,
    )
    .run(kind, subject)
  store.statement('DELETE FROM alarm WHERE kind = ? AND subject = ?').run(kind, subject)
}

/** An alarm that the centre was told of is over, and it was not told that yet. */
export function alarmEnded(store: Store): boolean {
  return store.statement('SELECT alarm_ended FROM device').get()!.alarm_ended === 1
}

/** A state report holds them all. */
export function alarmsReported(store: Store): void {
  store.statement('UPDATE alarm SET reported = 1 WHERE reported = 0').run()
  store.statement('UPDATE device SET alarm_ended = 0 WHERE alarm_ended = 1').run()
}

/** What a state report held did not arrive. */
export function alarmsUnreported(store: Store): void {
  store.statement('UPDATE alarm SET reported = 0').run()
  store.statement('UPDATE device SET alarm_ended = 1').run()
}
