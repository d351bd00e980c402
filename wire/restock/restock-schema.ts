// The published XSDs, compiled once per process. They are read from our own folder only: the parser gets its
// imports from memory and has no other way to a file or the network.

import { readFileSync } from 'node:fs'
import {
  ParseOption,
  XmlBufferInputProvider,
  XmlDocument,
  XmlValidateError,
  XsdValidator,
  xmlRegisterInputProvider,
} from 'libxml2-wasm'
import { withDocument } from '../xml/strict-document.ts'

const FILES = ['restock.xsd', 'dsig.xsd', 'xenc.xsd', 'xenc11.xsd'] as const
/** A name that no other input provider of the process answers to. */
const BASE = 'scratchless-restock:/'

let compiled: XsdValidator | null = null

function validator(): XsdValidator {
  if (compiled !== null) return compiled
  const texts = Object.fromEntries(
    FILES.map((name) => [`${BASE}${name}`, readFileSync(new URL(`./xsd/${name}`, import.meta.url))]),
  )
  xmlRegisterInputProvider(new XmlBufferInputProvider(texts))
  const document = XmlDocument.fromBuffer(texts[`${BASE}restock.xsd`]!, {
    url: `${BASE}restock.xsd`,
    option: ParseOption.XML_PARSE_NONET,
  })
  try {
    compiled = XsdValidator.fromDoc(document)
    return compiled
  } finally {
    document.dispose()
  }
}

/** Whether canonical bytes are well-formed and valid by the XSD of their root. */
export function matchesXsd(canonical: Uint8Array): boolean {
  const valid = withDocument(canonical, (document) => {
    try {
      validator().validate(document)
      return true
    } catch (error) {
      if (error instanceof XmlValidateError) return false
      throw error
    }
  })
  return valid === true
}
