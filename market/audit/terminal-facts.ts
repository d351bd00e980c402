// What one terminal's store says, read beside the running program and in one moment.

import { createHash } from 'node:crypto'
import { connectStoreForReading, type Store } from '@scratchless/terminal/store/connect-store'
import { getEnrolled } from '@scratchless/terminal/supply/centre-word.sql'
import type { TerminalFacts } from './facts.ts'

export function readTerminalFacts(storeFile: string, readAt: Date): TerminalFacts {
  const store = connectStoreForReading(storeFile)
  try {
    store.statement('BEGIN').run()
    return factsOf(store, readAt)
  } finally {
    store.close()
  }
}

type Run = Omit<TerminalFacts['runs'][number], 'firstSerial'> & { first_serial: number }
type Sale = Omit<TerminalFacts['sales'][number], 'serial' | 'acknowledged'> & {
  serial: number
  acknowledged: number
}
type Request = Omit<TerminalFacts['requests'][number], 'payloadHash' | 'answerHash'> & {
  payload_hash: Uint8Array
  answer: Uint8Array | null
}

function factsOf(store: Store, readAt: Date): TerminalFacts {
  const rows = <Row>(text: string) => store.statement(text).all() as unknown as Row[]
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
  return {
    terminal: getEnrolled(store)?.terminal ?? null,
    readAt,
    runs: rows<Run>('SELECT delivery, operator, product, lot, first_serial, count FROM safe_run').map(
      ({ first_serial, ...run }) => ({ ...run, firstSerial: BigInt(first_serial) }),
    ),
    sales: rows<Sale>('SELECT number, operator, serial, product, state, acknowledged FROM sale').map(
      ({ serial, acknowledged, ...sale }) => ({
        ...sale,
        serial: BigInt(serial),
        acknowledged: acknowledged === 1,
      }),
    ),
    requests: rows<Request>('SELECT sequence, kind, state, payload_hash, answer FROM request').map(
      ({ payload_hash, answer, ...request }) => ({
        ...request,
        payloadHash: Buffer.from(payload_hash).toString('hex'),
        answerHash: answer && sha256(answer),
      }),
    ),
    receipted: rows<{ sequence: number }>(`SELECT sequence FROM supply_order WHERE state = 'receipted'`).map(
      ({ sequence }) => sequence,
    ),
  }
}
