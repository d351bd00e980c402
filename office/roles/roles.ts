// Who may do what at an office, and from how much on it takes two people. Every route names its act; the office's tables
// (office/db: act, act_role) say which roles may do it, and the rules here are asked with what they say.

export const ROLES = [
  'stock',
  'support',
  'finance',
  'approver',
  'security',
  'auditor',
  'administrator',
] as const

/** Every act there is, at one office or the other. */
export const ACTS = [
  'change-own-password',
  'see-the-status-page',
  'see-products',
  'add-product',
  'set-price',
  'set-rate',
  'add-tier',
  'set-tier',
  'see-stock',
  'see-sales',
  'bring-in-stock',
  'activate-lot',
  'see-code-history',
  'see-cases',
  'hold-codes',
  'release-codes',
  'see-restock',
  'order-restock',
  'see-partners',
  'see-depots',
  'open-depot',
  'see-retailers',
  'add-retailer',
  'close-retailer',
  'set-shop-settings',
  'add-vendor',
  'suspend-vendor',
  'take-deposit',
  'reverse-deposit',
  'set-credit-line',
  'see-papers',
  'see-terminals',
  'add-terminal',
  'approve-terminal',
  'lock-terminal',
  'unlock-terminal',
  'revoke-terminal',
  'enter-card',
  'approve-card',
  'revoke-card',
  'see-staff',
  'disable-staff',
  'see-requests',
  'agree-to-request',
  'refuse-request',
  'withdraw-request',
  'mark-codes',
  'mark-stolen',
  'release-stolen',
  'void-codes',
  'exchange-code',
  'hold-lot',
  'release-lot',
  'recall-lot',
  'end-recall',
  'void-lot',
] as const

export type Act = (typeof ACTS)[number]

/** What the office's tables say of one act. */
export interface ActRule {
  readonly roles: readonly string[]
  /** From so many codes or minor units on a second person is needed; null: never. */
  readonly secondFrom: bigint | null
}

export function mayDo(rule: ActRule, roles: readonly string[]): boolean {
  return roles.some((role) => rule.roles.includes(role))
}

/** Whether so much of an act is asked for by one and agreed to by another. */
export function takesTwo(rule: ActRule, amount: bigint): boolean {
  return rule.secondFrom !== null && amount >= rule.secondFrom
}
