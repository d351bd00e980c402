// Which screen stands: enrolment, sign-in, the owner's page, or the till.

import type { TillState } from '@scratchless/terminal/till/till-contract'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { EnrolForm, WaitingForApproval } from './enrol-form.tsx'
import { OwnerPage } from './owner-page.tsx'
import { SignInForm } from './sign-in-form.tsx'
import { Till } from './till.tsx'
import { query, tillApi } from './till-api.ts'
import { useTillEvents } from './use-till-events.ts'

export function App() {
  const { t } = useTranslation()
  const events = useTillEvents()
  const { data: state, isError } = useQuery<TillState>({
    queryKey: ['state'],
    queryFn: query(tillApi.state),
    refetchInterval: ({ state }) => (state.data?.enrolment === 'enrolled' ? 30_000 : 1_000),
  })
  if (!state) return isError ? <p className="sheet-message">{t('fault')}</p> : null
  if (state.enrolment === 'none') return <EnrolForm />
  if (state.enrolment === 'waiting') return <WaitingForApproval fingerprint={state.fingerprint} />
  if (state.signedIn === 'owner') return <OwnerPage state={state} />
  if (state.signedIn === 'nobody') return <SignInForm state={state} />
  return <Till events={events} />
}
