// Signature wrapping: the eight shapes (XSW 1 to 8) that were published for SAML, carried over to our envelope. There
// a response holds a signed assertion; here the root is signed as a whole. In each shape the attacker's changed copy
// stands where a careless reader looks, and the signed original is kept somewhere for the verifier to find.

/** A document taken apart as text; our own shape is fixed enough for that. */
export interface Parts {
  readonly start: string
  readonly content: string
  readonly signature: string
  readonly end: string
}

export function takeApart(document: string): Parts {
  const rootStart = document.indexOf('<Restock')
  const startEnd = document.indexOf('>', rootStart) + 1
  const signatureStart = document.lastIndexOf('<ds:Signature ')
  const signatureEnd = document.lastIndexOf('</ds:Signature>') + '</ds:Signature>'.length
  if (rootStart < 0 || signatureStart < 0) throw new Error('not one of our documents')
  return {
    start: document.slice(rootStart, startEnd),
    content: document.slice(startEnd, signatureStart),
    signature: document.slice(signatureStart, signatureEnd),
    end: document.slice(signatureEnd),
  }
}

export interface Forgery {
  readonly shape: string
  readonly document: string
}

/** `evil` is a changed content. Every shape at every insertion point of the document it grows in. */
export function* wrappings(document: string, evil: string): Generator<Forgery> {
  const { start, content, signature, end } = takeApart(document)
  const original = `${start}${content}${signature}${end}`
  const unsigned = `${start}${content}${end}`
  const opened = signature.indexOf('>') + 1
  const into = (piece: string) => `${signature.slice(0, opened)}${piece}${signature.slice(opened)}`
  const beforeEnd = (piece: string) =>
    signature.replace('</ds:Signature>', `<ds:Object>${piece}</ds:Object></ds:Signature>`)
  const valueEnd = signature.indexOf('</ds:SignatureValue>')
  const inValue = (piece: string) => `${signature.slice(0, valueEnd)}${piece}${signature.slice(valueEnd)}`

  const shapes: Record<string, (piece: string) => string> = {
    // 1, 2: the signature beside an unsigned copy of the original, in or after it.
    'XSW1 original inside the signature': () => `${start}${evil}${into(unsigned)}${end}`,
    'XSW2 original beside a detached signature': () => `${start}${evil}${unsigned}${signature}${end}`,
    // 3, 4: the changed copy as a sibling before, or as a parent of, the signed original.
    'XSW3 changed copy before the original': () =>
      `${start}${start}${evil}${end}${content}${signature}${end}`,
    'XSW4 changed copy around the original': () => `${start}${evil}${original}${end}`,
    // 5, 6: the changed copy keeps the signature, the original moves to its end or into it.
    'XSW5 original at the end': () => `${start}${evil}${signature}${unsigned}${end}`,
    'XSW6 original inside the signature value': () => `${start}${evil}${inValue(unsigned)}${end}`,
    // 7, 8: an element that any schema would let pass holds one of them.
    'XSW7 changed copy in an extension': () =>
      `${start}<Extensions>${evil}</Extensions>${content}${signature}${end}`,
    'XSW8 original in an object of the signature': () => `${start}${evil}${beforeEnd(original)}${end}`,
  }
  for (const [shape, make] of Object.entries(shapes)) yield { shape, document: make(original) }

  // Every insertion point: after each tag of the signed document, the changed copy, the original, or both.
  for (const match of original.matchAll(/>/g)) {
    const at = match.index + 1
    for (const [shape, piece] of [
      ['changed content inserted', evil],
      ['changed document inserted', `${start}${evil}${signature}${end}`],
      ['second signature inserted', signature],
    ] as const) {
      const inserted = `${original.slice(0, at)}${piece}${original.slice(at)}`
      if (at < original.length) yield { shape: `${shape} at ${at}`, document: inserted }
    }
  }
  // And the original at every point of the changed document.
  const changed = `${start}${evil}${signature}${end}`
  for (const match of changed.matchAll(/>/g)) {
    const at = match.index + 1
    if (at < changed.length)
      yield {
        shape: `original inserted at ${at}`,
        document: `${changed.slice(0, at)}${original}${changed.slice(at)}`,
      }
  }
}
