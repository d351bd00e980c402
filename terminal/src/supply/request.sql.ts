// The outbox: every signed request under its sequence, saved before its first byte is sent.

import type { RequestKind } from '@scratchless/wire/supply/answer'
import type { Store } from '../store/connect-store.ts'

export interface StoredRequest {
  readonly sequence: number
  readonly kind: RequestKind
  /** What is sent, again and again the same. */
  readonly frame: Uint8Array
  readonly payloadHash: Uint8Array
}

/** The sequence of the next request: no gap, no reuse. */
export function nextSequence(store: Store): number {
  const row = store.statement('SELECT coalesce(max(sequence), 0) + 1 AS next FROM request').get()!
  return row.next as number
}

export function insertRequest(store: Store, request: StoredRequest, madeAtMs: number): void {
  store
    .statement('INSERT INTO request (sequence, kind, frame, payload_hash, made_at_ms) VALUES (?, ?, ?, ?, ?)')
    .run(request.sequence, request.kind, request.frame, request.payloadHash, madeAtMs)
}

/** Requests without an answer, oldest first: one, or an expired supply order and the status request about it. */
export function askedRequests(store: Store): StoredRequest[] {
  return store
    .statement(
      `SELECT sequence, kind, frame, payload_hash FROM request WHERE state = 'asked' ORDER BY sequence`,
    )
    .all()
    .map((row) => ({
      sequence: row.sequence as number,
      kind: row.kind as RequestKind,
      frame: row.frame as Uint8Array,
      payloadHash: row.payload_hash as Uint8Array,
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
