// What one terminal's store says, read beside the running program and in one moment.

import { createHash } from 'node:crypto'
import { openStoreForReading, type Store } from '@scratchless/terminal/store/open-store'
import { getEnrolled } from '@scratchless/terminal/supply/centre-word.sql'
import type { TerminalFacts } from './facts.ts'

export function readTerminalFacts(storeFile: string, readAt: Date): TerminalFacts {
  const store = openStoreForReading(storeFile)
  try {
    store.statement('BEGIN').run()
    return factsOf(store, readAt)
  } finally {
    store.close()
  }
}

function factsOf(store: Store, readAt: Date): TerminalFacts {
  const all = (text: string) => store.statement(text).all() as Record<string, never>[]
  return {
    terminal: getEnrolled(store)?.terminal ?? null,
    readAt,
    runs: all(
      'SELECT delivery, operator, product, lot, first_serial, count, next_index AS sold FROM safe_run',
    ).map(({ first_serial, ...run }) => ({ ...run, firstSerial: BigInt(first_serial) })) as never,
    sales: all('SELECT number, operator, serial, product, state, acknowledged FROM sale').map(
      ({ serial, acknowledged, ...sale }) => ({
        ...sale,
        serial: BigInt(serial),
        acknowledged: acknowledged === 1,
      }),
    ) as never,
    requests: all('SELECT sequence, kind, state, payload_hash, answer FROM request').map(
      ({ payload_hash, answer, ...request }) => ({
        ...request,
        payloadHash: Buffer.from(payload_hash).toString('hex'),
        answerHash: answer === null ? null : createHash('sha256').update(answer).digest('hex'),
      }),
    ) as never,
    receipted: all(`SELECT sequence FROM supply_order WHERE state = 'receipted'`).map(
      ({ sequence }) => sequence,
    ),
  }
}
