import { Button } from '@mantine/core'
import type { Problem } from '@scratchless/program/contract/contract'
import type { SaleView } from '@scratchless/terminal/till/till-shapes'
import { type Locale, moneyText, timeText } from '@scratchless/ui/format'
import { groupSerial, isSerial } from '@scratchless/voucher/serial'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Refusal } from './refusal.tsx'
import { tillApi } from './till-api.ts'

/** A question, not an error: two answers with their consequences, none preselected, and time to look. */
export function DoubtScreen({ sale, back }: { sale: SaleView; back: () => void }) {
  const { t, i18n } = useTranslation()
  const queries = useQueryClient()
  const title = useRef<HTMLHeadingElement>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const locale = i18n.language as Locale
  useEffect(() => title.current?.focus(), [])

  async function settle(answer: 'came-out' | 'did-not-come-out') {
    const settled = await tillApi.settleDoubt({ params: { number: sale.number }, body: { answer } })
    if (!settled.ok) return setProblem(settled.problem)
    await queries.invalidateQueries()
    back()
  }

  return (
    <main className="page doubt-page">
      <h1 ref={title} tabIndex={-1}>
        {t('doubtTitle', { number: String(sale.number).padStart(6, '0') })}
      </h1>
      <p>{t('doubtHelp', { name: sale.product, time: timeText(sale.atMs) })}</p>
      <p className="doubt-serial">
        <bdi>{isSerial(sale.serial) ? groupSerial(sale.serial) : sale.serial}</bdi>
      </p>
      <Refusal problem={problem} />
      <div className="doubt-answers">
        <button type="button" onClick={() => void settle('came-out')}>
          <b>{t('doubtYes')}</b>
          <span>
            {t('doubtYesThen', {
              amount: moneyText(BigInt(sale.price.amountMinor), sale.price.currency, locale),
            })}
          </span>
        </button>
        <button type="button" onClick={() => void settle('did-not-come-out')}>
          <b>{t('doubtNo')}</b>
          <span>{t('doubtNoThen')}</span>
        </button>
      </div>
      <div className="page-foot">
        <Button onClick={back}>{t('doubtLater')}</Button>
        <span className="quiet">{t('doubtSafe')}</span>
      </div>
    </main>
  )
}
