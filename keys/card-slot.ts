// Where a vendor card is put in. A card that is pulled out is another one when it comes back: it has forgotten its PIN.

import { existsSync } from 'node:fs'
import type { VendorCard } from './card.ts'
import { fileCardPath, insertFileCard } from './file-card.ts'
import { KeyProblem } from './party-keys.ts'
import { insertPkcs11Card, type Pkcs11CardSettings } from './pkcs11-card.ts'
import { isTokenIn } from './pkcs11-token.ts'

export interface CardSlot {
  /** The card that is in now, the same object for as long as it stays in; null where there is none. */
  look(): VendorCard | null
}

/** The folder of a file card, which may come and go. */
export function fileCardSlot(folder: string): CardSlot {
  return slot(
    () => existsSync(fileCardPath(folder)),
    () => insertFileCard(folder),
  )
}

/** A reader whose token has this label. Throws a KeyProblem where driver or library is missing. */
export function pkcs11CardSlot(settings: Pkcs11CardSettings): CardSlot {
  return slot(
    () => isTokenIn(settings),
    () => insertPkcs11Card(settings),
  )
}

function slot(isIn: () => boolean, insert: () => VendorCard): CardSlot {
  let card: VendorCard | null = null
  return {
    look() {
      if (isIn()) card ??= insertOwn()
      else {
        card?.lock()
        card = null
      }
      return card
    },
  }

  /** A card of somebody else's making is as good as none. */
  function insertOwn(): VendorCard | null {
    try {
      return insert()
    } catch (error) {
      if (error instanceof KeyProblem) return null
      throw error
    }
  }
}
