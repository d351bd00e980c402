import { Button, PasswordInput, TextInput } from '@mantine/core'
import type { Problem } from '@scratchless/program/contract/contract'
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Refusal } from './refusal.tsx'
import { Sheet } from './sheet.tsx'
import { tillApi } from './till-api.ts'

/**
 * A new device, or one that is to be enrolled `again`: the owner types the enrolment code, and the password that only
 * the owner knows.
 */
export function EnrolForm({ again = false, done }: { again?: boolean; done?: () => void }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [problem, setProblem] = useState<Problem | null>(null)
  const [busy, setBusy] = useState(false)

  async function enrol(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const typed = new FormData(event.currentTarget)
    setBusy(true)
    const answer = await tillApi.enrol({
      body: {
        enrolmentCode: String(typed.get('enrolmentCode')),
        ownerPassword: String(typed.get('ownerPassword')),
      },
    })
    setBusy(false)
    if (answer.ok) {
      done?.()
      await queries.invalidateQueries()
    } else setProblem(answer.problem)
  }

  return (
    <Sheet
      title={t(again ? 'enrolAgainTitle' : 'enrolTitle')}
      help={t(again ? 'enrolAgainHelp' : 'enrolHelp')}
    >
      <form className="stack" onSubmit={enrol}>
        <TextInput
          name="enrolmentCode"
          label={t('enrolmentCode')}
          placeholder="1042-ABCD-EFGH-JKMN-PQRS"
          autoComplete="off"
          spellCheck={false}
          required
          withAsterisk={false}
          autoFocus
        />
        <PasswordInput
          name="ownerPassword"
          label={t('ownerPassword')}
          description={t('ownerPasswordHelp')}
          autoComplete="new-password"
          required
          withAsterisk={false}
        />
        <Refusal problem={problem} />
        <Button type="submit" variant="filled" loading={busy}>
          {t(again ? 'enrolAgain' : 'enrol')}
        </Button>
        {again && <Button onClick={done}>{t('back')}</Button>}
      </form>
    </Sheet>
  )
}

export function WaitingForApproval({ fingerprint }: { fingerprint: string | null }) {
  const { t } = useTranslation()
  return (
    <Sheet title={t('waitingTitle')} help={t('waitingHelp')}>
      <p className="fingerprint" aria-live="polite">
        <bdi>{fingerprint ?? '…'}</bdi>
      </p>
    </Sheet>
  )
}
