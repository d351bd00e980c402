// How a supply vector is kept: its frame in a file, and what it says in the index.

// The keys first: the examples read them.
import './make-keys.ts'

import type { KeyObject } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import type { Binding, KindName, Signed } from '@scratchless/wire/supply/envelope'
import * as example from '../../wire/testing/supply-examples.ts'

interface Vector {
  readonly file: string
  readonly verdict: 'good' | 'unacceptable'
  readonly kind: KindName
  readonly says: string
  readonly from: 'terminal' | 'centre'
  readonly who: string
  readonly sequence: number
  readonly answering: string | null
  readonly content?: unknown
}

export const index: Vector[] = []

export function keep(name: string, frame: Uint8Array, about: Omit<Vector, 'file'>): void {
  writeFileSync(new URL(`${name}.bin`, import.meta.url), frame)
  index.push({ file: `${name}.bin`, ...about })
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
    content,
  })
  return closed
}

export const altered = (bytes: Uint8Array, change: (copy: Buffer) => void) => {
  const copy = Buffer.from(bytes)
  change(copy)
  return copy
}
