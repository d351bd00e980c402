// What the vault's main thread and its workers work with: keys, partners' public keys, the vault's own database
// role. Each thread opens the keys itself, so that no key is ever sent anywhere.

import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { fileHolderKey, type HolderKey } from '@scratchless/keys/holder-key'
import type { KeyFolder } from '@scratchless/keys/party-keys'
import { connectTokenKeys } from '@scratchless/keys/pkcs11-keys'
import { createPool, type Pool } from '@scratchless/office/database/database'
import type { ApproverRing } from '@scratchless/office/staff/approval'
import type { Log } from '@scratchless/program/log'
import type { Clock } from '@scratchless/voucher/clock'
import type { CentreId, OperatorId } from '@scratchless/voucher/ids'
import type { Random } from '@scratchless/voucher/random'
import type { RestockSigning, RestockVerifying } from '@scratchless/wire/restock/restock-partner'
import {
  type SigningKey,
  signingKeyOf,
  tokenSigningKey,
  tokenUnwrappingKey,
  type UnwrappingKey,
  unwrappingKeyOf,
} from '@scratchless/wire/xml/rsa-keys'
import type { RestockPartnerSettings } from '../restock/partner-settings.ts'
import type { OperatorVaultSettings } from '../settings.ts'

export interface VaultKeys {
  /** We are the holder of our own stock: this opens its lot records. */
  readonly stock: HolderKey
  readonly sign: SigningKey
  readonly unwrap: UnwrappingKey
  readonly lotMac: KeyObject
  readonly fingerprint: KeyObject
  /** Tags stock files, so that the same one is known again. */
  readonly stockFile: KeyObject
}

export interface VaultNeeds {
  readonly party: OperatorId
  readonly keys: VaultKeys
  readonly partners: ReadonlyMap<CentreId, RestockPartnerSettings>
  readonly approvers: ApproverRing
  /** The vault's own database. */
  readonly pool: Pool
  /** The office's books, of which the vault reads the audit chain's head and nothing else. */
  readonly books: Pool
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** The main thread's few small transactions; a worker runs one job at a time and so needs one connection. */
export const MAIN_CONNECTIONS = 4
export const WORKER_CONNECTIONS = 2

/** Opens the vault's keys. Throws a KeyProblem. */
export async function loadVaultNeeds(
  settings: OperatorVaultSettings,
  keys: KeyFolder,
  outside: { clock: Clock; random: Random; log: Log; connections: number },
): Promise<VaultNeeds> {
  const { party } = settings
  const [rsa, lotMac, fingerprint] = await Promise.all([
    loadRsaKeys(settings, keys),
    keys.secret('lot-mac'),
    keys.secret(`fingerprint-${party}`),
  ])
  return {
    party,
    keys: {
      ...rsa,
      lotMac,
      fingerprint,
      stockFile: stockFileKeyOf(lotMac),
    },
    partners: new Map(settings.partners.map((partner) => [partner.party, partner])),
    approvers: new Map(settings.approvers.map(({ name, publicKey }) => [name, publicKey])),
    pool: createPool({
      url: settings.databaseUrl,
      max: outside.connections,
      name: `${party} vault`,
      log: outside.log,
    }),
    books: createPool({ url: settings.booksUrl, max: 1, name: `${party} vault`, log: outside.log }),
    clock: outside.clock,
    random: outside.random,
    log: outside.log,
  }
}

async function loadRsaKeys(
  { token }: OperatorVaultSettings,
  keys: KeyFolder,
): Promise<Pick<VaultKeys, 'stock' | 'sign' | 'unwrap'>> {
  if (token !== undefined) {
    const inToken = connectTokenKeys(token, await keys.secret('token-pin'))
    return {
      stock: inToken.holder('stock'),
      sign: tokenSigningKey(inToken.signer('restock-sign')),
      unwrap: tokenUnwrappingKey(inToken.holder('restock-unwrap')),
    }
  }
  const [stock, sign, unwrap] = await Promise.all([
    keys.pair('stock'),
    keys.pair('restock-sign'),
    keys.pair('restock-unwrap'),
  ])
  return {
    stock: fileHolderKey(stock),
    sign: signingKeyOf(sign.privateKey),
    unwrap: unwrappingKeyOf(unwrap.privateKey),
  }
}

/** One key, one purpose: derived from the vault's MAC key by a label (HMAC as a key derivation, NIST SP 800-108). */
export function stockFileKeyOf(lotMac: KeyObject): KeyObject {
  const bytes = createHmac('sha256', lotMac).update('scratchless stock file tag 1').digest()
  try {
    return createSecretKey(bytes)
  } finally {
    bytes.fill(0)
  }
}

/** Whose message is opened and by which keys; null for a party that is no partner. */
export function verifyingFor(needs: VaultNeeds, partner: CentreId): RestockVerifying | null {
  const known = needs.partners.get(partner)
  if (known === undefined) return null
  return {
    partner: { id: known.party, suite: known.suite, level: known.level, verifyKey: known.verifyKey },
    self: needs.party,
    unwrappingKey: needs.keys.unwrap,
  }
}

/** For whom a message is closed. The holder is named; his key comes from the vault's own ring. */
export function closingFor(needs: VaultNeeds, partner: CentreId): RestockSigning | null {
  const known = needs.partners.get(partner)
  if (known === undefined) return null
  return {
    suite: known.suite,
    level: known.level,
    signingKey: needs.keys.sign,
    receiverKey: known.wrapKey,
    random: needs.random,
  }
}
