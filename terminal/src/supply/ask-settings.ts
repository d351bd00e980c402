// How the centre wants this shop kept, beside its catalogue. What is used of it today: the codes that are barred, the
// levels, the cap, when to report, and the message to the owner; the rest is kept.

import { settingsRequestMessage } from '@scratchless/wire/supply/settings-request'
import type { ShopSettings } from '@scratchless/wire/supply/shop-settings'
import { barRuns } from '../safe/barred-run.sql.ts'
import type { Store } from '../store/connect-store.ts'
import { getSettings, putSettings } from './centre-word.sql.ts'
import type { StoredRequest } from './request.sql.ts'
import { type RequestNeeds, saveRequest } from './save-request.ts'

export function heldSettings(store: Store): number {
  return getSettings(store)?.version ?? 0
}

export function askSettings(needs: RequestNeeds): StoredRequest {
  const holdsVersion = heldSettings(needs.store)
  return saveRequest(needs, 'settings-request', (signer, binding) =>
    settingsRequestMessage.sign({ holdsVersion }, signer, binding),
  )
}

/** Complete each time: they replace the ones before. Inside the transaction that stores the answer. */
export function takeSettings(store: Store, settings: ShopSettings): void {
  if (heldSettings(store) > settings.version) return
  putSettings(store, settings)
  barRuns(store, settings.barred)
}

/** After runs changed: what is barred stays barred. */
export function barAgain(store: Store): void {
  const barred = getSettings(store)?.barred ?? []
  if (barred.length > 0) barRuns(store, barred)
}

/** Below how many codes a product is low, by the shop's settings; `own` where they do not name it. */
export function minimumOf(settings: ShopSettings | null, own: number): (product: string) => number {
  // The owner is warned at so many.
  const set = new Map(settings?.levels.map(({ product, warnAt }) => [product as string, warnAt + 1]))
  return (product) => set.get(product) ?? own
}
