// The outbox: every signed request under its sequence, saved before its first byte is sent.

import type { RequestKind } from '@scratchless/wire/supply/answer'
import type { Store } from '../store/connect-store.ts'

export interface StoredRequest {
  readonly sequence: number
  readonly kind: RequestKind
  /** What is sent, again and again the same. */
  readonly frame: Uint8Array
  readonly payloadHash: Uint8Array
  /** At which it is written. */
  readonly level: number
}

/** The sequence of the next request: no gap, no reuse. */
export function nextSequence(store: Store): number {
  const row = store
    .statement(
      `SELECT max(coalesce((SELECT max(sequence) FROM request), 0), last_sequence) + 1 AS next FROM device`,
    )
    .get()!
  return row.next as number
}

export function insertRequest(store: Store, request: StoredRequest, madeAtMs: number): void {
  store
    .statement(
      'INSERT INTO request (sequence, kind, frame, payload_hash, level, made_at_ms) VALUES (?, ?, ?, ?, ?, ?)',
    )
    .run(request.sequence, request.kind, request.frame, request.payloadHash, request.level, madeAtMs)
}

/** Requests without an answer, oldest first: one, or an expired supply order and the status request about it. */
export function askedRequests(store: Store): StoredRequest[] {
  return store
    .statement(
      `SELECT sequence, kind, frame, payload_hash, level FROM request WHERE state = 'asked' ORDER BY sequence`,
    )
    .all()
    .map((row) => ({
      sequence: row.sequence as number,
      kind: row.kind as RequestKind,
      frame: row.frame as Uint8Array,
      payloadHash: row.payload_hash as Uint8Array,
      level: row.level as number,
    }))
}

export function saveAnswer(store: Store, sequence: number, answer: Uint8Array): void {
  store
    .statement(`UPDATE request SET state = 'answered', answer = ? WHERE sequence = ?`)
    .run(answer, sequence)
}

export function burnRequest(store: Store, sequence: number): void {
  store.statement(`UPDATE request SET state = 'burnt' WHERE sequence = ?`).run(sequence)
}

/** When the last request of a kind was made; 0 where there was none. */
export function lastAskedMs(store: Store, kind: RequestKind): number {
  const row = store
    .statement('SELECT made_at_ms FROM request WHERE kind = ? ORDER BY sequence DESC LIMIT 1')
    .get(kind)
  return row === undefined ? 0 : (row.made_at_ms as number)
}

export function lastSequence(store: Store): number {
  return nextSequence(store) - 1
}

/** Whether the request after this one asked what became of it. */
export function statusWasAsked(store: Store, sequence: number): boolean {
  const row = store
    .statement(`SELECT 1 FROM request WHERE sequence = ? AND kind = 'status-request'`)
    .get(sequence + 1)
  return row !== undefined
}

/** A request that the centre cannot have seen is gone as if it had never been made; its number is free. */
export function dropRequest(store: Store, sequence: number): void {
  store.statement(`DELETE FROM request WHERE sequence = ? AND state = 'asked'`).run(sequence)
}

/** The centre says that it knew all up to here: the next request is one more. */
export function continueAfter(store: Store, lastSequence: number): void {
  store
    .statement(
      `UPDATE device SET last_sequence = ?1, sequences_skipped = sequences_skipped
         + max(0, ?1 - max(last_sequence, coalesce((SELECT max(sequence) FROM request), 0)))`,
    )
    .run(lastSequence)
}
