import { readHead } from '@scratchless/office/audit-chain/audit-chain.sql'
import {
  type RestockOrderResponse,
  signRestockOrderResponse as signMessage,
} from '@scratchless/wire/restock/restock-order-response'
import { findVerifiedOrder, readVerifiedLines, type VerifiedLineRow } from './restock-journal.sql.ts'
import { closingFor, type VaultNeeds } from './vault-needs.ts'
import type { ResponseRefusal } from './verbs.ts'

type Response = Omit<RestockOrderResponse, 'sender' | 'receiver' | 'auditHead'>

/**
 * Step 3's signature: an answer to an order that this vault verified, to the partner who sent it and nobody else.
 * Its lines are the order's, all of them or none, and promise no more than was ordered.
 */
export async function signRestockOrderResponse(
  needs: VaultNeeds,
  response: Response,
): Promise<Uint8Array | { refusal: ResponseRefusal }> {
  const order = await findVerifiedOrder(needs.pool, response.orderId)
  const closing = order && closingFor(needs, order.partner)
  if (!closing) return { refusal: 'unknown-order' }
  const ordered = await readVerifiedLines(needs.pool, response.orderId)
  if (response.lines.length > 0 && !answers(response.lines, ordered)) return { refusal: 'lines-differ' }
  const auditHead = await readHead(needs.books)
  return signMessage({ ...response, sender: needs.party, receiver: order.partner, auditHead }, closing)
}

function answers(lines: Response['lines'], ordered: readonly VerifiedLineRow[]): boolean {
  return (
    lines.length === ordered.length &&
    lines.every((line, index) => {
      const { line_no, product, ordered: quantity } = ordered[index]!
      const same = line.lineNo === line_no && line.product === product
      return same && line.quantityAccepted + line.backOrder <= quantity
    })
  )
}
