import type { HomeView } from '@scratchless/terminal/till/till-contract'
import { countText, type Locale, timeText } from '@scratchless/ui/format'
import { Money } from '@scratchless/ui/parts/money'
import { useTranslation } from 'react-i18next'

/** Hours that a shop is open, as far as the chart goes; sales outside widen it. */
const FIRST_HOUR = 8
const LAST_HOUR = 20

/** The vendor and the day so far: hours as bars, the present hour darker. */
export function DayPanel({ home, hidden }: { home: HomeView; hidden: boolean }) {
  const { t, i18n } = useTranslation()
  const locale = i18n.language as Locale
  const { byHour, sales, amount } = home.day
  const first = Math.min(FIRST_HOUR, ...hoursWithSales(byHour))
  const last = Math.max(LAST_HOUR, ...hoursWithSales(byHour))
  const most = Math.max(1, ...byHour)
  const now = new Date(home.nowMs).getHours()
  const hours = Array.from({ length: last - first + 1 }, (_, i) => first + i)
  return (
    <div className="day" aria-hidden={hidden}>
      <div className="day-vendor">
        <span className="avatar">{home.vendor.id}</span>
        <span>
          <b>{t('vendor', { id: home.vendor.id })}</b>
          <small>{t('since', { time: timeText(home.vendor.sinceMs) })}</small>
        </span>
      </div>
      {sales === 0 ? (
        <p className="day-empty">{t('noSales')}</p>
      ) : (
        <div className="day-chart" aria-hidden="true">
          {hours.map((hour) => (
            <i
              key={hour}
              className={hour === now ? 'now' : byHour[hour] ? '' : 'none'}
              style={{ blockSize: `${Math.max(4, (100 * (byHour[hour] ?? 0)) / most)}%` }}
            />
          ))}
          <small style={{ insetInlineStart: 0 }}>{first} h</small>
          <small style={{ insetInlineEnd: 0 }}>{last} h</small>
        </div>
      )}
      <p className="day-sum">
        <span>
          <b>{countText(sales, locale)}</b> {t('sales', { count: sales })}
        </span>
        <b>
          <Money amountMinor={BigInt(amount.amountMinor)} currency={amount.currency} locale={locale} />
        </b>
      </p>
    </div>
  )
}

function hoursWithSales(byHour: readonly number[]): number[] {
  return byHour.flatMap((count, hour) => (count > 0 ? [hour] : []))
}
