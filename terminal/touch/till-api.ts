// The screen's side of the terminal's api. A refusal comes back as a value; a dead api as the fault of the same shape.

import type {
  DoubtForm,
  EnrolmentForm,
  HomeView,
  JournalView,
  SaleForm,
  SaleView,
  SignInForm,
  SupplyOrderForm,
  SupplyOrdersView,
  TillProblem,
  TillState,
  VendorForm,
} from '@scratchless/terminal/till/till-view'

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: TillProblem }

/** The sale itself takes as long as its paper; nothing else takes longer than this. */
const TIMEOUT_MS = 60_000

async function call<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Answer<T>> {
  try {
    const response = await fetch(path, {
      method,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    const value = response.status === 204 ? undefined : await response.json()
    return response.ok ? { ok: true, value: value as T } : { ok: false, problem: value as TillProblem }
  } catch {
    // No answer, or none that is ours: the screen says that the till does not answer.
    return { ok: false, problem: { error: 'fault', reference: '' } }
  }
}

/** For queries: a problem becomes the query's error. */
async function ask<T>(path: string): Promise<T> {
  const answer = await call<T>('GET', path)
  if (!answer.ok) throw new TillFault(answer.problem)
  return answer.value
}

export class TillFault extends Error {
  readonly problem: TillProblem
  constructor(problem: TillProblem) {
    super(problem.error)
    this.problem = problem
  }
}

export const tillApi = {
  state: () => ask<TillState>('/api/state'),
  home: () => ask<HomeView>('/api/home'),
  journal: () => ask<JournalView>('/api/journal'),
  supplyOrders: () => ask<SupplyOrdersView>('/api/supply-orders'),
  enrol: (form: EnrolmentForm) => call<TillState>('POST', '/api/enrolment', form),
  addVendor: (form: VendorForm) => call<unknown>('POST', '/api/vendors', form),
  signIn: (form: SignInForm) => call<unknown>('POST', '/api/sign-in', form),
  lock: () => call<unknown>('POST', '/api/lock', {}),
  sell: (form: SaleForm) => call<SaleView>('POST', '/api/sales', form),
  settleDoubt: (number: number, form: DoubtForm) =>
    call<SaleView>('POST', `/api/sales/${number}/doubt`, form),
  order: (form: SupplyOrderForm) => call<unknown>('POST', '/api/supply-orders', form),
}
