// A vendor card on SoftHSM2, Debian's software token.

import { constants, createHmac, publicEncrypt, randomBytes } from 'node:crypto'
import { cardId } from '@scratchless/voucher/ids'
import { afterAll, beforeAll, expect } from 'vitest'
import { insertPkcs11Card } from './pkcs11-card.ts'
import { issueTokenCard, makeTokens, SOFTHSM_LIBRARY, softhsmTest } from './testing/softhsm.ts'

const PIN = '4711-0815'
const VENDOR = { library: SOFTHSM_LIBRARY, label: 'vendor' }
const id = cardId('C0000042')
let tokens: ReturnType<typeof makeTokens>

beforeAll(() => {
  tokens = makeTokens(['vendor'], PIN)
})
afterAll(() => tokens.drop())

softhsmTest(
  'SoftHSM2 (skipped where it, a compiler or the driver is missing) derives a code’s key inside the token',
  async () => {
    issueTokenCard(VENDOR, PIN, id)
    const card = insertPkcs11Card({ ...VENDOR, triesFolder: tokens.folder })
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
    expect(card.triesLeft()).toBe(2)
    expect(await card.verifyPin(Buffer.from('00000000'))).toBe('wrong-pin')
    expect(await card.verifyPin(Buffer.from('00000000'))).toBe('blocked')
    expect(card.triesLeft()).toBe(0)
    // The token would still take the right one; our own counter holds.
    expect(await card.verifyPin(Buffer.from(PIN))).toBe('blocked')
  },
)
