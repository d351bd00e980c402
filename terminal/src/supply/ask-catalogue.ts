// What the terminal may sell, at which prices. Asked too when nothing else was for some hours: each answer renews
// time and lease.

import type { Catalogue } from '@scratchless/wire/supply/catalogue'
import { catalogueRequestMessage } from '@scratchless/wire/supply/catalogue-request'
import type { Store } from '../store/connect-store.ts'
import { getCatalogue, putCatalogue } from './centre-word.sql.ts'
import type { StoredRequest } from './request.sql.ts'
import { type RequestNeeds, saveRequest } from './save-request.ts'

export function askCatalogue(needs: RequestNeeds): StoredRequest {
  const knownVersion = getCatalogue(needs.store)?.version ?? 0
  return saveRequest(needs, 'catalogue-request', (signer, binding) =>
    catalogueRequestMessage.sign({ knownVersion }, signer, binding),
  )
}

/** Complete each time: it replaces the one before. */
export function takeCatalogue(store: Store, catalogue: Catalogue): void {
  const known = getCatalogue(store)
  if (known === undefined || known.version <= catalogue.version) putCatalogue(store, catalogue)
}
