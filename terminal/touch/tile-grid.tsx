import type { HomeView, OperatorTiles, Tile } from '@scratchless/terminal/till/till-contract'
import { countText, coverText, faceValueText, type Locale, unitOf } from '@scratchless/ui/format'
import { IconAlertTriangle } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { productName } from './product-name.ts'
import type { PrintProgress } from './use-till-events.ts'

/** Per operator a label and its tiles. Tiles stay where the thumb expects them. */
export function TileGrid(props: {
  home: HomeView
  progress: PrintProgress | null
  queued: number | null
  sell: (tile: Tile) => void
}) {
  const { t, i18n } = useTranslation()
  const locale = i18n.language as Locale
  return props.home.operators.map((operator) => (
    <section
      key={operator.operator}
      className="operator"
      style={{ '--op': operator.colour } as React.CSSProperties}
    >
      <h2>
        <i aria-hidden="true" />
        <b>{operator.name}</b> {countText(operator.stock, locale)} {t('codes')}
      </h2>
      <div className="tiles">
        {operator.tiles.map((tile) => (
          <TileButton
            key={tile.key}
            operator={operator}
            tile={tile}
            locale={locale}
            locked={props.home.locked !== null}
            selling={
              props.progress?.sale.state === 'printing' && props.progress.sale.product === tile.product
            }
            queued={props.queued === tile.key}
            sell={() => props.sell(tile)}
          />
        ))}
      </div>
    </section>
  ))
}

function TileButton(props: {
  operator: OperatorTiles
  tile: Tile
  locale: Locale
  locked: boolean
  selling: boolean
  queued: boolean
  sell: () => void
}) {
  const { t } = useTranslation()
  const { tile, locale, operator } = props
  const { amountMinor, currency } = tile.faceValue
  const level = props.locked ? 'locked' : props.selling ? 'selling' : tile.level
  const count = countText(tile.stock, locale)
  return (
    <button
      type="button"
      className={`tile ${level}`}
      disabled={props.locked || tile.level === 'none'}
      onClick={props.sell}
      aria-label={`${tile.key}: ${productName(operator, tile, locale)}, ${count} ${t('codes')}`}
    >
      <kbd>{tile.key}</kbd>
      <span className="tile-stock">
        {(props.selling || props.queued) && <em>{props.queued ? t('next') : '−1'}</em>}
        <b>{count}</b>
        <small>{t('codes')}</small>
      </span>
      <span className="tile-value">
        {faceValueText(BigInt(amountMinor), currency, locale)}
        <small>{unitOf(currency, locale)}</small>
      </span>
      {tile.level === 'none' ? (
        <span className="tile-empty">
          {tile.onTheWay > 0 ? t('soldOutComing', { count: tile.onTheWay }) : t('soldOut')}
        </span>
      ) : (
        <span className="tile-foot">
          <Meter tile={tile} />
          {tile.level === 'low' && <IconAlertTriangle size={18} stroke={1.75} />}
          {tile.coverHours !== null && <span>{coverText(tile.coverHours, locale)}</span>}
        </span>
      )}
    </button>
  )
}

/** Stock against what stood here after the last delivery, with the minimum as a tick. */
function Meter({ tile }: { tile: Tile }) {
  const full = Math.max(tile.full, tile.stock, tile.minimum, 1)
  return (
    <span className="meter" aria-hidden="true">
      <i style={{ inlineSize: `${(100 * tile.stock) / full}%` }} />
      <u style={{ insetInlineStart: `${(100 * tile.minimum) / full}%` }} />
    </span>
  )
}
