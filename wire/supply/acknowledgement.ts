// centre → terminal: the answer without matter of its own: a receipt or report was taken, a catalogue is current. It is
// the one that comes often and has room: so it brings the head of the centre's audit chain.

import { type ContentOf, record } from '../compact/shape.ts'
import { auditHead } from './audit-head.ts'
import { supplyMessage } from './envelope.ts'
import { standing } from './standing.ts'

export const acknowledgement = record({ standing, auditHead })

export type Acknowledgement = ContentOf<typeof acknowledgement>

export const acknowledgementMessage = supplyMessage('acknowledgement', acknowledgement)
