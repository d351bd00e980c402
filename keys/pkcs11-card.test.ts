// A vendor card on SoftHSM2, Debian's software token.

import { execFileSync, spawnSync } from 'node:child_process'
import { constants, createHmac, publicEncrypt, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cardId } from '@scratchless/voucher/ids'
import type pkcs11 from 'pkcs11js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPkcs11Card } from './pkcs11-card.ts'

const LIBRARY = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so'].find(
  existsSync,
)
const require = createRequire(import.meta.url)
const installed =
  LIBRARY !== undefined && spawnSync('softhsm2-util', ['--version']).status === 0 && compiled()
// Where peers are required, a missing one fails the tests instead of leaving them out.
const peerTest = test.skipIf(!installed && process.env.PEERS !== 'required')

function compiled(): boolean {
  try {
    require('pkcs11js')
    return true
  } catch {
    return false // the tests below name what they were skipped for
  }
}

const PIN = '4711-0815'
const id = cardId('C0000042')
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'softhsm-'))
  if (!installed) return
  mkdirSync(join(folder, 'tokens'))
  writeFileSync(
    join(folder, 'softhsm2.conf'),
    `directories.tokendir = ${join(folder, 'tokens')}\nlog.level = ERROR\n`,
  )
  process.env.SOFTHSM2_CONF = join(folder, 'softhsm2.conf')
  execFileSync(
    'softhsm2-util',
    ['--init-token', '--free', '--label', 'vendor', '--pin', PIN, '--so-pin', '12345678'],
    { stdio: 'pipe' },
  )
  issueKey()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What the centre's card desk does: the pair is made inside the token and cannot be extracted. */
function issueKey() {
  const driver = require('pkcs11js') as typeof pkcs11
  const token = new driver.PKCS11()
  token.load(LIBRARY!)
  token.C_Initialize()
  const slot = token.C_GetSlotList(true).find((one) => token.C_GetTokenInfo(one).label.startsWith('vendor'))!
  const session = token.C_OpenSession(slot, driver.CKF_SERIAL_SESSION | driver.CKF_RW_SESSION)
  token.C_Login(session, driver.CKU_USER, PIN)
  token.C_GenerateKeyPair(
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
  token.C_Logout(session)
  token.C_CloseSession(session)
  token.C_Finalize()
  token.close()
}

peerTest(
  'SoftHSM2 (skipped where it, a compiler or the driver is missing) derives a code’s key inside the token',
  async () => {
    const card = openPkcs11Card({ library: LIBRARY!, tokenLabel: 'vendor', id, triesFolder: folder })
    const safeKey = randomBytes(32)
    const wrapped = publicEncrypt(
      { key: card.publicKey, oaepHash: 'sha1', padding: constants.RSA_PKCS1_OAEP_PADDING },
      safeKey,
    )
    const context = Buffer.from('one code')

    expect(card.openSafe(wrapped, 'sha1')).toBe('locked')
    expect(await card.verifyPin(Buffer.from(PIN))).toBe('right')
    const safe = card.openSafe(wrapped, 'sha1')
    if (typeof safe === 'string') throw new Error(safe)
    expect(
      safe.deriveKey(context).export().equals(createHmac('sha256', safeKey).update(context).digest()),
    ).toBe(true)

    safe.forget()

    const foreign = Buffer.from(wrapped)
    foreign[5]! ^= 1
    expect(card.openSafe(foreign, 'sha1')).toBe('not-for-this-card')

    card.lock()
    expect(card.openSafe(wrapped, 'sha1')).toBe('locked')
    expect(await card.verifyPin(Buffer.from('00000000'))).toBe('wrong-pin')
    expect(await card.verifyPin(Buffer.from('00000000'))).toBe('wrong-pin')
    expect(await card.verifyPin(Buffer.from('00000000'))).toBe('blocked')
    // The token would still take the right one; our own counter holds.
    expect(await card.verifyPin(Buffer.from(PIN))).toBe('blocked')
  },
)
