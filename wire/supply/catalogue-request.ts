// terminal → centre: what may I sell, at which prices? Answered by the catalogue, or by an acknowledgement where
// the terminal's version is the current one.

import { type ContentOf, record } from '../compact/shape.ts'
import { supplyMessage } from './envelope.ts'
import { u32 } from './line-fields.ts'

export const catalogueRequest = record({
  /** The version the terminal holds; 0 where it holds none. */
  knownVersion: u32,
})

export type CatalogueRequest = ContentOf<typeof catalogueRequest>

export const catalogueRequestMessage = supplyMessage('catalogue-request', catalogueRequest)
