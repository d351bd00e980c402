// Who may do what at the till, and nothing else says so. The owner enrols the device and gives out vendor numbers; a
// vendor sells, with his card in; whoever stands at the screen may see that the till is there, sign in, and lock it.

import type { Session } from './sessions.ts'

export type TillRole = 'nobody' | Session['who']

export const TILL_ROLES = {
  'see-the-till': ['nobody', 'owner', 'vendor'],
  'sign-in': ['nobody', 'owner', 'vendor'],
  lock: ['nobody', 'owner', 'vendor'],
  /** A device that is enrolled already refuses by itself: see `already-enrolled`. */
  enrol: ['nobody', 'owner', 'vendor'],
  'give-out-vendor-numbers': ['owner'],
  sell: ['vendor'],
  'order-supply': ['vendor'],
} as const satisfies Readonly<Record<string, readonly TillRole[]>>

/** False for an act that the table does not name: nobody may do it. */
export function mayDo(act: string, role: TillRole): boolean {
  return (
    Object.hasOwn(TILL_ROLES, act) &&
    (TILL_ROLES as Readonly<Record<string, readonly TillRole[]>>)[act]!.includes(role)
  )
}
