// Stock for load: more codes of one product than the demo has.

import type { RestockOrderView } from '@scratchless/centre/staff-api'
import { toDecimal } from '@scratchless/voucher/money'
import type { Product } from '@scratchless/voucher/product'
import { CENTRE } from '../demo/parties.ts'
import type { Market } from '../demo/start-market.ts'
import { GENERATED_CODES, loadOperators } from '../demo/stock-market.ts'
import { waitUntil } from '../demo/wait-until.ts'

const RESTOCK_WITHIN_MS = 120_000

/** So many codes of one product, from the operator's vault to the centre's, by a restock order. */
export async function loadStock(
  market: Market,
  product: Product,
  codes: number,
  say: (progress: string) => void,
): Promise<void> {
  await loadOperators(market, [], say)
  const operatorStaff = market.offices.get(product.operator)!.staff
  if (codes > GENERATED_CODES)
    await operatorStaff.post('/api/stock/generations', { product: product.id, count: codes, activated: true })
  const { staff } = market.offices.get(CENTRE.party)!
  const { operator: party, faceValue, publicPrice, tax, netCredit, ...rest } = product
  await staff.post('/api/products', {
    ...{ ...rest, operator: party, faceValue: toDecimal(faceValue), publicPrice: toDecimal(publicPrice) },
    ...{ tax: toDecimal(tax), netCredit: toDecimal(netCredit) },
  })
  const lines = [{ product: product.id, quantity: codes }]
  const { id } = await staff.post<{ id: string }>('/api/restock/orders', { operator: party, lines })
  await waitUntil(
    'The restock delivery',
    async () => {
      const { orders } = await staff.get<{ orders: readonly RestockOrderView[] }>('/api/restock/orders')
      return orders.some((order) => order.id === id && order.state === 'received') ? true : null
    },
    { everyMs: 200, withinMs: RESTOCK_WITHIN_MS },
  )
  say(`${codes} codes are at the centre`)
}
