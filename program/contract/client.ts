// The asker's end of a contract, for screens: a refusal comes back as a value; a server that does not answer, or that
// answers otherwise than the contract says, as the fault of the same shape.

import { config } from 'zod'
import type { AnswerOut, Contract, Given, Problem, Route } from './contract.ts'

// A page's security policy lets no text become code; zod would try it, and the browser complain.
config({ jitless: true })

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: Problem }

type Client<C extends Contract> = {
  readonly [Name in keyof C]: (given: Given<C[Name], 'input'>) => Promise<Answer<AnswerOut<C[Name]>>>
}

/** A sale takes as long as its paper; nothing else takes longer than this. */
const TIMEOUT_MS = 60_000
const FAULT = { ok: false, problem: { code: 'fault', reference: '' } } as const

export function createClient<C extends Contract>(routes: C, base = ''): Client<C> {
  return Object.fromEntries(
    Object.entries(routes).map(([name, route]) => [
      name,
      (given: Wire) => ask(route, `${base}${pathOf(route, given)}`, given.body),
    ]),
  ) as Client<C>
}

interface Wire {
  readonly params?: Record<string, unknown>
  readonly query?: Record<string, unknown>
  readonly body?: unknown
}

function pathOf(route: Route, { params, query }: Wire): string {
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params?.[name])))
  const asked = Object.entries(query ?? {}).filter(([, value]) => value !== undefined)
  if (asked.length === 0) return path
  return `${path}?${new URLSearchParams(asked.map(([name, value]) => [name, String(value)]))}`
}

async function ask(route: Route, address: string, body: unknown): Promise<Answer<unknown>> {
  try {
    const response = await fetch(address, {
      method: route.method,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body !== undefined && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    })
    if (response.status === 204) return { ok: true, value: undefined }
    const said: unknown = await response.json()
    if (response.ok)
      return { ok: true, value: route.answer === undefined ? undefined : route.answer.parse(said) }
    const { error } = said as { error?: Problem }
    return typeof error?.code === 'string' ? { ok: false, problem: error } : FAULT
  } catch {
    // No answer, or none that the contract knows: the screen says that the other end does not answer.
    return FAULT
  }
}

/** A problem where a value was wanted: for callers that take faults as exceptions. */
export class AskedInVain extends Error {
  override name = 'AskedInVain'
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.code)
    this.problem = problem
  }
}

/** The value of an answer. Throws an AskedInVain with its problem. */
export function valueIn<T>(answer: Answer<T>): T {
  if (!answer.ok) throw new AskedInVain(answer.problem)
  return answer.value
}
