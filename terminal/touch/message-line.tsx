import type { Problem } from '@scratchless/program/contract/contract'
import type { HomeView } from '@scratchless/terminal/till/till-contract'
import { countText, coverText, type Locale, moneyText } from '@scratchless/ui/format'
import {
  IconAlertTriangleFilled,
  IconCash,
  IconCircleCheckFilled,
  IconHandStop,
  IconHelpHexagon,
} from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { productName } from './product-name.ts'
import { useRefusalWords, useStopWords } from './refusal.tsx'
import type { PrintProgress } from './use-till-events.ts'
import type { WordKey } from './words.ts'

/** One message at a time, in this order: fault, in doubt, sale, alarm, news. Never a pop-up over the tiles. */
export function MessageLine(props: {
  home: HomeView
  problem: Problem | null
  progress: PrintProgress | null
  quantity: number | 'asked' | null
  order: () => void
  settle: () => void
}) {
  const { t, i18n } = useTranslation()
  const say = (key: WordKey, figures: Readonly<Record<string, string>>) => String(t(key, { ...figures }))
  const refusal = useRefusalWords()
  const stopWords = useStopWords()
  const locale = i18n.language as Locale
  const { home, problem, progress, quantity } = props

  const fault = problem ?? (home.locked ? { code: home.locked, reference: '' } : null)
  if (fault) {
    return (
      <div className="message fault" role="alert">
        <IconHandStop />
        <span className="message-text">
          {refusal(fault)} {home.stopped?.reason === fault.code && stopWords(home.stopped.why)}
        </span>
        {fault.reference && <small>{fault.reference}</small>}
      </div>
    )
  }
  if (home.doubts.length > 0) {
    return (
      <div className="message doubt" role="status">
        <IconHelpHexagon />
        <span className="message-text">{t('doubtAlarm', { count: home.doubts.length })}</span>
        <button type="button" className="message-button" onClick={props.settle}>
          {t('check')}
        </button>
      </div>
    )
  }
  if (progress) {
    const { sale, line, lines } = progress
    const printing = sale.state === 'printing'
    return (
      <div className="message sale" role="status">
        <IconCash />
        <b className="collect">
          {t('collect', { amount: moneyText(BigInt(sale.price.amountMinor), sale.price.currency, locale) })}
        </b>
        {printing && <span className="quiet">{t('lineOf', { line, lines })}</span>}
        <span className="message-end">
          <IconCircleCheckFilled />
          {t('nextReady')}
        </span>
        <span className="message-progress" style={{ inlineSize: `${(100 * line) / Math.max(1, lines)}%` }} />
      </div>
    )
  }
  if (quantity !== null) {
    return (
      <div className="message news" role="status">
        <span className="message-text">
          {say('quantityChosen', { count: quantity === 'asked' ? '?' : String(quantity) })}
        </span>
      </div>
    )
  }
  const low = home.operators
    .flatMap((operator) => operator.tiles.map((tile) => ({ operator, tile })))
    .find(({ tile }) => tile.level === 'low')
  if (low) {
    const { operator, tile } = low
    const name = productName(operator, tile, locale)
    const count = countText(tile.stock, locale)
    return (
      <div className="message alarm" role="status">
        <IconAlertTriangleFilled />
        <span className="message-text">
          {tile.coverHours === null
            ? say('low', { name, count })
            : say('lowCover', { name, count, cover: coverText(tile.coverHours, locale) })}
        </span>
        <button type="button" className="message-button" onClick={props.order}>
          <kbd>0</kbd> {t('order')}
        </button>
      </div>
    )
  }
  return (
    <div className="message news" role="status">
      <span className="message-text">{t('ready')}</span>
    </div>
  )
}
