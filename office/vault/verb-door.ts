// The vault's door: each verb stands behind the schema of its argument. What does not fit is a fault that names the
// field, before anything is done with it; nothing of the caller's is interpreted later. Whole numbers are whole numbers:
// no NaN, no text that only looks like one, no count below zero.

import type { Verbs } from '@scratchless/program/private-line'
import { isSerial, type SerialNumber } from '@scratchless/voucher/serial'
import { z } from 'zod'

/** One schema a verb, of just what the verb takes. */
export type VerbSchemas<V extends Verbs> = {
  readonly [Verb in keyof V]: z.ZodType<Parameters<V[Verb]>[0], never> | z.ZodType<Parameters<V[Verb]>[0]>
}

/** A call that is none of this vault's verbs as they are written down. */
export class MisshapenCall extends Error {
  override name = 'MisshapenCall'
}

export function behindSchemas<V extends Verbs>(verbs: V, schemas: VerbSchemas<V>): V {
  return Object.fromEntries(
    Object.entries(verbs).map(([verb, run]) => [
      verb,
      async (argument: unknown) => {
        const read = schemas[verb]!.safeParse(argument)
        if (!read.success) throw new MisshapenCall(problemsOf(verb, read.error))
        return run(read.data)
      },
    ]),
  ) as V
}

/** Which fields break which rule; never what they hold. */
function problemsOf(verb: string, { issues }: z.ZodError): string {
  const fields = issues.slice(0, MAX_NAMED).map(({ path, code }) => `${[verb, ...path].join('.')} (${code})`)
  return `no such argument: ${fields.join(', ')}`
}

const MAX_NAMED = 5
const MAX_SECONDS = 0xffff_ffff
const MAX_SEQUENCE = 0xffff_ffff
const MAX_NUMBER = 0x7fff_ffff

export const secondsField = z.int().min(0).max(MAX_SECONDS)
export const sequenceField = z.int().min(1).max(MAX_SEQUENCE)
/** A number that a table of the vault counts. */
export const countedField = z.int().min(1).max(MAX_NUMBER)
export const countField = z.int().min(1).max(MAX_NUMBER)
export const dayField = z.iso.date()
export const serialField = z.custom<SerialNumber>((value) => typeof value === 'string' && isSerial(value))

/** Bytes, so many at most. */
export function bytesField(most: number, least = 1): z.ZodType<Uint8Array> {
  return z.custom<Uint8Array>(
    (value) => value instanceof Uint8Array && value.length >= least && value.length <= most,
  )
}

/** What one of `voucher`'s parsers takes (they throw on any other text). */
export function namedField<Name extends string>(parse: (text: string) => Name): z.ZodType<Name> {
  return z.custom<Name>((value) => {
    if (typeof value !== 'string') return false
    try {
      return parse(value) === value
    } catch {
      return false // of another shape
    }
  })
}

/** What `check` takes without throwing: contents that have a shape of their own. */
export function fittingField<Content>(check: (content: Content) => unknown): z.ZodType<Content> {
  return z.custom<Content>((value) => {
    try {
      check(value as Content)
      return true
    } catch {
      return false // outside its shape
    }
  })
}
