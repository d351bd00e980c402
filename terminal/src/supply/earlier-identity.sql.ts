// Who this terminal was before its certificate was renewed, or before it was enrolled again.

import { contentOf } from '@scratchless/wire/compact/shape'
import { type Enrolled, enrolmentAnswer } from '@scratchless/wire/supply/enrolment-answer'
import { encodeLevelled, LEVEL, peekLevel } from '@scratchless/wire/supply/level'
import type { Store } from '../store/connect-store.ts'

export function keepEarlierIdentity(store: Store, kid: Uint8Array, enrolled: Enrolled): void {
  store
    .statement('INSERT INTO earlier_identity (kid, content) VALUES (?, ?) ON CONFLICT DO NOTHING')
    .run(kid, encodeLevelled(enrolmentAnswer, enrolled, LEVEL))
}

export function earlierIdentity(store: Store, kid: Uint8Array): Enrolled | undefined {
  const row = store.statement('SELECT content FROM earlier_identity WHERE kid = ?').get(kid)
  const kept = row && peekLevel(row.content as Uint8Array)
  const content = kept && contentOf(enrolmentAnswer, kept.fields, kept.level)
  return content?.state === 'enrolled' ? content : undefined
}
