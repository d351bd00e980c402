// Step 13 of the way of a code: a vendor opens the till with number, password, card and PIN. The PIN goes to the
// card and is kept nowhere.

import type { PrivateLine } from '@scratchless/program/private-line'
import { type CardId, vendorId } from '@scratchless/voucher/ids'
import type { CardVerbs } from '../card/card-verbs.ts'
import type { Store } from '../store/connect-store.ts'
import type { TerminalClock } from '../supply/terminal-clock.ts'
import { passwordHolds } from './passwords.ts'
import type { Session } from './sessions.ts'
import { vendorOf } from './vendor.sql.ts'
import type { SignInForm } from './vendors-contract.ts'

interface SignInNeeds {
  readonly store: Store
  readonly clock: TerminalClock
  readonly card: PrivateLine<CardVerbs>
  readonly tries: Tries
  /** Cards that the centre revoked. */
  readonly revokedCards: readonly CardId[]
}

/** In order of precedence. */
type SignInRefusal =
  | { readonly refusal: 'too-many-tries' | 'wrong-password' | 'card-out' | 'card-blocked' }
  | { readonly refusal: 'wrong-pin'; readonly triesLeft: number }

export async function signIn(needs: SignInNeeds, form: SignInForm): Promise<Session | SignInRefusal> {
  const { store, clock, card, tries } = needs
  if (!tries.mayTry()) return { refusal: 'too-many-tries' }
  const person = vendorOf(store, form.vendor)
  if (!(await passwordHolds(person?.passwordHash, form.password)) || person === undefined) {
    tries.failed()
    return { refusal: 'wrong-password' }
  }
  if (person.card === null) {
    tries.succeeded()
    return { who: 'owner', sinceMs: clock.nowMs() }
  }
  const state = await card.state()
  if (state.status === 'out' || state.card !== person.card) return { refusal: 'card-out' }
  if (needs.revokedCards.includes(person.card)) return { refusal: 'card-blocked' }
  const pin = Buffer.from(form.pin ?? '', 'utf8')
  const outcome = await card.givePin({ pin })
  pin.fill(0)
  if (outcome.answer === 'wrong-pin') return { refusal: 'wrong-pin', triesLeft: outcome.triesLeft }
  if (outcome.answer !== 'right') return { refusal: outcome.answer }
  tries.succeeded()
  return { who: 'vendor', vendor: vendorId(person.id), card: person.card, sinceMs: clock.nowMs() }
}

export interface Tries {
  mayTry(): boolean
  failed(): void
  succeeded(): void
}

/** A person who mistypes has found his password by then. */
const MOST_WRONG_PASSWORDS = 5
const PAUSE_MS = 60_000

/** After five wrong passwords in a row the till takes none for a minute. `steadyMs`: a clock that does not jump. */
export function createTries(steadyMs: () => number): Tries {
  let wrong = 0
  let lastMs = 0
  return {
    mayTry: () => wrong < MOST_WRONG_PASSWORDS || steadyMs() - lastMs > PAUSE_MS,
    failed() {
      wrong = wrong >= MOST_WRONG_PASSWORDS ? 1 : wrong + 1
      lastMs = steadyMs()
    },
    succeeded() {
      wrong = 0
    },
  }
}
