// Puts the vault together: keys from their folder, the ring from the settings, the verbs on top.

import { fileHolderKey } from '@scratchless/keys/holder-key'
import type { KeyFolder } from '@scratchless/keys/party-keys'
import { connectTokenKeys } from '@scratchless/keys/pkcs11-keys'
import { createPool } from '@scratchless/office/database/database'
import { behindSchemas } from '@scratchless/office/vault/verb-door'
import type { Log } from '@scratchless/program/log'
import type { Clock } from '@scratchless/voucher/clock'
import type { Random } from '@scratchless/voucher/random'
import {
  signingKeyOf,
  tokenSigningKey,
  tokenUnwrappingKey,
  unwrappingKeyOf,
} from '@scratchless/wire/xml/rsa-keys'
import type { CentreSettings, CentreVaultSettings } from '../settings.ts'
import { createKeyCache } from './key-cache.ts'
import type { UnwrapSource } from './restock-jobs.ts'
import { createRestockWorker } from './restock-worker-line.ts'
import type { VaultKeys } from './vault-keys.ts'
import type { VaultNeeds } from './vault-needs.ts'
import { vaultVerbs } from './vault-verbs.ts'
import { CENTRE_VERB_ARGUMENTS } from './verb-arguments.ts'
import type { VaultVerbs } from './verbs.ts'

interface StartedVault {
  readonly verbs: VaultVerbs
  stop(): Promise<void>
}

/** Opens every key and returns the verbs. Throws a KeyProblem where a key is missing. */
export async function startVault(
  settings: Pick<
    CentreVaultSettings,
    'party' | 'token' | 'databaseUrl' | 'booksUrl' | 'partners' | 'approvers' | 'ceilings' | 'epochDays'
  >,
  keyFolder: KeyFolder,
  process: { clock: Clock; random: Random; log: Log },
): Promise<StartedVault> {
  const { party: centre, ceilings, epochDays } = settings
  const { unwrapSource, ...keys } = await openKeys(settings, keyFolder)
  const pool = createPool({ url: settings.databaseUrl, name: `${centre} vault`, log: process.log })
  const books = createPool({ url: settings.booksUrl, max: 2, name: `${centre} vault`, log: process.log })
  const partners = settings.partners.map(({ party, suite, level, verifyKey, wrapKey }) => ({
    operator: party,
    suite,
    level,
    verifyKey,
    wrapKey,
  }))
  const restockWorker = createRestockWorker(
    {
      centre,
      partners,
      keys: {
        unwrapSource,
        stock: { publicKey: keys.stock.publicKey, oaepHash: keys.stock.oaepHash },
        macKey: keys.macKey,
        fingerprint: keys.fingerprint,
      },
    },
    process.log,
  )
  const needs: VaultNeeds = {
    ...process,
    pool,
    books,
    centre,
    keys,
    partners: new Map(partners.map((partner) => [partner.operator, partner])),
    approvers: new Map(settings.approvers.map(({ name, publicKey }) => [name, publicKey])),
    ceilings,
    epochDays,
    signers: new Map(),
    cache: createKeyCache(),
    certificates: createKeyCache(),
    restockWorker,
  }
  return {
    verbs: behindSchemas(vaultVerbs(needs), CENTRE_VERB_ARGUMENTS),
    async stop() {
      await restockWorker.stop()
      await Promise.all([pool.end(), books.end()])
    },
  }
}

async function openKeys(
  settings: Pick<CentreSettings, 'token' | 'partners'>,
  folder: KeyFolder,
): Promise<VaultKeys & { unwrapSource: UnwrapSource }> {
  const { partners } = settings
  const [rsa, supplySign, root, macKey, ...fingerprints] = await Promise.all([
    loadRsaKeys(settings, folder),
    folder.pair('supply-sign'),
    folder.pair('root'),
    folder.secret('lot-mac'),
    ...partners.map(({ party }) => folder.secret(`fingerprint-${party}`)),
  ])
  return {
    ...rsa,
    macKey,
    supplySign: supplySign.privateKey,
    supplyPublic: supplySign.publicKey,
    root: root.privateKey,
    rootPublic: root.publicKey,
    fingerprint: new Map(partners.map(({ party }, index) => [party, fingerprints[index]!])),
  }
}

async function loadRsaKeys(
  { token }: Pick<CentreSettings, 'token'>,
  folder: KeyFolder,
): Promise<Pick<VaultKeys, 'restockSign' | 'restockUnwrap' | 'stock'> & { unwrapSource: UnwrapSource }> {
  if (token !== undefined) {
    const pin = await folder.secret('token-pin')
    const inToken = connectTokenKeys(token, pin)
    return {
      restockSign: tokenSigningKey(inToken.signer('restock-sign')),
      restockUnwrap: tokenUnwrappingKey(inToken.holder('restock-unwrap')),
      stock: inToken.holder('stock'),
      unwrapSource: { token, pin },
    }
  }
  const [sign, unwrap, stock] = await Promise.all([
    folder.pair('restock-sign'),
    folder.pair('restock-unwrap'),
    folder.pair('stock'),
  ])
  return {
    restockSign: signingKeyOf(sign.privateKey),
    restockUnwrap: unwrappingKeyOf(unwrap.privateKey),
    stock: fileHolderKey(stock),
    unwrapSource: { privateKey: unwrap.privateKey },
  }
}
