import { createSecretKey } from 'node:crypto'
import type { EnrolmentKeys } from '@scratchless/wire/supply/enrolment-code'
import type { Store } from '../store/connect-store.ts'

export interface OpenEnrolment {
  readonly enrolmentNumber: number
  readonly state: 'trying' | 'waiting'
  readonly keys: EnrolmentKeys
  readonly nonce: Uint8Array
  readonly deviceTimeS: number
  /** The public key (SPKI) to be certified; null: the device's first. */
  readonly deviceKey: Uint8Array | null
}

/** Begins, or begins again with the code as now typed; the polls of a number go on counting. */
export function beginEnrolment(store: Store, enrolment: Omit<OpenEnrolment, 'state'>): void {
  const { enrolmentNumber, keys, nonce, deviceTimeS, deviceKey } = enrolment
  store
    .statement(
      `INSERT INTO enrolment (enrolment_number, state, request_key, answer_key, nonce, device_time_s, device_key)
       VALUES (?, 'trying', ?, ?, ?, ?, ?)
       ON CONFLICT (enrolment_number) DO UPDATE
         SET state = 'trying', request_key = excluded.request_key, answer_key = excluded.answer_key,
             device_key = excluded.device_key, refusal = NULL`,
    )
    .run(enrolmentNumber, keys.request.export(), keys.answer.export(), nonce, deviceTimeS, deviceKey)
}

export function enrolmentIn(
  store: Store,
  state: 'trying' | 'waiting',
  enrolmentNumber?: number,
): OpenEnrolment | undefined {
  const row = store
    .statement(
      `SELECT * FROM enrolment WHERE state = ?1 AND (?2 IS NULL OR enrolment_number = ?2)
       ORDER BY enrolment_number DESC LIMIT 1`,
    )
    .get(state, enrolmentNumber ?? null)
  return (
    row && {
      enrolmentNumber: row.enrolment_number as number,
      state,
      keys: {
        request: createSecretKey(row.request_key as Uint8Array),
        answer: createSecretKey(row.answer_key as Uint8Array),
      },
      nonce: row.nonce as Uint8Array,
      deviceTimeS: row.device_time_s as number,
      deviceKey: row.device_key as Uint8Array | null,
    }
  )
}

/** The public key (SPKI) that an earlier try with this number asks for, while it is open. */
export function triedKey(store: Store, enrolmentNumber: number): Uint8Array | null {
  const row = store
    .statement('SELECT device_key FROM enrolment WHERE enrolment_number = ? AND request_key IS NOT NULL')
    .get(enrolmentNumber)
  return (row?.device_key ?? null) as Uint8Array | null
}

/** Why the enrolment that was ended last came to nothing; null where it did not. */
export function lastRefusal(store: Store): string | null {
  const row = store.statement('SELECT refusal FROM enrolment ORDER BY enrolment_number DESC LIMIT 1').get()
  return (row?.refusal ?? null) as string | null
}

/** The next poll's number, used up durably before it is sent. */
export function nextPoll(store: Store, enrolmentNumber: number): number {
  const row = store
    .statement(
      'UPDATE enrolment SET last_poll = last_poll + 1 WHERE enrolment_number = ? RETURNING last_poll',
    )
    .get(enrolmentNumber)
  return row!.last_poll as number
}

export function waitForApproval(store: Store, enrolmentNumber: number): void {
  store.statement(`UPDATE enrolment SET state = 'waiting' WHERE enrolment_number = ?`).run(enrolmentNumber)
}

/** Forgets the keys that the enrolment code gave. `refusal`: why nothing came of it. */
export function endEnrolment(
  store: Store,
  enrolmentNumber: number,
  state: 'refused' | 'enrolled',
  refusal: string | null = null,
): void {
  store
    .statement(
      `UPDATE enrolment SET state = ?, request_key = NULL, answer_key = NULL, refusal = ?
       WHERE enrolment_number = ?`,
    )
    .run(state, refusal, enrolmentNumber)
}
