// What every answer says beside its own matter: time, lease, revoked cards, catalogue and epoch.

import type { Sql } from '@scratchless/office/database/database'
import { type Clock, nowSeconds } from '@scratchless/voucher/clock'
import type { RetailerId } from '@scratchless/voucher/ids'
import type { Standing } from '@scratchless/wire/supply/standing'
import { readCatalogueVersion } from '../catalogue/catalogue.sql.ts'
import type { CentreSettings } from '../settings.ts'
import { readRevokedCards, type SupplyTerminal } from './supply.sql.ts'

const DAY_S = 86_400
/** What a standing can name; more cards than a shop has. */
const MAX_REVOKED_CARDS = 20
/** An order that is decided now is closed within this time: an epoch about to end is over. */
const EPOCH_MARGIN_MS = 5_000

/** Whether the terminal holds the card letter of the epoch that runs. */
export function hasLetter(terminal: Pick<SupplyTerminal, 'letter_ends_at'>, nowMs: number): boolean {
  return terminal.letter_ends_at !== null && terminal.letter_ends_at.getTime() > nowMs + EPOCH_MARGIN_MS
}

/** The epoch whose safe key new deliveries are closed with; after its end, the one to ask for. */
export function epochOf(
  terminal: Pick<SupplyTerminal, 'letter_epoch' | 'letter_ends_at'>,
  nowMs: number,
): number {
  return hasLetter(terminal, nowMs) ? terminal.letter_epoch : terminal.letter_epoch + 1
}

export async function standingFor(
  { clock, settings }: { clock: Clock; settings: Pick<CentreSettings, 'lease'> },
  sql: Sql,
  terminal: { retailer_id: RetailerId; letter_epoch: number; letter_ends_at: Date | null },
): Promise<Standing> {
  const nowMs = clock.nowMs()
  const timeS = nowSeconds(clock)
  const { days, unreportedSales } = settings.lease
  // A card that was revoked before the longest lease began is known to whoever still may sell.
  const since = new Date(nowMs - days * DAY_S * 1000)
  return {
    timeS,
    leaseUntilS: timeS + days * DAY_S,
    unreportedSales,
    revokedCards: await readRevokedCards(sql, terminal.retailer_id, since, MAX_REVOKED_CARDS),
    catalogueVersion: await readCatalogueVersion(sql),
    epoch: epochOf(terminal, nowMs),
  }
}
