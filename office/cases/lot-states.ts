// The states of a lot as a whole, and which way it may go because people say so. `validated`: its codes were checked and
// closed, and the books have yet to enter it; from then on it is in stock.

import type { Act } from '../roles/roles.ts'

export const LOT_STATES = ['validated', 'in_stock', 'held', 'recalled', 'void', 'expired'] as const
export type LotState = (typeof LOT_STATES)[number]

/** What a member of staff may ask for; a lot expires by itself. */
export const LOT_TARGETS = ['in_stock', 'held', 'recalled', 'void'] as const
export type LotTarget = (typeof LOT_TARGETS)[number]

/** By where it is and where it goes: the act that this is. Nothing leads out of an end. */
const ACTS: Partial<Readonly<Record<`${LotState} ${LotTarget}`, Act>>> = {
  'in_stock held': 'hold-lot',
  'held in_stock': 'release-lot',
  'in_stock recalled': 'recall-lot',
  'held recalled': 'recall-lot',
  'recalled in_stock': 'end-recall',
  'in_stock void': 'void-lot',
  'held void': 'void-lot',
  'recalled void': 'void-lot',
}

/** Undefined: not that way. */
export function actOfLot(from: LotState, to: LotTarget): Act | undefined {
  return ACTS[`${from} ${to}`]
}

/** Whether its day having passed ends it: also while it is held or asked back. */
export function mayExpire(from: LotState): boolean {
  return from === 'in_stock' || from === 'held' || from === 'recalled'
}
