// What the centre said last, kept as the verified content's own bytes (wire/supply's shapes read them back).

import { decodeShape, encodeShape } from '@scratchless/wire/compact/shape'
import { type Catalogue, catalogue } from '@scratchless/wire/supply/catalogue'
import { type Enrolled, enrolmentAnswer } from '@scratchless/wire/supply/enrolment-answer'
import { type Standing, standing } from '@scratchless/wire/supply/standing'
import type { Store } from '../store/connect-store.ts'

function put(store: Store, name: string, content: Uint8Array): void {
  store
    .statement(
      `INSERT INTO centre_word (name, content) VALUES (?, ?)
       ON CONFLICT (name) DO UPDATE SET content = excluded.content`,
    )
    .run(name, content)
}

function get(store: Store, name: string): Uint8Array | undefined {
  const row = store.statement('SELECT content FROM centre_word WHERE name = ?').get(name)
  return row?.content as Uint8Array | undefined
}

export function putEnrolled(store: Store, content: Enrolled): void {
  put(store, 'enrolled', encodeShape(enrolmentAnswer, content))
}

export function getEnrolled(store: Store): Enrolled | undefined {
  const bytes = get(store, 'enrolled')
  const content = bytes && decodeShape(enrolmentAnswer, bytes)
  return content?.state === 'enrolled' ? content : undefined
}

export function putStanding(store: Store, content: Standing): void {
  put(store, 'standing', encodeShape(standing, content))
}

export function getStanding(store: Store): Standing | undefined {
  const bytes = get(store, 'standing')
  return bytes && decodeShape(standing, bytes)
}

export function putCatalogue(store: Store, content: Catalogue): void {
  put(store, 'catalogue', encodeShape(catalogue, content))
}

export function getCatalogue(store: Store): Catalogue | undefined {
  const bytes = get(store, 'catalogue')
  return bytes && decodeShape(catalogue, bytes)
}
