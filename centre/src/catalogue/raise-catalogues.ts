// A terminal's catalogue has a number of its own, which rises when the content that this terminal would get has
// changed. Looked at when something dated is entered, when a date has come that its catalogue had no room for, and
// whenever the terminal asks.

import { inTransaction, type Sql } from '@scratchless/office/database/database'
import type { TerminalId } from '@scratchless/voucher/ids'
import type { CentreNeeds } from '../needs.ts'
import {
  type CatalogueState,
  findCatalogueState,
  readAllProducts,
  readCatalogueStates,
  readDatedRates,
  readPrices,
  readTierMoves,
  storeCatalogueStates,
} from './catalogue.sql.ts'
import {
  type CatalogueContent,
  type CatalogueTerms,
  catalogueContent,
  hashOfContent,
} from './catalogue-content.ts'

/** Terminals looked at in one statement each way. */
const PAGE = 200

type RaiseNeeds = Pick<CentreNeeds, 'pool' | 'clock' | 'settings'>

/** The task of the timed work that does it. */
export const LOOK_AT_CATALOGUES = 'look-at-catalogues'

/** Looks at every terminal's catalogue. Returns how many numbers rose. */
export async function raiseCatalogues(needs: RaiseNeeds): Promise<number> {
  let raised = 0
  for (let after: TerminalId | null = null; ; ) {
    const states = await readCatalogueStates(needs.pool, after, PAGE)
    if (states.length === 0) return raised
    const made = await lookAt(needs, needs.pool, states)
    raised += (await storeCatalogueStates(needs.pool, made.filter(isRaised))).length
    after = states.at(-1)!.id
  }
}

/** What a terminal that asks is given, with its number, which rises first where it must. */
export async function currentCatalogue(
  needs: RaiseNeeds,
  terminal: TerminalId,
): Promise<{ readonly version: number; readonly content: CatalogueContent }> {
  return inTransaction(needs.pool, async (sql) => {
    for (;;) {
      const [made] = await lookAt(needs, sql, [await findCatalogueState(sql, terminal)])
      const { version, content } = made!
      if (!isRaised(made!) || (await storeCatalogueStates(sql, [made!])).length === 1)
        return { version, content }
    }
  })
}

interface Looked {
  readonly id: TerminalId
  readonly seenVersion: number
  readonly seenHash: Buffer | null
  readonly version: number
  readonly hash: Buffer
  readonly from: Date
  readonly content: CatalogueContent
}

const isRaised = ({ seenHash, hash }: Looked) => seenHash === null || !seenHash.equals(hash)

async function lookAt(
  { clock, settings }: RaiseNeeds,
  sql: Sql,
  states: readonly CatalogueState[],
): Promise<Looked[]> {
  const now = new Date(clock.nowMs())
  const terms = await readTerms(sql, states, now, settings)
  return states.map((state) => {
    const { id, catalogue_version: seenVersion, catalogue_hash: seenHash, catalogue_from: seenFrom } = state
    const seen = { id, seenVersion, seenHash }
    if (seenFrom !== null) {
      // As it was told: what came into force since then by itself is no news.
      const told = catalogueContent(settings, state, terms, seenFrom)
      const hash = hashOfContent(told.content)
      if (!told.goesOn && seenHash?.equals(hash) === true)
        return { ...seen, version: seenVersion, hash, from: seenFrom, content: told.content }
    }
    const { content } = catalogueContent(settings, state, terms, now)
    const hash = hashOfContent(content)
    // The first look gives the first number its content; nobody has seen another.
    const version = seenHash === null || seenHash.equals(hash) ? seenVersion : seenVersion + 1
    return { ...seen, version, hash, from: now, content }
  })
}

/** All that is dated for these terminals, from the earliest moment that any of their catalogues begins with. */
async function readTerms(
  sql: Sql,
  states: readonly CatalogueState[],
  now: Date,
  settings: RaiseNeeds['settings'],
): Promise<CatalogueTerms> {
  const from = new Date(
    Math.min(now.getTime(), ...states.map(({ catalogue_from }) => catalogue_from?.getTime() ?? Infinity)),
  )
  const retailers = [...new Set(states.map(({ retailer_id }) => retailer_id))]
  return {
    products: await readAllProducts(sql, settings.currency),
    prices: await readPrices(sql, from, null),
    rates: await readDatedRates(sql, retailers, from),
    moves: await readTierMoves(sql, retailers, from),
  }
}
