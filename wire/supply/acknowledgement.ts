// centre → terminal: the answer without matter of its own: a receipt or report was taken, a catalogue is current. It is
// the one that comes often and has room: so it brings the head of the centre's audit chain.

import type { Signer } from '../compact/cose.ts'
import { type ContentOf, record } from '../compact/shape.ts'
import { auditHead } from './audit-head.ts'
import { type Binding, type Closed, closeMessage } from './envelope.ts'
import { standing } from './standing.ts'

export const acknowledgement = record({ standing, auditHead })

export type Acknowledgement = ContentOf<typeof acknowledgement>

export const acknowledgementMessage = { kind: 'acknowledgement', shape: acknowledgement } as const

export function closeAcknowledgement(content: Acknowledgement, signer: Signer, binding: Binding): Closed {
  return closeMessage(acknowledgementMessage, content, signer, binding)
}
