import { Mark } from '@scratchless/ui/parts/mark'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

/** One sheet alone, for what happens before the till is open. */
export function Sheet(props: { title: string; help?: string; children: ReactNode }) {
  const { t, i18n } = useTranslation()
  return (
    <div className="sheet-page">
      <header className="sheet-bar">
        <Mark size={22} colour="#63CFA2" ground="var(--night)" />
        <span className="wordmark">
          scratch<b>less</b>
        </span>
        <button
          type="button"
          className="language"
          lang={i18n.language === 'fr' ? 'en' : 'fr'}
          onClick={() => void i18n.changeLanguage(i18n.language === 'fr' ? 'en' : 'fr')}
        >
          {t('language')}
        </button>
      </header>
      <main className="sheet">
        <h1>{props.title}</h1>
        {props.help && <p className="help">{props.help}</p>}
        {props.children}
      </main>
    </div>
  )
}
