// An office's RSA keys on SoftHSM2.

import { constants, createSecretKey, publicEncrypt, randomBytes, verify } from 'node:crypto'
import { join } from 'node:path'
import { systemRandom } from '@scratchless/voucher/random'
import { afterAll, beforeAll, expect } from 'vitest'
import { wrapForHolder } from './holder-key.ts'
import { KeyProblem, keepTokenPin, readPublicKey, unlockKeyFolder } from './party-keys.ts'
import { connectTokenKeys, makeTokenKeys } from './pkcs11-keys.ts'
import { connectToken, findRsaKey } from './pkcs11-token.ts'
import { makeTokens, SOFTHSM_LIBRARY, softhsmTest } from './testing/softhsm.ts'

const PIN = '4711-0815'
const OFFICE = { library: SOFTHSM_LIBRARY, label: 'office' }
const EMPTY = { library: SOFTHSM_LIBRARY, label: 'empty' }
const pin = (text = PIN) => createSecretKey(Buffer.from(text))
let tokens: ReturnType<typeof makeTokens>

beforeAll(() => {
  tokens = makeTokens(['office', 'empty'], PIN)
})
afterAll(() => tokens.drop())

softhsmTest(
  'SoftHSM2 (skipped where it, a compiler or the driver is missing) signs and opens for an office, and keeps its keys',
  async () => {
    const folder = join(tokens.folder, 'keys')
    await expect(async () => connectTokenKeys(OFFICE, pin('0000'))).rejects.toThrow(
      new KeyProblem('The token "office" does not take the PIN: CKR_PIN_INCORRECT.'),
    )
    makeTokenKeys(OFFICE, pin(), folder)
    const made = readPublicKey(folder, 'stock')
    makeTokenKeys(OFFICE, pin(), folder)
    expect(readPublicKey(folder, 'stock').equals(made)).toBe(true)
    await keepTokenPin(folder, Buffer.from(PIN), { random: systemRandom, passphrase: Buffer.from('open') })
    const keys = connectTokenKeys(
      OFFICE,
      await unlockKeyFolder(folder, Buffer.from('open')).secret('token-pin'),
    )

    const content = randomBytes(10_000)
    const signature = keys.signer('restock-sign').sign(content)
    expect(verify('sha256', content, readPublicKey(folder, 'restock-sign'), signature)).toBe(true)

    for (const [purpose, other] of [
      ['restock-unwrap', 'stock'],
      ['stock', 'restock-unwrap'],
    ] as const) {
      const holder = keys.holder(purpose)
      expect(holder.publicKey.equals(readPublicKey(folder, purpose))).toBe(true)
      // A content key, and the two keys of an enrolment.
      for (const size of [32, 64]) {
        const secret = randomBytes(size)
        const closed = wrapForHolder(holder, secret)
        expect(holder.open(closed)?.export().equals(secret)).toBe(true)
        expect(keys.holder(other).open(closed)).toBe(null)
        closed[5]! ^= 1
        expect(holder.open(closed)).toBe(null)
        const oaep = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }
        expect(holder.open(publicEncrypt({ key: holder.publicKey, ...oaep }, secret))).toBe(null)
        expect(holder.open(closed.subarray(1))).toBe(null)
      }
    }

    expect(attributesOf('restock-sign')).toEqual({ ...kept, CKA_SIGN: true, CKA_UNWRAP: false })
    expect(attributesOf('restock-unwrap')).toEqual({ ...kept, CKA_SIGN: false, CKA_UNWRAP: true })
    expect(attributesOf('stock')).toEqual({ ...kept, CKA_SIGN: false, CKA_UNWRAP: true })
  },
)

const kept = {
  CKA_SENSITIVE: true,
  CKA_ALWAYS_SENSITIVE: true,
  CKA_EXTRACTABLE: false,
  CKA_NEVER_EXTRACTABLE: true,
  CKA_LOCAL: true,
  CKA_PRIVATE: true,
  CKA_DECRYPT: false,
  CKA_SIGN_RECOVER: false,
} as const

function attributesOf(purpose: string) {
  const token = connectToken(OFFICE)
  const { driver, module, session } = token
  const key = findRsaKey(token, 'private', purpose)!
  const isSet = (type: number) =>
    (module.C_GetAttributeValue(session, key, [{ type }])[0]!.value as Buffer)[0] === 1
  const names = [...(Object.keys(kept) as (keyof typeof kept)[]), 'CKA_SIGN', 'CKA_UNWRAP'] as const
  return Object.fromEntries(names.map((name) => [name, isSet(driver[name])]))
}

softhsmTest('a token of SoftHSM2 that is not as it should be is one sentence', () => {
  const problem = (text: string) => new KeyProblem(text)
  expect(() => connectTokenKeys({ ...OFFICE, library: '/no/such.so' }, pin())).toThrow(
    problem('There is no PKCS#11 library "/no/such.so".'),
  )
  expect(() => connectTokenKeys({ ...OFFICE, label: 'elsewhere' }, pin())).toThrow(
    problem('There is no token "elsewhere": insert it.'),
  )
  const empty = connectTokenKeys(EMPTY, pin())
  expect(() => empty.signer('restock-sign')).toThrow(problem('The token "empty" has no key "restock-sign".'))

  const loose = connectToken(EMPTY)
  const { driver, module, session } = loose
  const label = { type: driver.CKA_LABEL, value: 'stock' }
  module.C_GenerateKeyPair(
    session,
    { mechanism: driver.CKM_RSA_PKCS_KEY_PAIR_GEN },
    [label, { type: driver.CKA_MODULUS_BITS, value: 2048 }],
    [label, { type: driver.CKA_UNWRAP, value: true }, { type: driver.CKA_DECRYPT, value: true }],
  )
  expect(() => empty.holder('stock')).toThrow(
    problem('The key "stock" of the token "empty" may leave it, or may do more than unwrap.'),
  )

  const holder = connectTokenKeys(OFFICE, pin()).holder('stock')
  const closed = wrapForHolder(holder, randomBytes(32))
  // As when it is pulled out.
  const office = connectToken(OFFICE)
  office.module.C_Logout(office.session)
  expect(() => holder.open(closed)).toThrow('The token "office" does not answer: CKR_')
})
