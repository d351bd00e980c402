// Parsing for bytes that nobody has vouched for yet. A message is UTF-8, has no DOCTYPE, no processing
// instruction, no comment and no CDATA section; libxml2 is told the same once more by its options.

import { isUtf8 } from 'node:buffer'
import { ParseOption, XmlC14NMode, XmlDocument, XmlError, XmlLibError } from 'libxml2-wasm'

/** Why bytes are no document of ours, in order of precedence. */
export type DocumentRefusal = 'too-large' | 'not-utf8' | 'forbidden-markup' | 'not-well-formed'

const OPTIONS: ParseOption =
  ParseOption.XML_PARSE_NONET |
  ParseOption.XML_PARSE_NO_XXE |
  ParseOption.XML_PARSE_NO_SYS_CATALOG |
  ParseOption.XML_PARSE_SKIP_IDS

/** The one declaration that may stand in front; it is no part of what is signed. */
const DECLARATION =
  /^<\?xml version="1\.0"(?: encoding="(?:UTF-8|utf-8)")?(?: standalone="(?:yes|no)")?\s*\?>\s*/
/** Longest declaration that the expression above is tried on. */
const DECLARATION_BYTES = 80

/**
 * The exclusive canonical form, without comments, of a document of at most `maxBytes`.
 * Refuses what the strict profile refuses; throws nothing for any bytes.
 */
export function canonicalBytes(bytes: Uint8Array, maxBytes: number): Buffer | DocumentRefusal {
  if (bytes.length > maxBytes) return 'too-large'
  if (!isUtf8(bytes)) return 'not-utf8'
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const declaration = DECLARATION.exec(whole.toString('latin1', 0, DECLARATION_BYTES))
  const body = whole.subarray(declaration?.[0].length ?? 0)
  // In a well-formed document `<!` and `<?` are nothing but these constructs, so a search of bytes is exact.
  if (body.includes('<!') || body.includes('<?') || body[0] !== 0x3c) return 'forbidden-markup'
  return withDocument(body, canonicalOf) ?? 'not-well-formed'
}

/**
 * Reads a document by `read` and frees it; null where it is not well-formed.
 * What `read` returns must not hold on to the document's nodes.
 */
export function withDocument<Read>(body: Uint8Array, read: (document: XmlDocument) => Read): Read | null {
  let document: XmlDocument
  try {
    document = XmlDocument.fromBuffer(body, { encoding: 'utf-8', option: OPTIONS })
  } catch (error) {
    if (error instanceof XmlLibError) return null
    throw error
  }
  try {
    return document.warnings.length > 0 ? null : read(document)
  } finally {
    document.dispose()
  }
}

/**
 * Exclusive XML Canonicalization 1.0 of a whole document, without comments. Null where it has no canonical form:
 * a namespace of a relative URI (Canonical XML 1.0, section 1.3).
 */
function canonicalOf(document: XmlDocument): Buffer | null {
  const chunks: Buffer[] = []
  const output = {
    write: (chunk: Uint8Array) => {
      chunks.push(Buffer.from(chunk)) // a copy: the chunk is the parser's own memory
      return chunk.byteLength
    },
    close: () => true,
  }
  try {
    document.canonicalize(output, { mode: XmlC14NMode.XML_C14N_EXCLUSIVE_1_0 })
  } catch (error) {
    if (error instanceof XmlError) return null
    throw error
  }
  return Buffer.concat(chunks)
}
