// How a supply vector is kept: its frame in a file, and what it says in the index.

// The keys first: the examples read them.
import './make-keys.ts'

import type { KeyObject } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import type { Binding, KindName, Signed } from '@scratchless/wire/supply/envelope'
import * as example from '../../wire/testing/supply-examples.ts'

interface Vector {
  readonly file: string
  readonly verdict: 'good' | 'stops-selling' | 'not-understood' | 'unacceptable'
  /** A number where level 1 has no such kind. */
  readonly kind: KindName | number
  readonly says: string
  readonly from: 'terminal' | 'centre'
  /** Of whoever reads it; 2 is the made-up next level. */
  readonly readerLevel: number
  /** Of the request answered, where it is not the reader's. */
  readonly askedLevel?: number
  readonly who: string
  readonly sequence: number
  readonly answering: string | null
  /** What the reader must do. */
  readonly must: string
  /** What goes wrong where the certificates are not looked at: nothing else is wrong with it. */
  readonly withoutCertificateChecks?: string
  readonly content?: unknown
}

type Kept = Omit<Vector, 'file' | 'readerLevel' | 'must'> & Partial<Pick<Vector, 'readerLevel' | 'must'>>

export const index: Vector[] = []

/** What must happen, where nothing is said of this one. */
const MUST = {
  terminal: {
    good: 'The centre decides it, stores the answer and sends it.',
    'not-understood':
      'The centre answers with a signed refusal not-understood {highestLevel: 1}, stored like any; the sequence is used up.',
    unacceptable: 'The centre answers 0f000000000000 and does nothing; the sequence stays free.',
    'stops-selling': '',
  },
  centre: {
    good: 'The terminal stores it with what it changes, in one transaction, and goes on.',
    'stops-selling':
      'The terminal takes the answer, sells no more, and says that it needs an update. It goes on asking and reporting.',
    unacceptable: 'The terminal stores nothing, changes nothing, and sends the same bytes again later.',
    'not-understood': '',
  },
} as const

export function keep(name: string, frame: Uint8Array, about: Kept): void {
  writeFileSync(new URL(`${name}.bin`, import.meta.url), frame)
  const { verdict, kind, says, from, ...rest } = about
  index.push({
    ...{ file: `${name}.bin`, verdict, kind, says, from, readerLevel: 1 },
    must: MUST[from][verdict],
    ...rest,
  })
}

export const readable = (_: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (value && typeof value === 'object' && 'asymmetricKeyType' in value)
    return (value as KeyObject).export({ format: 'jwk' })
  if (value && typeof value === 'object' && 'type' in value && value.type === 'Buffer' && 'data' in value)
    return Buffer.from(value.data as number[]).toString('hex')
  return value
}

export const asks = (sequence: number): Binding => ({ terminal: example.terminal, sequence, answering: null })
export const answers = (sequence: number, request: Signed): Binding => ({
  terminal: example.terminal,
  sequence,
  answering: request.payloadHash,
})
export const hex = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString('hex'))

export function good(
  kind: KindName,
  closed: Signed,
  says: string,
  content: unknown,
  binding: Binding,
  name: string = kind,
  more: Partial<Kept> = {},
) {
  const from = binding.answering === null ? 'terminal' : 'centre'
  const { sequence, answering } = binding
  keep(name, closed.frame, {
    verdict: 'good',
    kind,
    says,
    from,
    who: binding.terminal,
    sequence,
    answering: hex(answering),
    ...more,
    content,
  })
  return closed
}

export const altered = (bytes: Uint8Array, change: (copy: Buffer) => void) => {
  const copy = Buffer.from(bytes)
  change(copy)
  return copy
}
