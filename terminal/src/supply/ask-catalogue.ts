// What the terminal may sell, at which prices. Asked too when nothing else was for some hours: each answer renews
// time and lease.

import type { Catalogue } from '@scratchless/wire/supply/catalogue'
import { catalogueRequestMessage } from '@scratchless/wire/supply/catalogue-request'
import type { Store } from '../store/connect-store.ts'
import { getCatalogue, putCatalogue } from './centre-word.sql.ts'
import { catalogueIsNew, catalogueIsOld } from './device.sql.ts'
import type { StoredRequest } from './request.sql.ts'
import { type RequestNeeds, saveRequest } from './save-request.ts'

export function askCatalogue(needs: RequestNeeds): StoredRequest {
  const knownVersion = heldCatalogue(needs.store)
  return saveRequest(needs, 'catalogue-request', (signer, binding) =>
    catalogueRequestMessage.sign({ knownVersion }, signer, binding),
  )
}

/** The version held, as the centre counts them; 0 where there is none, or one of the first release. */
export function heldCatalogue(store: Store): number {
  return catalogueIsOld(store) ? 0 : (getCatalogue(store)?.version ?? 0)
}

/** Complete each time: it replaces the one before. */
export function takeCatalogue(store: Store, catalogue: Catalogue): void {
  if (heldCatalogue(store) > catalogue.version) return
  putCatalogue(store, catalogue)
  catalogueIsNew(store)
}
