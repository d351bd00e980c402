// terminal → centre: what may I sell, at which prices? Answered by the catalogue, or by an acknowledgement where
// the terminal's version is the current one.

import type { Signer, Verifier } from '../compact/cose.ts'
import type { Frame } from '../compact/frame.ts'
import { type ContentOf, integer, record } from '../compact/shape.ts'
import {
  type Binding,
  type Closed,
  closeMessage,
  type Opened,
  openMessage,
  type Unacceptable,
} from './envelope.ts'

export const catalogueRequest = record({
  /** The version the terminal holds; 0 where it holds none. */
  knownVersion: integer(0, 0xffff_ffff),
})

export type CatalogueRequest = ContentOf<typeof catalogueRequest>

const message = { kind: 'catalogue-request', shape: catalogueRequest } as const

export function closeCatalogueRequest(content: CatalogueRequest, signer: Signer, binding: Binding): Closed {
  return closeMessage(message, content, signer, binding)
}

export function openCatalogueRequest(
  frame: Frame,
  verifier: Verifier,
  binding: Binding,
): Opened<'catalogue-request', CatalogueRequest> | Unacceptable {
  return openMessage(message, frame, verifier, binding)
}
