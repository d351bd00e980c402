// What every answer says beside its own matter: time, lease, revoked cards, and what is newer at the centre.

import type { Sql } from '@scratchless/office/database/database'
import { type Clock, nowSeconds } from '@scratchless/voucher/clock'
import { notices } from '@scratchless/wire/supply/notice'
import type { Standing } from '@scratchless/wire/supply/standing'
import type { CentreSettings } from '../settings.ts'
import { readRevokedCards, type SupplyTerminal } from './supply-terminal.sql.ts'

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

type Letters = Pick<SupplyTerminal, 'letter_ends_at' | 'letter_number' | 'letter_wanted'>

/** The number of the newest letter that the terminal should hold; the one to give where it does not. */
export function letterOf(terminal: Letters, nowMs: number): number {
  const given = Number(terminal.letter_number)
  const wanted = Number(terminal.letter_wanted)
  return hasLetter(terminal, nowMs) ? wanted : Math.max(wanted, given + 1)
}

/** A terminal renews by itself 30 days before its own certificate ends; this is for ours ending before that. */
const CENTRE_MARGIN_MS = 45 * DAY_S * 1000

function mustRenew({ centre_until }: Pick<SupplyTerminal, 'centre_until'>, nowMs: number): boolean {
  return centre_until === null || centre_until.getTime() <= nowMs + CENTRE_MARGIN_MS
}

/** What a standing depends on, of one terminal. */
type StandingOf = Letters &
  Pick<SupplyTerminal, 'retailer_id' | 'catalogue_version' | 'settings_version' | 'centre_until'>

interface StandingNeeds {
  readonly clock: Clock
  readonly settings: Pick<CentreSettings, 'lease'>
}

/** The standing of each terminal, in their order; two statements, however many they are. */
export async function standingsFor(
  { clock, settings }: StandingNeeds,
  sql: Sql,
  terminals: readonly StandingOf[],
): Promise<Standing[]> {
  const nowMs = clock.nowMs()
  const timeS = nowSeconds(clock)
  const { days, unreportedSales } = settings.lease
  // A card that was revoked before the longest lease began is known to whoever still may sell.
  const since = new Date(nowMs - days * DAY_S * 1000)
  const retailers = [...new Set(terminals.map(({ retailer_id }) => retailer_id))]
  const cards = Map.groupBy(await readRevokedCards(sql, retailers, since), ({ retailer_id }) => retailer_id)
  return terminals.map((terminal) => ({
    timeS,
    leaseUntilS: timeS + days * DAY_S,
    unreportedSales,
    revokedCards: (cards.get(terminal.retailer_id) ?? []).slice(0, MAX_REVOKED_CARDS).map(({ id }) => id),
    catalogueVersion: terminal.catalogue_version,
    settingsVersion: terminal.settings_version,
    letter: letterOf(terminal, nowMs),
    notices: mustRenew(terminal, nowMs) ? [notices.write({ notice: 'renew-now' })] : [],
  }))
}

export async function standingFor(needs: StandingNeeds, sql: Sql, terminal: StandingOf): Promise<Standing> {
  const [standing] = await standingsFor(needs, sql, [terminal])
  return standing!
}
