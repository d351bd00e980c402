// Fields that several messages of the supply line have.

import { integer, oneOf } from '../compact/shape.ts'

export const U32 = 0xffff_ffff

/** A number that its maker counts from 1 and never uses twice. */
export const countedNumber = integer(1, U32)

export const u32 = integer(0, U32)

/** A ticket's number within its terminal, from 1. */
export const ticketNumber = countedNumber

/** How many keys a card gave in its life. */
export const keyCount = integer(0, Number.MAX_SAFE_INTEGER)

/** Why a shop may not order. */
export const blockedWhy = oneOf(['unpaid', 'overdue', 'suspended'])

/** Cards of one terminal: its vendors and their owner. */
export const MAX_CARDS = 16
