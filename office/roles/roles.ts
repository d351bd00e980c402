// Who may do what at an office, and what needs two people. Every route names its act; this table alone says which roles
// may do it. Reading is for whoever works with the thing, and for the auditor; nobody does what his role does not name.

export const ROLES = [
  'stock',
  'support',
  'finance',
  'approver',
  'security',
  'auditor',
  'administrator',
] as const
export type Role = (typeof ROLES)[number]

interface Permission {
  readonly roles: readonly Role[]
  /** Two people of the vault's ring must sign before it takes effect; the vault verifies both signatures itself. */
  readonly two?: true
}

const EVERYBODY = ROLES

export const ACTS = {
  'change-own-password': { roles: EVERYBODY },
  'see-the-status-page': { roles: EVERYBODY },

  'see-products': { roles: ['stock', 'support', 'finance', 'auditor', 'administrator'] },
  'add-product': { roles: ['stock'] },
  'set-price': { roles: ['finance'] },
  'set-rate': { roles: ['finance'] },
  'add-tier': { roles: ['finance'] },
  'set-tier': { roles: ['finance'] },

  'see-stock': { roles: ['stock', 'support', 'finance', 'auditor'] },
  'bring-in-stock': { roles: ['stock'] },
  'activate-lot': { roles: ['stock'] },
  'see-code-history': { roles: ['support', 'stock', 'security', 'auditor'] },
  'see-cases': { roles: ['stock', 'support', 'security', 'auditor'] },
  'hold-codes': { roles: ['stock', 'support', 'security'] },
  'release-codes': { roles: ['stock', 'security'] },
  'see-restock': { roles: ['stock', 'finance', 'auditor'] },
  'order-restock': { roles: ['stock'] },
  'see-partners': { roles: ['stock', 'finance', 'auditor'] },

  'see-depots': { roles: ['stock', 'support', 'finance', 'auditor', 'administrator'] },
  'open-depot': { roles: ['administrator'] },

  'see-retailers': { roles: ['support', 'finance', 'auditor'] },
  'add-retailer': { roles: ['support'] },
  'close-retailer': { roles: ['support', 'security'] },
  'set-shop-settings': { roles: ['support'] },
  'add-vendor': { roles: ['support'] },
  'suspend-vendor': { roles: ['support', 'security'] },
  'take-deposit': { roles: ['finance'] },
  'reverse-deposit': { roles: ['finance'] },
  'set-credit-line': { roles: ['finance'] },

  'see-terminals': { roles: ['support', 'approver', 'security', 'auditor'] },
  'add-terminal': { roles: ['support'] },
  'approve-terminal': { roles: ['approver'], two: true },
  'lock-terminal': { roles: ['support', 'security'] },
  'unlock-terminal': { roles: ['security'] },
  'revoke-terminal': { roles: ['support', 'security'] },
  'enter-card': { roles: ['support'] },
  'approve-card': { roles: ['approver'], two: true },
  'revoke-card': { roles: ['support', 'security'] },

  'see-staff': { roles: ['security', 'auditor', 'administrator'] },
  'disable-staff': { roles: ['security', 'administrator'] },
} as const satisfies Readonly<Record<string, Permission>>

export type Act = keyof typeof ACTS

export function mayDo(act: Act, roles: readonly string[]): boolean {
  const allowed: readonly string[] = ACTS[act].roles
  return roles.some((role) => allowed.includes(role))
}
