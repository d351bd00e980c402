import type { Problem } from '@scratchless/program/contract/contract'
import type { TillState } from '@scratchless/terminal/till/till-contract'
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

/** Why the centre stopped this terminal, and what to do. */
export function useStopWords() {
  const { t, i18n } = useTranslation()
  return (why: string) => t(i18n.exists(`stop_${why}`) ? `stop_${why}` : 'stop_unknown')
}

/** What stands against this terminal as a whole, before anybody has signed in. */
export function Standstill({ state }: { state: TillState }) {
  const { t } = useTranslation()
  const words = useStopWords()
  if (state.stopped === null && !state.certificateOver) return null
  return (
    <div className="refusal" role="alert">
      {state.stopped === null
        ? t('refusal_certificate-over')
        : `${t(`refusal_${state.stopped.reason}`)} ${words(state.stopped.why)}`}
    </div>
  )
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
