// The screen's side of the till's rooms.

import { type Answer, createClient, valueIn } from '@scratchless/program/contract/client'
import { salesContract } from '@scratchless/terminal/sale/sales-contract'
import { enrolmentContract } from '@scratchless/terminal/supply/enrolment-contract'
import { supplyOrdersContract } from '@scratchless/terminal/supply/supply-orders-contract'
import { tillContract } from '@scratchless/terminal/till/till-contract'
import { vendorsContract } from '@scratchless/terminal/vendors/vendors-contract'

export const tillApi = {
  ...createClient(tillContract),
  ...createClient(vendorsContract),
  ...createClient(enrolmentContract),
  ...createClient(supplyOrdersContract),
  ...createClient(salesContract),
}

/** For queries: a problem becomes the query's error. */
export function query<T>(ask: (given: Record<never, never>) => Promise<Answer<T>>): () => Promise<T> {
  return async () => valueIn(await ask({}))
}
