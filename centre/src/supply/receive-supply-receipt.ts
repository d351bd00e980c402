// Step 12 of the way of a code: terminals have stored their deliveries; the money that was pending is posted. A turn takes
// the receipts that have come together.

import type { DepotId, TerminalId } from '@scratchless/voucher/ids'
import { DELIVERY_HASH_BYTES, type SupplyReceipt } from '@scratchless/wire/supply/supply-receipt'
import { raiseAlarm } from '../alarms.sql.ts'
import type { CentreNeeds } from '../needs.ts'
import { type Answered, placesOf, refuseInSequence, terminalOf, transferId } from './answer-in-sequence.ts'
import type { VerifiedMessage } from './signed-message.ts'
import { standingsFor } from './standing.ts'
import { readReceiving, type SupplyTerminal } from './supply-terminal.sql.ts'

export interface SupplyReceiptMessage extends VerifiedMessage {
  readonly receipt: SupplyReceipt
}

/** Receipts before they are taken, at most one of a terminal. */
export interface JudgedReceipts {
  /** Each with its signed acknowledgement, good where the receipt still is the next message when it is taken. */
  readonly acknowledged: ReadonlyMap<SupplyReceiptMessage, Uint8Array>
  /** Repeats, and what is out of its place. */
  readonly others: readonly SupplyReceiptMessage[]
  /** Of no delivery of its terminal, or of one with another content. */
  readonly strange: readonly SupplyReceiptMessage[]
  /** Of all of them, as they were read. */
  readonly terminals: ReadonlyMap<TerminalId, SupplyTerminal>
}

/** Has acknowledgements signed for those that are next, before anything is locked. */
export async function judgeReceipts(
  needs: CentreNeeds,
  depot: DepotId,
  receipts: readonly SupplyReceiptMessage[],
): Promise<JudgedReceipts> {
  const terminals = new Map<TerminalId, SupplyTerminal>()
  if (receipts.length === 0) return { acknowledged: new Map(), others: [], strange: [], terminals }
  const deliveries = receipts.map(({ sender, receipt }) => ({ terminal: sender, sequence: receipt.delivery }))
  const sent = new Map<TerminalId, Buffer>()
  for (const { delivery_hash: hash, ...terminal } of await readReceiving(needs.pool, depot, deliveries)) {
    terminals.set(terminal.id, terminal)
    if (hash !== null) sent.set(terminal.id, hash.subarray(0, DELIVERY_HASH_BYTES))
  }
  const isOfDelivery = ({ sender, receipt }: SupplyReceiptMessage) =>
    sent.get(sender)?.equals(receipt.deliveryHash) === true
  const good = receipts.filter(isOfDelivery)
  const places = await placesOf(needs, needs.pool, depot, good, terminals)
  const next = good.filter((receipt) => places.get(receipt) === 'next')
  const signed = await signAcknowledgements(needs, next, terminals)
  return {
    acknowledged: new Map(next.map((receipt, index) => [receipt, signed[index]!])),
    others: good.filter((receipt) => places.get(receipt) !== 'next'),
    strange: receipts.filter((receipt) => !isOfDelivery(receipt)),
    terminals,
  }
}

/** In the receipts' order. */
async function signAcknowledgements(
  needs: CentreNeeds,
  receipts: readonly SupplyReceiptMessage[],
  terminals: ReadonlyMap<TerminalId, SupplyTerminal>,
): Promise<readonly Uint8Array[]> {
  if (receipts.length === 0) return []
  const standings = await standingsFor(
    needs,
    needs.pool,
    receipts.map(({ sender }) => terminalOf(terminals, sender)),
  )
  return needs.vault.signAcknowledgements(
    receipts.map(({ sender, certificate, sequence, payloadHash }, index) => ({
      ...{ terminal: sender, certificate: certificate.number, sequence, answering: payloadHash },
      standing: standings[index]!,
    })),
  )
}

/** The terminal spoke after its delivery, so the money is posted all the same; but people should look. */
export function refuseReceipt(
  needs: CentreNeeds,
  message: SupplyReceiptMessage,
  terminal: SupplyTerminal,
): Promise<Answered> {
  const why = { reason: 'unknown-delivery' } as const
  return refuseInSequence(needs, { ...message, terminal }, why, async (sql, at) => {
    const subject = transferId(message.sender, message.receipt.delivery)
    await raiseAlarm(sql, { at, kind: 'receipt-of-another-delivery', subject })
  })
}
