// terminal → centre: what do I have, and what do I owe? Answered by the balance.

import { record } from '../compact/shape.ts'
import { supplyMessage } from './envelope.ts'

export const balanceRequest = record({})

export const balanceRequestMessage = supplyMessage('balance-request', balanceRequest)
