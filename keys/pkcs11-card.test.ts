// A vendor card on SoftHSM2, Debian's software token.

import { constants, createHmac, publicEncrypt, randomBytes } from 'node:crypto'
import { cardId } from '@scratchless/voucher/ids'
import { afterAll, beforeAll, expect } from 'vitest'
import { insertPkcs11Card } from './pkcs11-card.ts'
import { connectToken } from './pkcs11-token.ts'
import { makeTokens, SOFTHSM_LIBRARY, softhsmTest } from './testing/softhsm.ts'

const PIN = '4711-0815'
const VENDOR = { library: SOFTHSM_LIBRARY, label: 'vendor' }
const id = cardId('C0000042')
let tokens: ReturnType<typeof makeTokens>

beforeAll(() => {
  tokens = makeTokens(['vendor'], PIN)
})
afterAll(() => tokens.drop())

/** What the centre does when it issues a card: the pair is made inside the token and cannot be extracted. */
function issueKey() {
  const { driver, module, session } = connectToken(VENDOR)
  module.C_Login(session, driver.CKU_USER, PIN)
  module.C_GenerateKeyPair(
    session,
    { mechanism: driver.CKM_RSA_PKCS_KEY_PAIR_GEN },
    [
      { type: driver.CKA_LABEL, value: id },
      { type: driver.CKA_TOKEN, value: true },
      { type: driver.CKA_WRAP, value: true },
      { type: driver.CKA_MODULUS_BITS, value: 2048 },
      { type: driver.CKA_PUBLIC_EXPONENT, value: Buffer.from([1, 0, 1]) },
    ],
    [
      { type: driver.CKA_LABEL, value: id },
      { type: driver.CKA_TOKEN, value: true },
      { type: driver.CKA_PRIVATE, value: true },
      { type: driver.CKA_SENSITIVE, value: true },
      { type: driver.CKA_EXTRACTABLE, value: false },
      { type: driver.CKA_UNWRAP, value: true },
      { type: driver.CKA_DECRYPT, value: false },
      { type: driver.CKA_SIGN, value: false },
    ],
  )
  module.C_Logout(session)
  module.C_CloseSession(session)
}

softhsmTest(
  'SoftHSM2 (skipped where it, a compiler or the driver is missing) derives a code’s key inside the token',
  async () => {
    issueKey()
    const card = insertPkcs11Card({ ...VENDOR, id, triesFolder: tokens.folder })
    const safeKey = randomBytes(32)
    const wrapped = publicEncrypt(
      { key: card.publicKey, oaepHash: 'sha1', padding: constants.RSA_PKCS1_OAEP_PADDING },
      safeKey,
    )
    const context = Buffer.from('one code')

    expect(card.unwrapSafeKey(wrapped, 'sha1')).toBe('locked')
    expect(await card.verifyPin(Buffer.from(PIN))).toBe('right')
    const safe = card.unwrapSafeKey(wrapped, 'sha1')
    if (typeof safe === 'string') throw new Error(safe)
    expect(
      safe.deriveKey(context).export().equals(createHmac('sha256', safeKey).update(context).digest()),
    ).toBe(true)

    safe.forget()

    const foreign = Buffer.from(wrapped)
    foreign[5]! ^= 1
    expect(card.unwrapSafeKey(foreign, 'sha1')).toBe('not-for-this-card')

    card.lock()
    expect(card.unwrapSafeKey(wrapped, 'sha1')).toBe('locked')
    expect(await card.verifyPin(Buffer.from('00000000'))).toBe('wrong-pin')
    expect(await card.verifyPin(Buffer.from('00000000'))).toBe('wrong-pin')
    expect(await card.verifyPin(Buffer.from('00000000'))).toBe('blocked')
    // The token would still take the right one; our own counter holds.
    expect(await card.verifyPin(Buffer.from(PIN))).toBe('blocked')
  },
)
