import type { Problem } from '@scratchless/program/contract/contract'
import { useTranslation } from 'react-i18next'

/** Human words for what the terminal refused, in the reader's language. */
export function useRefusalWords() {
  const { t, i18n } = useTranslation()
  return (problem: Problem) => {
    if (problem.code === 'fault') return t('fault')
    const key = `refusal_${problem.code}`
    if (i18n.exists(key)) return t(key, { ...(problem.details as object | undefined) })
    return t('refusal_unknown', { error: problem.code })
  }
}

/** A refusal or fault in a form: what failed, what to do, the reference in small. */
export function Refusal({ problem }: { problem: Problem | null }) {
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
