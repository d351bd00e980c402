import type { HomeView } from '@scratchless/terminal/till/till-contract'
import type { SaleView, TicketLine } from '@scratchless/terminal/till/till-shapes'
import { type Locale, timeText } from '@scratchless/ui/format'
import { ClosedBand } from '@scratchless/ui/parts/closed-band'
import { IconCheck, IconHelpHexagon, IconLock } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { nameOfProduct } from './product-name.ts'
import type { PrintProgress } from './use-till-events.ts'

/** The printer's slot. The ticket grows out of it line by line, at the printer's own pace, code and QR closed. */
export function PaperSlot({ home, progress }: { home: HomeView; progress: PrintProgress | null }) {
  const shown = progress ?? null
  return (
    <>
      {shown ? (
        <div className="paper growing">
          <div
            className="paper-body"
            style={{ transform: `translateY(${100 - (100 * shown.line) / Math.max(1, shown.lines)}%)` }}
          >
            {shown.sale.ticket.map((line, index) => (
              // The lines of one ticket never change their order.
              // biome-ignore lint/suspicious/noArrayIndexKey: see above
              <PaperLine key={index} line={line} />
            ))}
          </div>
        </div>
      ) : (
        home.lastSale && <LastTicket home={home} sale={home.lastSale} />
      )}
      <div className="slot" aria-hidden="true" />
    </>
  )
}

function PaperLine({ line }: { line: TicketLine }) {
  const { t } = useTranslation()
  if (line.kind === 'title') return <p className="paper-title">{line.text}</p>
  if (line.kind === 'text') return <p>{line.text}</p>
  if (line.kind === 'qr') return <span className="paper-qr" role="img" aria-label={t('closedQr')} />
  if (line.kind === 'code') {
    return (
      <div className="paper-code">
        <ClosedBand groups={line.groups} label={t('closedBand')} digitWidth={17} />
        <small>
          <IconLock size={13} /> {t('paperOnly')}
        </small>
      </div>
    )
  }
  return (
    <p className="paper-pair">
      <span>{line.label}</span>
      <b>
        <bdi>{line.value}</bdi>
      </b>
    </p>
  )
}

function LastTicket({ home, sale }: { home: HomeView; sale: SaleView }) {
  const { t, i18n } = useTranslation()
  const words = {
    printed: t('out'),
    in_doubt: t('toCheck'),
    damaged: t('damaged'),
    'not-sold': t('notSold'),
    printing: t('printing'),
  }
  return (
    <div className="paper last">
      <p className="paper-pair">
        <span>{t('lastTicket')}</span>
        <span>{timeText(sale.atMs)}</span>
      </p>
      <p className="paper-pair">
        <b>{nameOfProduct(home, sale.product, i18n.language as Locale)}</b>
        <b className={sale.state === 'printed' ? 'good' : 'doubtful'}>
          {sale.state === 'printed' ? <IconCheck size={16} /> : <IconHelpHexagon size={16} />}
          {words[sale.state]}
        </b>
      </p>
    </div>
  )
}
