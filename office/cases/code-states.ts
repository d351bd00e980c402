// Where a code may be, and which way it may go from there because people say so. What happens to it by itself (it is sent,
// received, sold) is no matter of this table.

export const ASIDE_STATES = [
  'on_hold',
  'in_doubt',
  'damaged',
  'stolen',
  'expired',
  'returned',
  'void',
] as const

/** Put aside by people, or by its day having passed. */
export type AsideState = (typeof ASIDE_STATES)[number]

/** Each with its place. `provisional`: asked for by a foreign till, which has not confirmed it. */
export const CODE_PLACES = {
  in_stock: 'here',
  despatched: 'on its way',
  delivered: 'at whom it was sent to',
  provisional: 'at a foreign till',
  sold: 'with a customer',
  redeemed: 'with a customer',
  on_hold: 'where it was',
  in_doubt: 'where it was',
  damaged: 'where it was',
  stolen: 'nobody knows',
  expired: 'where it was',
  returned: 'here again',
  void: 'nowhere',
} as const

export type CodeState = keyof typeof CODE_PLACES

/** Of codes that nobody has put aside. */
const AWAY = ['despatched', 'delivered', 'provisional'] as const satisfies readonly CodeState[]

/** From which states people may bring a code into this one. */
const FROM: Readonly<Record<AsideState, readonly CodeState[]>> = {
  // To hold is the quick act: whatever else is known of a code, it goes to nobody meanwhile.
  on_hold: ['in_stock', ...AWAY, 'in_doubt', 'damaged', 'stolen', 'expired', 'returned'],
  in_doubt: ['in_stock', ...AWAY, 'on_hold', 'returned'],
  damaged: ['in_stock', ...AWAY, 'on_hold', 'in_doubt', 'returned'],
  stolen: ['in_stock', ...AWAY, 'on_hold', 'in_doubt', 'returned'],
  expired: ['in_stock', ...AWAY, 'on_hold', 'in_doubt', 'returned'],
  // Asked back from where it was sent, or handed in there: never what did not leave.
  returned: [...AWAY, 'on_hold', 'in_doubt', 'damaged', 'stolen'],
  void: ['in_stock', ...AWAY, 'on_hold', 'in_doubt', 'damaged', 'stolen', 'expired', 'returned'],
}

/** Cases that people may end, so that the codes are where they were. What is returned ends void or exchanged. */
const RELEASED: readonly AsideState[] = ['on_hold', 'in_doubt', 'damaged', 'stolen']

export function mayBecome(from: CodeState, to: AsideState): boolean {
  return FROM[to].includes(from)
}

export function mayBeReleased(state: AsideState): boolean {
  return RELEASED.includes(state)
}

/** A code that is void may have another in its place: one that has left, and that its shop or customer has by now. */
export function mayBeReplaced(state: CodeState): boolean {
  return state === 'void'
}

export function mayReplace(state: CodeState): boolean {
  return state === 'despatched' || state === 'delivered' || state === 'sold'
}
