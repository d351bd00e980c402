// The end of a supply order that nobody answered: past its expiry the terminal asks what became of it.

import type { StatusAnswer } from '@scratchless/wire/supply/status-answer'
import { statusRequestMessage } from '@scratchless/wire/supply/status-request'
import type { Store } from '../store/connect-store.ts'
import { burnRequest, type StoredRequest } from './request.sql.ts'
import { type RequestNeeds, saveRequest } from './save-request.ts'
import { endOrder } from './supply-order.sql.ts'

export function askStatus(needs: RequestNeeds, asked: number): StoredRequest {
  return saveRequest(needs, 'status-request', (signer, binding) =>
    statusRequestMessage.sign({ asked }, signer, binding),
  )
}

/** `burnt` is final, and nothing was debited; `answered`: the order is sent again and its stored answer comes. */
export function takeStatusAnswer(store: Store, sequence: number, answer: StatusAnswer): void {
  if (answer.fate !== 'burnt') return
  burnRequest(store, sequence - 1)
  endOrder(store, sequence - 1, 'refused', JSON.stringify({ reason: 'never-arrived' }))
}
