// Step 11 of the way of a code: a delivery is laid into the safe as it came, closed for this terminal, in the
// transaction that stores it. From here on its codes can be sold; the receipt says so to the centre.

import { sealedSize } from '@scratchless/voucher/sealed-code'
import type { SupplyDelivery } from '@scratchless/wire/supply/supply-delivery'
import { DELIVERY_HASH_BYTES } from '@scratchless/wire/supply/supply-receipt'
import type { SupplyRefusalReason } from '@scratchless/wire/supply/supply-refusal'
import { insertRun, saveShelf, stockOf } from '../safe/safe-run.sql.ts'
import type { Store } from '../store/connect-store.ts'
import { barAgain } from './ask-settings.ts'
import { saveAvailable } from './device.sql.ts'
import {
  endOrder,
  lineDelivered,
  orderBySequence,
  orderDelivered,
  orderWaitsForLetter,
} from './supply-order.sql.ts'
import type { TerminalClock } from './terminal-clock.ts'

/**
 * Inside the transaction that stores the answer. Throws where a run cannot be kept (a product that was not
 * ordered, another code length, a serial already on board): then the answer is not stored, and the log says why.
 */
export function receiveSupplyDelivery(
  { store }: { store: Store; clock: TerminalClock },
  sequence: number,
  { content, payloadHash }: { content: SupplyDelivery; payloadHash: Buffer },
): void {
  const order = orderBySequence(store, sequence)!
  const ordered = new Map(order.lines.map((line) => [line.product, line]))
  for (const lot of content.lots) {
    const line = ordered.get(lot.product)
    if (line === undefined) throw new Error(`a delivery of ${lot.product}, which was not ordered`)
    let delivered = 0
    for (const run of lot.runs) {
      if (run.codes.length !== run.count * sealedSize(line.digits))
        throw new Error(`codes of ${lot.product} of another length than ordered`)
      insertRun(store, {
        delivery: sequence,
        epoch: content.epoch,
        operator: line.operator,
        product: lot.product,
        lot: lot.lot,
        expiresOn: lot.expiresOn,
        digits: line.digits,
        firstSerial: run.firstSerial,
        count: run.count,
        codes: run.codes,
      })
      delivered += run.count
    }
    lineDelivered(store, order.id, lot.product, delivered)
    saveShelf(store, lot.product, stockOf(store, lot.product))
  }
  barAgain(store)
  saveAvailable(store, content.availableMinor)
  orderDelivered(store, sequence, payloadHash.subarray(0, DELIVERY_HASH_BYTES))
}

/** The safe key changes only from epoch to epoch: a second request for the letter is a fault of the centre. */
const MOST_LETTERS_ASKED = 2

/** Inside the transaction that stores the answer. */
export function takeOrderRefusal(store: Store, sequence: number, why: SupplyRefusalReason): void {
  const order = orderBySequence(store, sequence)!
  if (why.reason === 'card-letter-needed' && order.lettersAsked < MOST_LETTERS_ASKED)
    orderWaitsForLetter(store, sequence)
  else endOrder(store, sequence, 'refused', JSON.stringify(why, plainAmounts))
}

/** JSON has no bigint; amounts travel as decimal strings of minor units. */
function plainAmounts(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
