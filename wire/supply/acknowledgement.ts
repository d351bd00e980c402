// centre → terminal: the answer without content of its own: a receipt or report was taken, a catalogue is current.

import type { Signer } from '../compact/cose.ts'
import { type ContentOf, record } from '../compact/shape.ts'
import { type Binding, type Closed, closeMessage } from './envelope.ts'
import { standing } from './standing.ts'

export const acknowledgement = record({ standing })

export type Acknowledgement = ContentOf<typeof acknowledgement>

export const acknowledgementMessage = { kind: 'acknowledgement', shape: acknowledgement } as const

export function closeAcknowledgement(content: Acknowledgement, signer: Signer, binding: Binding): Closed {
  return closeMessage(acknowledgementMessage, content, signer, binding)
}
