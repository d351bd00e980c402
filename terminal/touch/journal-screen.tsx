import { Button } from '@mantine/core'
import type { HomeView } from '@scratchless/terminal/till/till-contract'
import { dayTimeText, type Locale } from '@scratchless/ui/format'
import { groupSerial, isSerial } from '@scratchless/voucher/serial'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { nameOfProduct } from './product-name.ts'
import { query, tillApi } from './till-api.ts'
import { useTillKeyboard } from './use-till-keyboard.ts'

/** The latest sales, newest first. */
export function JournalScreen({ home, back }: { home: HomeView; back: () => void }) {
  const { t, i18n } = useTranslation()
  const { data } = useQuery({ queryKey: ['journal'], queryFn: query(tillApi.journal) })
  useTillKeyboard(true, (key) => {
    if (key === '-' || key === '.') back()
  })
  const words = {
    printed: t('out'),
    in_doubt: t('toCheck'),
    damaged: t('damaged'),
    'not-sold': t('notSold'),
    printing: t('printing'),
  }
  return (
    <main className="page">
      <div className="page-head">
        <h1>{t('journalTitle')}</h1>
        <Button onClick={back}>{t('back')} −</Button>
      </div>
      {data?.sales.length === 0 && <p className="empty">{t('journalNone')}</p>}
      {data && data.sales.length > 0 && (
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{t('time')}</th>
              <th scope="col">{t('ticket')}</th>
              <th scope="col">{t('product')}</th>
              <th scope="col">{t('serial')}</th>
              <th scope="col">{t('state')}</th>
            </tr>
          </thead>
          <tbody>
            {data.sales.map((sale) => (
              <tr key={sale.saleId} className={sale.state === 'in_doubt' ? 'doubtful' : ''}>
                <td>{dayTimeText(sale.atMs)}</td>
                <td>{String(sale.number).padStart(6, '0')}</td>
                <td>{nameOfProduct(home, sale.product, i18n.language as Locale)}</td>
                <td className="mono">
                  <bdi>{isSerial(sale.serial) ? groupSerial(sale.serial) : sale.serial}</bdi>
                </td>
                <td>{words[sale.state]}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </main>
  )
}
