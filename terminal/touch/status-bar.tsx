import type { HomeView } from '@scratchless/terminal/till/till-contract'
import { coverText, type Locale, timeText } from '@scratchless/ui/format'
import { Mark } from '@scratchless/ui/parts/mark'
import {
  IconCloudCheck,
  IconCloudUp,
  IconCreditCard,
  IconHourglass,
  IconPrinter,
  IconWifi,
  IconWifiOff,
} from '@tabler/icons-react'
import { type ReactNode, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'

const HOUR_MS = 3_600_000

/** True or not, read apart from what to sell: line, printer, card, lease, what is unsent, the hour. */
export function StatusBar({ home }: { home: HomeView }) {
  const { t, i18n } = useTranslation()
  const nowMs = useTerminalClock(home.nowMs)
  const printer = {
    ready: t('printerReady'),
    printing: t('printerPrinting'),
    'no-paper': t('printerNoPaper'),
    'cover-open': t('printerCoverOpen'),
    'not-connected': t('printerNotConnected'),
  }[home.printer]
  const card = { in: t('cardIn'), out: t('cardOut'), blocked: t('cardBlocked') }[home.card]
  const leaseHours = (home.leaseUntilMs - nowMs) / HOUR_MS
  const lease =
    leaseHours > 0 ? t('leaseDays', { time: coverText(leaseHours, i18n.language as Locale) }) : t('leaseOver')
  const line = { online: t('online'), offline: t('offline'), calling: t('calling') }[home.line]
  return (
    <header className="bar">
      <Mark size={20} colour="#63CFA2" ground="#0b2219" />
      <b className="bar-name">{home.retailerName}</b>
      <span className="bar-terminal">{home.terminal}</span>
      <div className="bar-items">
        <Item
          wrong={home.line === 'offline'}
          icon={home.line === 'offline' ? <IconWifiOff /> : <IconWifi />}
          word={line}
        />
        <Item wrong={!['ready', 'printing'].includes(home.printer)} icon={<IconPrinter />} word={printer} />
        <Item wrong={home.card !== 'in'} icon={<IconCreditCard />} word={card} />
        <Item wrong={leaseHours <= 0} icon={<IconHourglass />} word={lease} />
        <Item
          wrong={false}
          icon={home.unsent > 0 ? <IconCloudUp /> : <IconCloudCheck />}
          word={home.unsent > 0 ? t('unsent', { count: home.unsent }) : t('allSent')}
        />
        <button
          type="button"
          className="language"
          lang={i18n.language === 'fr' ? 'en' : 'fr'}
          onClick={() => void i18n.changeLanguage(i18n.language === 'fr' ? 'en' : 'fr')}
        >
          {i18n.language === 'fr' ? 'EN' : 'FR'}
        </button>
        <time className="bar-clock">{timeText(nowMs)}</time>
      </div>
    </header>
  )
}

function Item({ icon, word, wrong }: { icon: ReactNode; word: string; wrong: boolean }) {
  return (
    <span className={wrong ? 'bar-item wrong' : 'bar-item'}>
      {icon}
      <span>{word}</span>
    </span>
  )
}

/** The terminal's own time, carried on between two answers by the screen's steady clock. */
function useTerminalClock(nowMs: number): number {
  const [shownMs, setShownMs] = useState(nowMs)
  useEffect(() => {
    const since = performance.now()
    setShownMs(nowMs)
    const tick = setInterval(() => setShownMs(nowMs + performance.now() - since), 1_000)
    return () => clearInterval(tick)
  }, [nowMs])
  return shownMs
}
