import { Button, PasswordInput, SegmentedControl } from '@mantine/core'
import type { Problem } from '@scratchless/program/contract/contract'
import type { TillState } from '@scratchless/terminal/till/till-contract'
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Refusal, Standstill } from './refusal.tsx'
import { Sheet } from './sheet.tsx'
import { tillApi } from './till-api.ts'

/** The vendor opens the till: number, password, and the card's PIN, which goes to the card and nowhere else. */
export function SignInForm({ state }: { state: TillState }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [vendor, setVendor] = useState(state.vendors[0]?.id ?? 'owner')
  const [problem, setProblem] = useState<Problem | null>(null)
  const [busy, setBusy] = useState(false)

  async function signIn(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = event.currentTarget
    const typed = new FormData(form)
    const pin = typed.get('pin')
    setBusy(true)
    const answer = await tillApi.signIn({
      body: {
        vendor,
        password: String(typed.get('password')),
        ...(pin ? { pin: String(pin) } : {}),
      },
    })
    setBusy(false)
    if (answer.ok) await queries.invalidateQueries()
    else {
      setProblem(answer.problem)
      form.reset()
    }
  }

  return (
    <Sheet title={t('signIn')} help={state.retailerName ?? ''}>
      <form className="stack" onSubmit={signIn}>
        <SegmentedControl
          size="lg"
          aria-label={t('vendorNumber')}
          value={vendor}
          onChange={setVendor}
          data={[
            ...state.vendors.map(({ id }) => ({ value: id, label: t('vendor', { id }) })),
            { value: 'owner', label: t('owner') },
          ]}
        />
        <PasswordInput
          name="password"
          label={t('password')}
          autoComplete="off"
          required
          withAsterisk={false}
          autoFocus
        />
        {vendor !== 'owner' && (
          <PasswordInput
            name="pin"
            label={t('pin')}
            description={t('pinHelp')}
            autoComplete="off"
            required
            withAsterisk={false}
          />
        )}
        <Standstill state={state} />
        <Refusal problem={problem} />
        <Button type="submit" variant="filled" loading={busy}>
          {t('signIn')}
        </Button>
      </form>
    </Sheet>
  )
}
