import { Button, PasswordInput, TextInput } from '@mantine/core'
import type { Problem } from '@scratchless/program/contract/contract'
import type { TillState } from '@scratchless/terminal/till/till-contract'
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { EnrolForm } from './enrol-form.tsx'
import { Refusal, Standstill } from './refusal.tsx'
import { Sheet } from './sheet.tsx'
import { tillApi } from './till-api.ts'

/** What the owner does at the terminal: give a vendor a number, a card and a password; enrol it again. */
export function OwnerPage({ state }: { state: TillState }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [problem, setProblem] = useState<Problem | null>(null)
  const [added, setAdded] = useState<string | null>(null)
  const [enrolling, setEnrolling] = useState(false)

  async function add(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = event.currentTarget
    const typed = new FormData(form)
    const vendor = String(typed.get('vendor'))
    const answer = await tillApi.addVendor({
      body: {
        vendor,
        card: String(typed.get('card')),
        password: String(typed.get('password')),
      },
    })
    setProblem(answer.ok ? null : answer.problem)
    setAdded(answer.ok ? vendor : null)
    if (answer.ok) form.reset()
  }

  async function leave() {
    await tillApi.lock({})
    await queries.invalidateQueries()
  }

  if (enrolling) return <EnrolForm again done={() => setEnrolling(false)} />
  return (
    <Sheet title={t('vendorTitle')} help={t('vendorHelp')}>
      <form className="stack" onSubmit={add}>
        <div className="side-by-side">
          <TextInput
            name="vendor"
            label={t('vendorNumber')}
            placeholder="02"
            pattern="\d{2}"
            inputMode="numeric"
            required
            withAsterisk={false}
            autoFocus
          />
          <TextInput
            name="card"
            label={t('cardNumber')}
            placeholder="C0000001"
            pattern="C\d{7}"
            required
            withAsterisk={false}
          />
        </div>
        <PasswordInput
          name="password"
          label={t('password')}
          autoComplete="new-password"
          required
          withAsterisk={false}
        />
        <Refusal problem={problem} />
        {added && (
          <p className="done" role="status">
            {t('vendorAdded', { id: added })}
          </p>
        )}
        <div className="side-by-side">
          <Button type="submit" variant="filled">
            {t('addVendor')}
          </Button>
          <Button onClick={leave}>{t('backToSignIn')}</Button>
        </div>
        <Standstill state={state} />
        {state.updateNeeded && <p role="status">{t('updateNeeded')}</p>}
        {state.message !== null && <p role="status">{state.message}</p>}
        {state.fingerprint !== null && (
          <p className="done" role="status">
            {t('waitingTitle')} {t('waitingHelp')} <bdi className="fingerprint">{state.fingerprint}</bdi>
          </p>
        )}
        {state.fingerprint === null && state.enrolmentRefusal !== null && (
          <Refusal problem={{ code: state.enrolmentRefusal, reference: '' }} />
        )}
        <Button onClick={() => setEnrolling(true)}>{t('enrolAgain')}</Button>
      </form>
    </Sheet>
  )
}
