// terminal → centre: what may I sell, at which prices? Answered by the catalogue, or by an acknowledgement where
// the terminal's version is the current one.

import { type ContentOf, integer, record } from '../compact/shape.ts'
import { supplyMessage } from './envelope.ts'

export const catalogueRequest = record({
  /** The version the terminal holds; 0 where it holds none. */
  knownVersion: integer(0, 0xffff_ffff),
})

export type CatalogueRequest = ContentOf<typeof catalogueRequest>

export const catalogueRequestMessage = supplyMessage('catalogue-request', catalogueRequest)
