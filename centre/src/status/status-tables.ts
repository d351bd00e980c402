// The centre's tables of the status page: stock by place, what was sold today, restock orders, supply orders.

import { officeTime } from '@scratchless/office/calendar/office-day'
import { countText, type StatusTable } from '@scratchless/office/status/status-page'
import type { Language } from '@scratchless/office/status/status-words'
import { money, toDecimal } from '@scratchless/voucher/money'
import { readDepots } from '../depots/depots.sql.ts'
import type { CentreNeeds } from '../needs.ts'
import { listRestockOrders } from '../restock/restock-routes.ts'
import { readSalesOfDays } from '../sales/sales-figures.sql.ts'
import { readStockByState } from '../stock/stock-by-state.ts'
import { listSupplyOrders, MAX_ORDERS } from '../stock/stock-routes.ts'
import type { SupplyOrderView } from '../stock/stock-shapes.ts'

const en = {
  stock: [
    ...['Stock', 'Product', 'In stock', 'On hold', 'Withheld', 'In doubt', 'Damaged', 'Stolen', 'Returned'],
    ...['Expired', 'Void', 'Despatched', 'Delivered', 'Sold'],
  ],
  sales: ['Sales today', 'Product', 'Sold', 'Amount'],
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
  sales: ['Ventes du jour', 'Recharge', 'Vendu', 'Montant'],
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

/** Of all depots, as many as a page has. */
async function newestOrders(needs: CentreNeeds): Promise<SupplyOrderView[]> {
  const depots = await readDepots(needs.pool)
  const orders = (await Promise.all(depots.map(({ id }) => listSupplyOrders(needs, id)))).flat()
  return orders.toSorted((a, b) => b.decidedAt.localeCompare(a.decidedAt)).slice(0, MAX_ORDERS)
}

/** Of all depots. */
async function salesOf({ pool }: CentreNeeds, day: string) {
  const depots = await readDepots(pool)
  const rows = await Promise.all(depots.map(({ id }) => readSalesOfDays(pool, id, { from: day, to: day })))
  return rows.flat()
}

export async function statusTables(needs: CentreNeeds, language: Language): Promise<StatusTable[]> {
  const words = { en, fr }[language]
  const { currency, timeZone } = needs.settings
  const { day } = officeTime(new Date(needs.clock.nowMs()), timeZone)
  const [stock, sales, restock, supply] = await Promise.all([
    readStockByState(needs.pool),
    salesOf(needs, day),
    listRestockOrders(needs),
    newestOrders(needs),
  ])
  // With one depot nobody wants to read its name in every line.
  const several = new Set(stock.map(({ depot }) => depot)).size > 1
  const count = (codes: number) => countText(language, codes)
  return [
    {
      title: words.stock[0]!,
      heads: words.stock.slice(1),
      rows: stock.map((row) => [
        ...[
          several ? `${row.depot} · ${row.product}` : row.product,
          row.inStock,
          row.onHold,
          row.withheld,
          row.inDoubt,
          row.damaged,
          row.stolen,
        ],
        ...[row.returned, row.expired, row.void, row.despatched, row.delivered, row.sold],
      ]),
    },
    {
      title: words.sales[0]!,
      heads: words.sales.slice(1),
      rows: sales.map((row) => [
        ...[row.product, row.sales],
        `${toDecimal(money(row.amount_minor, currency))} ${currency}`,
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
        `${order.debited} ${currency}`,
      ]),
    },
  ]
}
