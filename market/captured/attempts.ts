// What an attacker tried, and what he got: every attempt is written down, and printed with its answer.

import { PrivateLineFault } from '@scratchless/program/private-line'
import pg from 'pg'

export interface Attempts {
  /** Records what the act answered with: its refusal, the database's error, a broken verb; `taken` where it worked. */
  try(what: string, act: () => Promise<unknown>): Promise<string>
  /** One line an attempt. */
  report(): string
}

export function startAttempts(office: string): Attempts {
  const lines: string[] = []
  return {
    async try(what, act) {
      const answer = await answerOf(act)
      lines.push(`  ${office}: ${what}: ${answer}`)
      return answer
    },
    report: () => lines.join('\n'),
  }
}

/** A refusal of the database's grants (SQLSTATE class 42, insufficient_privilege). */
const INSUFFICIENT_PRIVILEGE = '42501'

async function answerOf(act: () => Promise<unknown>): Promise<string> {
  try {
    return refusalIn(await act()) ?? 'taken'
  } catch (error) {
    if (error instanceof PrivateLineFault) return 'no such verb, or it broke'
    if (error instanceof pg.DatabaseError)
      return error.code === INSUFFICIENT_PRIVILEGE ? 'permission denied' : `${error.code}: ${error.message}`
    throw error
  }
}

function refusalIn(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return refusalIn(value[0])
  if (typeof value === 'object' && value !== null && 'refusal' in value) return String(value.refusal)
  return undefined
}
