import type { TillProblem } from '@scratchless/terminal/till/till-view'
import { useTranslation } from 'react-i18next'

/** Human words for what the terminal refused, in the reader's language. */
export function useRefusalWords() {
  const { t, i18n } = useTranslation()
  return (problem: TillProblem) => {
    if (problem.error === 'fault') return t('fault')
    const key = `refusal_${problem.error}`
    if (i18n.exists(key)) return t(key, { triesLeft: problem.triesLeft })
    return t('refusal_unknown', { error: problem.error })
  }
}

/** A refusal or fault in a form: what failed, what to do, the reference in small. */
export function Refusal({ problem }: { problem: TillProblem | null }) {
  const { t } = useTranslation()
  const words = useRefusalWords()
  if (!problem) return null
  return (
    <div className="refusal" role="alert">
      {words(problem)}
      {problem.reference && <small>{t('reference', { reference: problem.reference })}</small>}
    </div>
  )
}
