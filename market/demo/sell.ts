// The demo's vendor at the till, through the interfaces that the screen uses.

import { randomUUID } from 'node:crypto'
import type { Problem } from '@scratchless/program/contract/contract'
import type { SupplyOrdersView } from '@scratchless/terminal/supply/supply-orders-contract'
import type { HomeView } from '@scratchless/terminal/till/till-contract'
import type { SaleView } from '@scratchless/terminal/till/till-shapes'
import type { HttpPerson } from './http-person.ts'
import type { PrinterTray } from './printer-tray.ts'
import { waitUntil } from './wait-until.ts'

/** Settles what an earlier power cut left in doubt, by looking into the printer's tray. Returns how many there were. */
export async function settleDoubts(vendor: HttpPerson, tray: PrinterTray): Promise<number> {
  const { doubts } = await vendor.get<HomeView>('/api/home')
  for (const { number, serial } of doubts) {
    const answer = tray.find({ number, serial }) ? 'came-out' : 'did-not-come-out'
    await vendor.post(`/api/sales/${number}/doubt`, { answer })
  }
  return doubts.length
}

/** One press. Its id is made before the request, so that a repeat of the request cannot sell twice. */
export async function sellOne(vendor: HttpPerson, product: string): Promise<SaleView> {
  const answer = await waitUntil('The card’s pace', async () => {
    const form = { saleId: randomUUID(), product }
    const said = await vendor.tryPost<SaleView | { readonly error: Problem }>('/api/sales', form)
    // The card paces itself and nothing was sold: who presses faster than that presses again.
    return 'error' in said.body && said.body.error.code === 'too-fast' ? null : said.body
  })
  if ('error' in answer) {
    const { code, reference } = answer.error
    throw new Error(`The till refused to sell ${product}: ${code} (${reference}).`)
  }
  if (answer.state !== 'printed')
    throw new Error(`The ticket of ${product}, number ${answer.number}, is ${answer.state}.`)
  return answer
}

export async function stockOnBoard(vendor: HttpPerson): Promise<ReadonlyMap<string, number>> {
  const home = await vendor.get<HomeView>('/api/home')
  return new Map(
    home.operators.flatMap(({ tiles }) => tiles.map((tile) => [tile.product, tile.stock] as const)),
  )
}

/** Orders codes and waits until they are on board and receipted. Rejects with the centre's refusal. */
export async function orderCodes(
  vendor: HttpPerson,
  lines: readonly { readonly product: string; readonly quantity: number }[],
): Promise<void> {
  const { sequence } = await vendor.post<{ sequence: number }>('/api/supply-orders', { lines })
  const order = await waitUntil('The delivery to the terminal', async () => {
    const { supplyOrders } = await vendor.get<SupplyOrdersView>('/api/supply-orders')
    const found = supplyOrders.find((candidate) => candidate.sequence === sequence)
    return found && (found.state === 'receipted' || found.state === 'refused') ? found : null
  })
  if (order.state === 'refused') throw new Error(`The centre refused the supply order: ${order.refusal}.`)
}
