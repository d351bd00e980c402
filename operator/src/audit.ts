// The operator's invariants, as its books show them.

import type { AuditCheck } from '@scratchless/office/audit/run-checks'
import {
  countDifferingPacks,
  countDifferingProducts,
  countFreeCodesInCases,
  countMisallocatedPacks,
  countMisbilledDeliveries,
  countMisclosedPacks,
  countMisdeliveredLines,
  countMisheldPacks,
  countMisvoidedPacks,
  countOverclosedLines,
  countOverlappingPacks,
  countSharedNonces,
  countStrandedDeliveries,
  countUnansweredMessages,
  countUnbalancedLots,
  countUnjournalledDeliveries,
  countUnsoundBooks,
} from './audit.sql.ts'

export const operatorChecks: readonly AuditCheck[] = [
  { invariant: 1, holds: 'each serial is in one pack', count: countOverlappingPacks },
  { invariant: 1, holds: 'each given code is in one run', count: countMisallocatedPacks },
  { invariant: 1, holds: 'vault and api agree on every pack', count: countDifferingPacks },
  { invariant: 1, holds: 'no code of an open case is free', count: countFreeCodesInCases },
  { invariant: 1, holds: 'packs are held as their lots are', count: countMisheldPacks },
  { invariant: 1, holds: 'what two people made void is so in the vault', count: countMisvoidedPacks },
  { invariant: 1, holds: 'vault and api know the same of every product', count: countDifferingProducts },
  { invariant: 1, holds: 'what was closed once was closed for one delivery', count: countMisclosedPacks },
  { invariant: 2, holds: 'received = in stock + sent, per lot', count: countUnbalancedLots },
  {
    invariant: 2,
    holds: 'accepted = delivered or on its way, per order line',
    count: countMisdeliveredLines,
  },
  {
    invariant: 4,
    holds: 'balances are the fold of their entries, each in one currency',
    count: countUnsoundBooks,
  },
  { invariant: 5, holds: 'owed = promised and taken, per delivery', count: countMisbilledDeliveries },
  { invariant: 5, holds: 'nothing left beyond a signed order', count: countOverclosedLines },
  { invariant: 7, holds: 'every delivery is where its state says', count: countStrandedDeliveries },
  { invariant: 7, holds: 'no delivery left past the vault’s journal', count: countUnjournalledDeliveries },
  { invariant: 8, holds: 'every message taken has its answer', count: countUnansweredMessages },
  { invariant: 13, holds: 'no row index is used twice in a lot record', count: countSharedNonces },
]
