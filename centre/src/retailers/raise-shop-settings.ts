// A terminal's settings have a number of its own, which rises when what it would be told has changed: by whoever
// changes it, in the same transaction, and whenever the terminal asks.

import { inTransaction, type SqlClient } from '@scratchless/office/database/database'
import type { RetailerId, TerminalId } from '@scratchless/voucher/ids'
import type { CentreNeeds } from '../needs.ts'
import { readBarred } from './barred-range.sql.ts'
import {
  lockSettingsStates,
  readShopSettings,
  readVendorCards,
  readVendors,
  updateSettingsState,
} from './shop-settings.sql.ts'
import {
  hashOfSettings,
  NO_SETTINGS,
  ShopSettingsBody,
  type ShopSettingsContent,
  type ShopSettingsEntered,
  shopSettingsContent,
} from './shop-settings.ts'

type RaiseNeeds = Pick<CentreNeeds, 'pool' | 'settings'>

/** What staff entered last for a shop, with its number; nothing entered is number 0. */
export async function enteredSettings(
  sql: SqlClient | CentreNeeds['pool'],
  retailer: RetailerId,
): Promise<{ number: number; entered: ShopSettingsEntered }> {
  const row = await readShopSettings(sql, retailer)
  return row === undefined
    ? { number: 0, entered: NO_SETTINGS }
    : { number: row.number, entered: ShopSettingsBody.parse(JSON.parse(row.content)) }
}

/** Raises the numbers of a shop's terminals whose settings say something else now. */
export async function raiseShopSettings(
  needs: RaiseNeeds,
  sql: SqlClient,
  retailer: RetailerId,
): Promise<ShopSettingsContent> {
  const content = await contentFor(needs, sql, retailer)
  const hash = hashOfSettings(content)
  for (const { id, settings_version: version, settings_hash: seen } of await lockSettingsStates(
    sql,
    retailer,
  ))
    if (seen?.equals(hash) !== true)
      // The first look gives the first number its content; nobody has seen another.
      await updateSettingsState(sql, id, seen === null ? version : version + 1, hash)
  return content
}

/** What a terminal that asks is given, with its number, which rises first where it must. */
export async function currentShopSettings(
  needs: RaiseNeeds,
  terminal: { readonly id: TerminalId; readonly retailer_id: RetailerId },
): Promise<{ readonly version: number; readonly content: ShopSettingsContent }> {
  return inTransaction(needs.pool, async (sql) => {
    const content = await raiseShopSettings(needs, sql, terminal.retailer_id)
    const states = await lockSettingsStates(sql, terminal.retailer_id)
    return { version: states.find(({ id }) => id === terminal.id)!.settings_version, content }
  })
}

async function contentFor(
  { settings }: RaiseNeeds,
  sql: SqlClient,
  retailer: RetailerId,
): Promise<ShopSettingsContent> {
  const { entered } = await enteredSettings(sql, retailer)
  const vendors = await readVendors(sql, retailer)
  const cards = Map.groupBy(await readVendorCards(sql, retailer), ({ vendor_id }) => vendor_id)
  return shopSettingsContent(entered, {
    timeZone: settings.timeZone,
    paymentReference: retailer,
    barred: (await readBarred(sql, retailer)).slice(0, MAX_BARRED),
    vendors: vendors.slice(0, MAX_VENDORS).map(({ id, name, suspended_at }) => ({
      vendor: id,
      name,
      state: suspended_at === null ? 'active' : 'suspended',
      cards: (cards.get(id) ?? []).slice(0, MAX_CARDS).map((card) => card.id),
    })),
  })
}

/** The message's bounds. */
const MAX_VENDORS = 64
const MAX_CARDS = 4
export const MAX_BARRED = 64
