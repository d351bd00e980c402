// The centre's tables of the status page: stock by place, restock orders, supply orders.

import { countText, type StatusTable } from '@scratchless/office/status/status-page'
import type { Language } from '@scratchless/office/status/status-words'
import type { CentreNeeds } from '../needs.ts'
import { listRestockOrders } from '../restock/restock-routes.ts'
import { readStockByState } from '../stock/stock-by-state.ts'
import { listSupplyOrders } from '../stock/stock-routes.ts'

const en = {
  stock: [
    ...['Stock', 'Product', 'In stock', 'On hold', 'Withheld', 'In doubt', 'Damaged', 'Stolen', 'Returned'],
    ...['Expired', 'Void', 'Despatched', 'Delivered', 'Sold'],
  ],
  restock: ['Restock orders', 'Time (UTC)', 'Operator', 'State', 'Received of ordered'],
  supply: ['Supply orders', 'Time (UTC)', 'Terminal', 'State', 'Codes', 'Debited'],
  states: {
    waiting: 'waiting for the answer',
    accepted: 'accepted',
    partly: 'partial',
    refused: 'refused',
    received: 'received',
    decided: 'being closed',
    despatched: 'despatched',
    delivered: 'delivered',
    withheld: 'withheld',
  },
}
const fr: typeof en = {
  stock: [
    ...['Stock', 'Recharge', 'En stock', 'Bloqué', 'Retenu', 'À vérifier', 'Illisible', 'Volé', 'Retourné'],
    ...['Périmé', 'Annulé', 'Expédié', 'Livré', 'Vendu'],
  ],
  restock: ['Commandes opérateur', 'Heure (UTC)', 'Opérateur', 'État', 'Reçu sur commandé'],
  supply: ['Commandes de réapprovisionnement', 'Heure (UTC)', 'Terminal', 'État', 'Codes', 'Débité'],
  states: {
    waiting: 'en attente de réponse',
    accepted: 'acceptée',
    partly: 'partielle',
    refused: 'refusée',
    received: 'reçue',
    decided: 'en cours de fermeture',
    despatched: 'expédiée',
    delivered: 'livrée',
    withheld: 'retenue',
  },
}

export async function statusTables(needs: CentreNeeds, language: Language): Promise<StatusTable[]> {
  const words = { en, fr }[language]
  const [stock, restock, supply] = await Promise.all([
    readStockByState(needs.pool),
    listRestockOrders(needs),
    listSupplyOrders(needs),
  ])
  const count = (codes: number) => countText(language, codes)
  return [
    {
      title: words.stock[0]!,
      heads: words.stock.slice(1),
      rows: stock.map((row) => [
        ...[row.product, row.inStock, row.onHold, row.withheld, row.inDoubt, row.damaged, row.stolen],
        ...[row.returned, row.expired, row.void, row.despatched, row.delivered, row.sold],
      ]),
    },
    {
      title: words.restock[0]!,
      heads: words.restock.slice(1),
      rows: restock.map((order) => [
        new Date(order.orderedAt),
        order.operator,
        words.states[order.state],
        order.lines
          .map(({ product, received, quantity }) => `${product} ${count(received)} / ${count(quantity)}`)
          .join(', '),
      ]),
    },
    {
      title: words.supply[0]!,
      heads: words.supply.slice(1),
      rows: supply.map((order) => [
        new Date(order.decidedAt),
        `${order.terminal} · ${order.sequence}`,
        words.states[order.state],
        order.codes,
        `${order.debited} ${needs.settings.currency}`,
      ]),
    },
  ]
}
