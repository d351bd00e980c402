// The operator's tables of the status page: stock, and the restock orders with how far their parts have come.

import { countText, type StatusTable } from '@scratchless/office/status/status-page'
import type { Language } from '@scratchless/office/status/status-words'
import { PrivateLineLost } from '@scratchless/program/private-line'
import { listDeliveries, listOrders } from '../restock/restock.sql.ts'
import { type AdoptNeeds, adoptSealedStock } from '../stock/adopt-sealed-stock.ts'
import { readStockByState } from '../stock/stock-by-state.ts'

const ORDERS_SHOWN = 20
const PARTS_SHOWN = 200

const en = {
  stock: [
    ...['Stock', 'Product', 'In stock', 'On hold', 'In doubt', 'Damaged', 'Stolen', 'Returned'],
    ...['Expired', 'Void', 'Despatched', 'Delivered'],
  ],
  orders: [
    'Restock orders',
    'Received (UTC)',
    'Distributor',
    'Answer',
    'Accepted of ordered',
    'Parts receipted',
  ],
  verdicts: { accepted: 'accepted', partly: 'partial', refused: 'refused' },
}
const fr: typeof en = {
  stock: [
    ...['Stock', 'Recharge', 'En stock', 'Bloqué', 'À vérifier', 'Illisible', 'Volé', 'Retourné'],
    ...['Périmé', 'Annulé', 'Expédié', 'Livré'],
  ],
  orders: [
    'Commandes opérateur',
    'Reçue (UTC)',
    'Distributeur',
    'Réponse',
    'Accepté sur commandé',
    'Parts avec accusé de réception',
  ],
  verdicts: { accepted: 'acceptée', partly: 'partielle', refused: 'refusée' },
}

export async function statusTables(needs: AdoptNeeds, language: Language): Promise<StatusTable[]> {
  const { pool } = needs
  const words = { en, fr }[language]
  await adoptSealedStock(needs).catch((problem: unknown) => {
    // What the books know is shown, also while the vault starts.
    if (!(problem instanceof PrivateLineLost)) throw problem
  })
  const [stock, orders, deliveries] = await Promise.all([
    readStockByState(pool),
    listOrders(pool, ORDERS_SHOWN),
    listDeliveries(pool, PARTS_SHOWN),
  ])
  const count = (codes: number) => countText(language, codes)
  return [
    {
      title: words.stock[0]!,
      heads: words.stock.slice(1),
      rows: stock.map((row) => [
        ...[row.product, row.inStock, row.onHold, row.inDoubt, row.damaged, row.stolen, row.returned],
        ...[row.expired, row.void, row.despatched, row.delivered],
      ]),
    },
    {
      title: words.orders[0]!,
      heads: words.orders.slice(1),
      rows: orders.map((order) => [
        order.receivedAt,
        order.partner,
        words.verdicts[order.verdict],
        order.lines
          .map(({ product, accepted, ordered }) => `${product} ${count(accepted)} / ${count(ordered)}`)
          .join(', '),
        progress(deliveries.filter(({ orderId }) => orderId === order.id)),
      ]),
    },
  ]
}

/** Receipted of planned parts: `3 / 10`. */
function progress(parts: readonly { state: string }[]): string {
  return parts.length === 0
    ? ''
    : `${parts.filter(({ state }) => state === 'taken').length} / ${parts.length}`
}
