// How a terminal says that it is: the newest report is kept for whoever looks, its alarms from their beginning to their
// end, and the counts of its cards, which only go up.

import type { SqlClient } from '@scratchless/office/database/database'
import type { TerminalId } from '@scratchless/voucher/ids'
import type { StateReport } from '@scratchless/wire/supply/state-report'
import { raiseAlarm } from '../alarms.sql.ts'
import type { CentreNeeds } from '../needs.ts'
import {
  type CardCount,
  storeCardCounts,
  storeTerminalAlarms,
  storeTerminalState,
} from '../terminals/terminal-state.sql.ts'
import { type Answered, acknowledge } from './answer-in-sequence.ts'
import type { SignedMessage } from './signed-message.ts'

export async function receiveStateReport(
  needs: CentreNeeds,
  message: SignedMessage,
  report: StateReport,
): Promise<Answered> {
  const terminal = message.terminal.id
  return acknowledge(needs, message, async (sql, at) => {
    await storeTerminalState(sql, {
      ...{ terminal, depot: message.depot, reportedAt: at, softwareVersion: report.softwareVersion },
      content: JSON.stringify(report, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
    })
    const alarms = report.alarms.map(({ sinceS, ...alarm }) => ({ ...alarm, since: new Date(sinceS * 1000) }))
    await storeTerminalAlarms(sql, terminal, alarms, at)
    await takeCardCounts(sql, terminal, report.cards, at)
  })
}

/** A card that tells fewer keys than before is not the card that it was, or its store is not. */
export async function takeCardCounts(
  sql: SqlClient,
  terminal: TerminalId,
  counts: readonly CardCount[],
  at: Date,
): Promise<void> {
  for (const { card, before } of await storeCardCounts(sql, terminal, counts, at)) {
    const told = counts.find((count) => count.card === card)!.keysGiven
    const details = { card, told, before: String(before) }
    await raiseAlarm(sql, { at, kind: 'card-count-went-back', subject: terminal, details })
  }
}
