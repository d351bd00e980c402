// Reading content from canonical bytes. In canonical form an element is written in one way only, so a reader
// that expects exactly that text needs no tree: what differs by one byte is not ours.

/** Thrown where the text is another than expected; whoever started to read turns it into a refusal. */
export class UnexpectedContent extends Error {}

export interface CanonicalReader {
  /** The text of the next element, which must have this name, no attribute and no markup within. */
  field(name: string): string
  /** The same for a text of up to `longest` characters: a key. */
  longField(name: string, longest: number): string
  /** The same, or undefined where the next element has another name. */
  optionalField(name: string): string | undefined
  /** The attribute and the text of the next element, which has exactly this one attribute. */
  fieldWith(name: string, attribute: string): { attribute: string; text: string } | undefined
  /** All following elements of this name, each read by `read` between its tags. */
  list<Item>(name: string, read: () => Item): Item[]
  /** Steps over exactly this text. */
  expect(text: string): void
  /** The next element of this name as it stands, tags included; it holds no other element of that name. */
  rawElement(startTag: string, endTag: string): string
  /** Throws unless everything was read. */
  end(): void
}

/** Longest text of a field: ids, moments, amounts. None of ours comes near. */
const MAX_FIELD = 200

export function canonicalReader(source: string): CanonicalReader {
  let at = 0

  function unexpected(what: string): never {
    throw new UnexpectedContent(`${what} was expected at ${at}`)
  }

  function skip(text: string): boolean {
    if (!source.startsWith(text, at)) return false
    at += text.length
    return true
  }

  function textUntil(end: string, longest = MAX_FIELD): string {
    const stop = source.indexOf('<', at)
    if (stop < 0 || stop - at > longest || !source.startsWith(end, stop)) return unexpected(end)
    const text = source.slice(at, stop)
    // None of our values needs escaping; an escaped one would only be a second spelling.
    if (text.includes('&')) return unexpected('plain text')
    at = stop + end.length
    return text
  }

  const reader: CanonicalReader = {
    field: (name) => reader.optionalField(name) ?? unexpected(`<${name}>`),
    longField: (name, longest) =>
      skip(`<${name}>`) ? textUntil(`</${name}>`, longest) : unexpected(`<${name}>`),
    optionalField: (name) => (skip(`<${name}>`) ? textUntil(`</${name}>`) : undefined),
    fieldWith(name, attribute) {
      if (!skip(`<${name} ${attribute}="`)) return undefined
      const stop = source.indexOf('"', at)
      if (stop < 0 || stop - at > MAX_FIELD || source[stop + 1] !== '>') return unexpected('an attribute')
      const value = source.slice(at, stop)
      at = stop + 2
      return { attribute: value, text: textUntil(`</${name}>`) }
    },
    list(name, read) {
      const items = []
      while (skip(`<${name}>`)) {
        items.push(read())
        reader.expect(`</${name}>`)
      }
      return items
    },
    expect(text) {
      if (!skip(text)) unexpected(text)
    },
    rawElement(startTag, endTag) {
      if (!source.startsWith(startTag, at)) return unexpected(startTag)
      const stop = source.indexOf(endTag, at)
      if (stop < 0) return unexpected(endTag)
      const raw = source.slice(at, stop + endTag.length)
      at = stop + endTag.length
      return raw
    },
    end() {
      if (at !== source.length) unexpected('the end')
    },
  }
  return reader
}
