import { Button } from '@mantine/core'
import type { Problem } from '@scratchless/program/contract/contract'
import type { HomeView, Tile } from '@scratchless/terminal/till/till-contract'
import { countText, dayTimeText, type Locale } from '@scratchless/ui/format'
import { Money } from '@scratchless/ui/parts/money'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { nameOfProduct, productName } from './product-name.ts'
import { Refusal } from './refusal.tsx'
import { query, tillApi } from './till-api.ts'

/** The most codes of one product in one line of a supply order. */
const MOST_CODES = 500

/** A supply order: quantities against what is in stock, the sum done for the vendor, then what became of it. */
export function SupplyOrderScreen({ home, back }: { home: HomeView; back: () => void }) {
  const { t, i18n } = useTranslation()
  const locale = i18n.language as Locale
  const queries = useQueryClient()
  const [quantities, setQuantities] = useState<Readonly<Record<string, number>>>({})
  const [problem, setProblem] = useState<Problem | null>(null)
  const [busy, setBusy] = useState(false)
  const { data } = useQuery({
    queryKey: ['supply-orders'],
    queryFn: query(tillApi.supplyOrders),
    refetchInterval: 2_000,
  })

  const tiles = home.operators.flatMap((operator) => operator.tiles)
  const quantityOf = (tile: Tile) => quantities[tile.product] ?? 0
  const count = tiles.reduce((sum, tile) => sum + quantityOf(tile), 0)
  const totalMinor = tiles.reduce(
    (sum, tile) => sum + BigInt(quantityOf(tile)) * BigInt(tile.price.amountMinor),
    0n,
  )
  const currency = tiles[0]?.price.currency ?? 'TND'

  async function send(event: FormEvent) {
    event.preventDefault()
    const lines = tiles
      .filter((tile) => quantityOf(tile) > 0)
      .map((tile) => ({ product: tile.product, quantity: quantityOf(tile) }))
    setBusy(true)
    const answer = await tillApi.order({ body: { lines } })
    setBusy(false)
    setProblem(answer.ok ? null : answer.problem)
    if (answer.ok) setQuantities({})
    await queries.invalidateQueries()
  }

  return (
    <main className="page">
      <form onSubmit={send}>
        <div className="page-head">
          <h1>{t('orderTitle')}</h1>
          <Button onClick={back}>{t('back')} −</Button>
        </div>
        <p className="help">{t('orderHelp')}</p>
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{t('product')}</th>
              <th scope="col" className="number">
                {t('inStock')}
              </th>
              <th scope="col" className="number">
                {t('price')}
              </th>
              <th scope="col" className="number">
                {t('quantity')}
              </th>
            </tr>
          </thead>
          <tbody>
            {home.operators.flatMap((operator) =>
              operator.tiles.map((tile) => (
                <tr key={tile.product}>
                  <td>{productName(operator, tile, locale)}</td>
                  <td className="number">{countText(tile.stock, locale)}</td>
                  <td className="number">
                    <Money
                      amountMinor={BigInt(tile.price.amountMinor)}
                      currency={tile.price.currency}
                      locale={locale}
                    />
                  </td>
                  <td className="number">
                    <input
                      type="number"
                      inputMode="numeric"
                      min={0}
                      max={MOST_CODES}
                      value={quantities[tile.product] ?? ''}
                      aria-label={`${t('quantity')}, ${productName(operator, tile, locale)}`}
                      onChange={({ target }) =>
                        setQuantities({
                          ...quantities,
                          [tile.product]: Math.min(MOST_CODES, Number(target.value) || 0),
                        })
                      }
                    />
                  </td>
                </tr>
              )),
            )}
          </tbody>
        </table>
        <Refusal problem={problem} />
        <div className="page-foot">
          <span>
            {home.balance && (
              <>
                {t('balance')}{' '}
                <Money
                  amountMinor={BigInt(home.balance.amountMinor)}
                  currency={home.balance.currency}
                  locale={locale}
                />
                {' · '}
              </>
            )}
            {t('total')} <Money amountMinor={totalMinor} currency={currency} locale={locale} />
          </span>
          <Button type="submit" variant="filled" loading={busy} disabled={count === 0}>
            {count === 0 ? t('orderNothing') : t('orderSend', { count })}
          </Button>
        </div>
      </form>
      <h2>{t('orderLatest')}</h2>
      {data?.supplyOrders.length === 0 && <p className="empty">{t('orderNone')}</p>}
      <ul className="orders">
        {data?.supplyOrders.map((order) => (
          <li key={order.sequence}>
            <time>{dayTimeText(order.atMs)}</time>
            <span>
              {order.lines
                .map(
                  (line) =>
                    `${countText(line.delivered || line.quantity, locale)} × ${nameOfProduct(home, line.product, locale)}`,
                )
                .join(', ')}
            </span>
            <b>{t(`orderState_${order.state}`)}</b>
          </li>
        ))}
      </ul>
    </main>
  )
}
