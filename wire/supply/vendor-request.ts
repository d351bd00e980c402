// terminal → centre: the owner wants a vendor added, suspended or resumed. Answered by an acknowledgement; the centre's
// next shop settings say what came of it.

import { vendorId } from '@scratchless/voucher/ids'
import { choice, named, record, text } from '../compact/shape.ts'
import { supplyMessage } from './envelope.ts'

const known = record({ vendor: named(vendorId) })

export const vendorRequest = record({
  what: choice('act', {
    add: record({ name: text(1, 40) }),
    suspend: known,
    resume: known,
  }),
})

export const vendorRequestMessage = supplyMessage('vendor-request', vendorRequest)
