// For tests only: a vault's needs over a test database, with one centre as partner whose keys the test holds.

import { createSecretKey, type KeyObject } from 'node:crypto'
import { fileHolderKey } from '@scratchless/keys/holder-key'
import { generatePair, type KeyPair } from '@scratchless/keys/party-keys'
import { createLog } from '@scratchless/program/log'
import { systemClock } from '@scratchless/voucher/clock'
import { centreId, operatorId } from '@scratchless/voucher/ids'
import { productId } from '@scratchless/voucher/product'
import { randomBytes, systemRandom } from '@scratchless/voucher/random'
import { signingKeyOf, unwrappingKeyOf } from '@scratchless/wire/xml/rsa-keys'
import { type TestDatabase, testDatabase, testVaultDatabase } from '../../office/testing/test-database.ts'
import { OPERATOR_MIGRATIONS, OPERATOR_VAULT_MIGRATIONS } from '../src/settings.ts'
import { knowProducts } from '../src/vault/products.ts'
import { stockFileKeyOf, type VaultNeeds } from '../src/vault/vault-needs.ts'

export const ATLAS = operatorId('atlas')
export const CENTRE = centreId('centre')

export interface TestVault {
  /** Its office's books. */
  readonly database: TestDatabase
  readonly vaultDatabase: TestDatabase
  readonly needs: VaultNeeds
  /** The centre's private keys, and our public ones. */
  readonly centre: { readonly sign: KeyPair; readonly unwrap: KeyPair }
  /** Whose agreements the vault believes. */
  readonly approvers: readonly ({ readonly name: string } & KeyPair)[]
  readonly own: { readonly sign: KeyObject; readonly unwrap: KeyObject }
  addProduct(id: string, codeDigits: number, checkDigit?: 'none' | 'luhn'): Promise<void>
  drop(): Promise<void>
  /** How many rows a table of the vault's has. */
  count(table: string): Promise<number>
}

export async function testVault(): Promise<TestVault> {
  const database = await testDatabase(OPERATOR_MIGRATIONS)
  const vaultDatabase = await testVaultDatabase(OPERATOR_VAULT_MIGRATIONS)
  const [sign, unwrap] = [generatePair('restock-sign'), generatePair('restock-unwrap')]
  const centre = { sign: generatePair('restock-sign'), unwrap: generatePair('restock-unwrap') }
  const approvers = ['one', 'two'].map((name) => ({ name, ...generatePair('approval') }))
  const lotMac = createSecretKey(randomBytes(systemRandom, 32))
  const needs: VaultNeeds = {
    party: ATLAS,
    keys: {
      stock: fileHolderKey(generatePair('stock')),
      sign: signingKeyOf(sign.privateKey),
      unwrap: unwrappingKeyOf(unwrap.privateKey),
      lotMac,
      fingerprint: createSecretKey(randomBytes(systemRandom, 32)),
      stockFile: stockFileKeyOf(lotMac),
    },
    partners: new Map([
      [
        CENTRE,
        {
          party: CENTRE,
          suite: 'interop',
          level: 1,
          url: 'https://127.0.0.1:1/restock',
          verifyKey: centre.sign.publicKey,
          wrapKey: centre.unwrap.publicKey,
          tlsAuthority: '',
          tlsPin: '0'.repeat(64),
          discountBasisPoints: 600,
        },
      ],
    ]),
    approvers: new Map(approvers.map(({ name, publicKey }) => [name, publicKey])),
    pool: vaultDatabase.pool('vault'),
    books: database.pool('vault'),
    clock: systemClock,
    random: systemRandom,
    log: createLog({ program: 'test', process: 'vault', clock: systemClock, level: 'silent' }),
  }
  return {
    database,
    vaultDatabase,
    needs,
    centre,
    approvers,
    own: { sign: sign.publicKey, unwrap: unwrap.publicKey },
    async addProduct(id, codeDigits, checkDigit = 'none') {
      await database.pool('api').query(
        `INSERT INTO product (id, currency, face_value_minor, public_price_minor, tax_minor, net_credit_minor,
                              code_digits, check_digit, validity_days, refill_template, added_at)
         VALUES ($1, 'TND', 5000, 5000, 300, 4700, $2, $3, 365, '*123*{code}#', now())`,
        [id, codeDigits, checkDigit],
      )
      await knowProducts(needs, [{ id: productId(id), codeDigits, checkDigit }])
    },
    async drop() {
      await Promise.all([database.drop(), vaultDatabase.drop()])
    },
    async count(table) {
      const { rows } = await vaultDatabase.pool('owner').query(`SELECT count(*)::int AS n FROM ${table}`)
      return rows[0].n
    },
  }
}
