// The centre's invariants, as its books show them.

import { readMiscountedAccounts, readMixedTransfers } from '@scratchless/ledger/ledger.sql'
import { type AuditCheck, breaksOf } from '@scratchless/office/audit/run-checks'
import { countPaperGaps } from '@scratchless/office/papers/count-paper-gaps'
import {
  countBrokenSequences,
  countDebitsWithoutCodes,
  countDifferingPacks,
  countDifferingProducts,
  countDisputedOrders,
  countMisaddedHours,
  countMisaddedShops,
  countMisboughtDeliveries,
  countMisclosedPacks,
  countMiscountedDeliveries,
  countMisdebitedOrders,
  countMisreceivedLines,
  countMissoldRuns,
  countMistakenPacks,
  countOverdrawnAccounts,
  countOverlappingPacks,
  countSharedNonces,
  countStrayCodes,
  countUnansweredMessages,
  countUnjournalledOrders,
  countUnwrittenPacks,
} from './audit.sql.ts'
import { countFreeCodesInCases, countMisheldPacks, countMisvoidedPacks } from './stock/states-audit.sql.ts'
import { countMisvaluedTerminals } from './supply/aboard.sql.ts'

export const centreChecks: readonly AuditCheck[] = [
  { invariant: 4, holds: 'papers are numbered without a gap', count: countPaperGaps },
  { invariant: 1, holds: 'each serial is in one pack', count: countOverlappingPacks },
  { invariant: 1, holds: 'each code given is in one run', count: countMistakenPacks },
  { invariant: 1, holds: 'what was withheld is aside', count: countStrayCodes },
  { invariant: 1, holds: 'no code of an open case is free', count: countFreeCodesInCases },
  { invariant: 1, holds: 'packs are held as their lots are', count: countMisheldPacks },
  { invariant: 1, holds: 'what two people made void is so in the vault', count: countMisvoidedPacks },
  {
    invariant: 1,
    holds: 'each code closed is in one order of the vault’s journal',
    count: countMisclosedPacks,
  },
  { invariant: 1, holds: 'vault and api agree on every pack', count: countDifferingPacks },
  { invariant: 1, holds: 'every pack of the vault is written down', count: countUnwrittenPacks },
  { invariant: 1, holds: 'vault and api know the same of every product', count: countDifferingProducts },
  {
    invariant: 1,
    holds: 'the vault’s journal has every order sent, and no other',
    count: countUnjournalledOrders,
  },
  { invariant: 1, holds: 'the vault closed what the desk decided', count: countDisputedOrders },
  { invariant: 2, holds: 'every part taken is its packs', count: countMiscountedDeliveries },
  { invariant: 2, holds: 'received = the parts taken, per order line', count: countMisreceivedLines },
  {
    invariant: 3,
    holds: 'every sale is of a code that its terminal was given, and of it once',
    count: countMissoldRuns,
  },
  { invariant: 3, holds: 'the hours are the sum of their sales', count: countMisaddedHours },
  { invariant: 3, holds: 'the days of the shops are the sum of their sales', count: countMisaddedShops },
  {
    invariant: 3,
    holds: 'what a terminal has on board is worth what it was given less what it sold',
    count: countMisvaluedTerminals,
  },
  {
    invariant: 4,
    holds: 'every transfer moves its currency between two accounts of it',
    count: async ({ books }) => breaksOf(await readMixedTransfers(books)),
  },
  {
    invariant: 4,
    holds: 'every balance is the fold of its entries',
    count: async ({ books }) => breaksOf(await readMiscountedAccounts(books)),
  },
  { invariant: 5, holds: 'every order is debited for its codes', count: countMisdebitedOrders },
  { invariant: 5, holds: 'every debit has its order', count: countDebitsWithoutCodes },
  { invariant: 5, holds: 'what was bought is owed to its operator', count: countMisboughtDeliveries },
  { invariant: 6, holds: 'no balance is beyond its limit', count: countOverdrawnAccounts },
  { invariant: 8, holds: 'every message taken has its answer', count: countUnansweredMessages },
  { invariant: 9, holds: 'no terminal’s sequence has a gap', count: countBrokenSequences },
  { invariant: 13, holds: 'no row index is used twice in a lot record', count: countSharedNonces },
]
