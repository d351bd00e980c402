// Signature wrapping wherever it might be tried: a changed copy, a second signature or the original at every insertion
// point of a signed document. The eight published shapes themselves are vectors.

import { changedContent, takeApart } from '../../wire/testing/forged-shapes.ts'

export interface Forgery {
  readonly shape: string
  readonly document: string
}

/** After each tag of the signed document, something of the attacker's; after each of the changed one, the original. */
export function* insertions(document: string): Generator<Forgery> {
  const { start, content, signature, end } = takeApart(document)
  const evil = changedContent(content)
  const original = `${start}${content}${signature}${end}`
  const changed = `${start}${evil}${signature}${end}`
  for (const match of original.matchAll(/>/g)) {
    const at = match.index + 1
    for (const [shape, piece] of [
      ['changed content inserted', evil],
      ['changed document inserted', changed],
      ['second signature inserted', signature],
    ] as const) {
      if (at < original.length)
        yield {
          shape: `${shape} at ${at}`,
          document: `${original.slice(0, at)}${piece}${original.slice(at)}`,
        }
    }
  }
  for (const match of changed.matchAll(/>/g)) {
    const at = match.index + 1
    if (at < changed.length)
      yield {
        shape: `original inserted at ${at}`,
        document: `${changed.slice(0, at)}${original}${changed.slice(at)}`,
      }
  }
}
