// What the centre said last, kept as verified contents with their level (wire/supply's shapes read them back).

import { contentOf, type Shape } from '@scratchless/wire/compact/shape'
import { type Catalogue, catalogue } from '@scratchless/wire/supply/catalogue'
import { type Enrolled, enrolmentAnswer } from '@scratchless/wire/supply/enrolment-answer'
import { encodeLevelled, LEVEL, peekLevel } from '@scratchless/wire/supply/level'
import { type ShopSettings, shopSettings } from '@scratchless/wire/supply/shop-settings'
import { type Standing, standing } from '@scratchless/wire/supply/standing'
import type { Store } from '../store/connect-store.ts'

function put<T>(store: Store, name: string, shape: Shape<T>, content: T): void {
  store
    .statement(
      `INSERT INTO centre_word (name, content) VALUES (?, ?)
       ON CONFLICT (name) DO UPDATE SET content = excluded.content`,
    )
    .run(name, encodeLevelled(shape, content, LEVEL))
}

function get<T>(store: Store, name: string, shape: Shape<T>): T | undefined {
  const row = store.statement('SELECT content FROM centre_word WHERE name = ?').get(name)
  const kept = row && peekLevel(row.content as Uint8Array)
  return kept && contentOf(shape, kept.fields, kept.level)
}

export function putEnrolled(store: Store, content: Enrolled): void {
  put(store, 'enrolled', enrolmentAnswer, content)
}

export function getEnrolled(store: Store): Enrolled | undefined {
  const content = get(store, 'enrolled', enrolmentAnswer)
  return content?.state === 'enrolled' ? content : undefined
}

/** As it is kept: another name, key or certificate has other bytes. */
export function enrolledBytes(store: Store): Uint8Array | undefined {
  const row = store.statement(`SELECT content FROM centre_word WHERE name = 'enrolled'`).get()
  return row?.content as Uint8Array | undefined
}

export function putStanding(store: Store, content: Standing): void {
  put(store, 'standing', standing, content)
}

export function getStanding(store: Store): Standing | undefined {
  return get(store, 'standing', standing)
}

export function putCatalogue(store: Store, content: Catalogue): void {
  put(store, 'catalogue', catalogue, content)
}

export function getCatalogue(store: Store): Catalogue | undefined {
  return get(store, 'catalogue', catalogue)
}

export function putSettings(store: Store, content: ShopSettings): void {
  put(store, 'settings', shopSettings, content)
}

export function getSettings(store: Store): ShopSettings | undefined {
  return get(store, 'settings', shopSettings)
}
