// Writing XML, in its canonical form at once (Exclusive XML Canonicalization 1.0): what is written is what is
// signed, and no document is built to write one.

/** Text content (Canonical XML 1.0, section 2.3). */
export function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#xD;')
}

/** `<Name>text</Name>`. */
export function field(name: string, text: string | number): string {
  return `<${name}>${typeof text === 'number' ? text : escapeText(text)}</${name}>`
}

/** The same where there is a value, nothing where there is none. */
export function optionalField(name: string, text: string | undefined): string {
  return text === undefined ? '' : field(name, text)
}
