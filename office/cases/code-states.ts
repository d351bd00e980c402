// The states of a code that is put aside by people.

export const ASIDE_STATES = [
  'on_hold',
  'in_doubt',
  'damaged',
  'stolen',
  'expired',
  'returned',
  'void',
] as const

export type AsideState = (typeof ASIDE_STATES)[number]
