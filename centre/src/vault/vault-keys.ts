// The vault's keys, and those of its partners.

import type { KeyObject } from 'node:crypto'
import type { HolderKey } from '@scratchless/keys/holder-key'
import type { OperatorId } from '@scratchless/voucher/ids'
import type { SigningKey, UnwrappingKey } from '@scratchless/wire/xml/rsa-keys'
import type { Suite } from '@scratchless/wire/xml/suites'

/** One key per purpose; no RSA key both signs and decrypts. */
export interface VaultKeys {
  readonly restockSign: SigningKey
  readonly restockUnwrap: UnwrappingKey
  /** Opens our own lot records, and what else this vault closes for itself. */
  readonly stock: HolderKey
  /** MACs over lot records, and over everything else that the vault must know to be its own. */
  readonly macKey: KeyObject
  readonly supplySign: KeyObject
  readonly supplyPublic: KeyObject
  readonly root: KeyObject
  readonly rootPublic: KeyObject
  /** By operator. */
  readonly fingerprint: ReadonlyMap<OperatorId, KeyObject>
}

export interface VaultPartner {
  readonly operator: OperatorId
  readonly suite: Suite
  readonly level: number
  readonly verifyKey: KeyObject
  readonly wrapKey: KeyObject
}
