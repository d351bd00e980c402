// Keys and cards in tokens: the same acts and refusals on SoftHSM2 and on a double of it, and on the double alone what
// cannot be done to a real token.

import * as crypto from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cardId } from '@scratchless/voucher/ids'
import type pkcs11 from 'pkcs11js'
import { afterAll, beforeAll, beforeEach, describe, expect, it, test, vi } from 'vitest'
import { pkcs11CardSlot } from './card-slot.ts'
import { wrapForHolder } from './holder-key.ts'
import { KeyProblem, readPublicKey } from './party-keys.ts'
import { insertPkcs11Card } from './pkcs11-card.ts'
import { connectTokenKeys, makeTokenKeys } from './pkcs11-keys.ts'
import { connectToken, findRsaKey, labelsOfRsaKeys, type Token, type TokenAddress } from './pkcs11-token.ts'
import { makeTokens, SOFTHSM_LIBRARY, softhsmTest } from './testing/softhsm.ts'
import { type TokenDouble, tokenDouble } from './testing/token-double.ts'

/** Which driver `require` finds: a double, SoftHSM2's real one (undefined), or none. */
const chosen = vi.hoisted(() => ({ driver: undefined as object | null | undefined }))
vi.mock(import('node:module'), async (original) => {
  const real = await original()
  const createRequire = (from: string | URL) =>
    Object.assign((id: string) => {
      if (id !== 'pkcs11js' || chosen.driver === undefined) return real.createRequire(from)(id)
      if (chosen.driver === null) throw new Error('Cannot find module ./build/Release/pkcs11.node')
      return chosen.driver
    }, real.createRequire(from))
  return { ...real, createRequire: createRequire as typeof real.createRequire }
})
vi.mock(import('node:crypto'), async (original) => {
  const real = await original()
  return { ...real, createSecretKey: vi.fn(real.createSecretKey) as unknown as typeof real.createSecretKey }
})

const PIN = '4711-0815'
const ID = cardId('C0000042')
const CONTEXT = Buffer.from('one code')
const OAEP = crypto.constants.RSA_PKCS1_OAEP_PADDING
const pin = (text = PIN) => Buffer.from(text)
const secretPin = (text = PIN) => crypto.createSecretKey(Buffer.from(text))
const isZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0)
const problem = (text: string) => new KeyProblem(text)
const wrap = (key: crypto.KeyObject, bytes: Uint8Array, oaepHash = 'sha1') =>
  crypto.publicEncrypt({ key, oaepHash, padding: OAEP }, bytes)
const hmac = (key: Uint8Array) => crypto.createHmac('sha256', key).update(CONTEXT).digest()
const handed = () => vi.mocked(crypto.createSecretKey).mock.calls.map(([bytes]) => bytes as unknown as Buffer)

/** What may be said of a private key when it is made; what is left out stays as a token would have it. */
const KEPT = {
  CKA_PRIVATE: true,
  CKA_SENSITIVE: true,
  CKA_EXTRACTABLE: false,
  CKA_SIGN: false,
  CKA_UNWRAP: true,
  CKA_DECRYPT: false,
}
type Uses = Partial<Record<keyof typeof KEPT, boolean>>

/** Makes a pair in a token, as the centre's card desk or a careless hand does; the token is logged in. */
function generate({ driver, module, session }: Token, label: string, uses: Uses = {}) {
  const common = [
    { type: driver.CKA_LABEL, value: label },
    { type: driver.CKA_TOKEN, value: true },
  ]
  return module.C_GenerateKeyPair(
    session,
    { mechanism: driver.CKM_RSA_PKCS_KEY_PAIR_GEN },
    [...common, { type: driver.CKA_PRIVATE, value: false }, { type: driver.CKA_MODULUS_BITS, value: 2048 }],
    [
      ...common,
      ...Object.entries({ ...KEPT, ...uses }).map(([name, value]) => ({
        type: driver[name as keyof typeof KEPT],
        value,
      })),
    ],
  )
}

/** Every secret key that is in the token now, by what may be done with it. */
function secretsIn({ driver, module, session }: Token) {
  module.C_FindObjectsInit(session, [{ type: driver.CKA_CLASS, value: driver.CKO_SECRET_KEY }])
  const found: Record<string, boolean>[] = []
  for (let next = module.C_FindObjects(session); next; next = module.C_FindObjects(session)) {
    const names = ['CKA_TOKEN', 'CKA_SENSITIVE', 'CKA_EXTRACTABLE', 'CKA_SIGN'] as const
    const given = module.C_GetAttributeValue(
      session,
      next,
      names.map((name) => ({ type: driver[name] })),
    )
    found.push(Object.fromEntries(names.map((name, at) => [name, (given[at]!.value as Buffer)?.[0] === 1])))
  }
  module.C_FindObjectsFinal(session)
  return found
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pkcs11-'))
})
afterAll(() => rmSync(folder, { recursive: true }))
beforeEach(() => {
  vi.clearAllMocks()
})

const LABELS = ['vendor', 'office', 'loose', 'empty'] as const
type Label = (typeof LABELS)[number]

/** The same tests for both. They share their tokens and follow one another. */
function tokensBehave(run: typeof softhsmTest, open: () => { library: string; drop(): void }): void {
  let library: string
  let drop: () => void
  beforeAll(() => {
    ;({ library, drop } = open())
    return () => drop()
  })
  const address = (label: string): TokenAddress => ({ library, label })
  const triesFolder = () => join(folder, library.replaceAll('/', '_'))
  const counter = () => readFileSync(join(triesFolder(), `${ID}.wrong-pins`), 'utf8')
  const setCounter = (text: string) => writeFileSync(join(triesFolder(), `${ID}.wrong-pins`), text)
  const insert = () => insertPkcs11Card({ ...address('vendor'), triesFolder: triesFolder() })
  /** Logs in for a test of its own and out again, so that the next begins as at the start. */
  function loggedIn<Result>(label: Label, act: (token: Token) => Result): Result {
    const token = connectToken(address(label))
    token.module.C_Login(token.session, token.driver.CKU_USER, PIN)
    try {
      return act(token)
    } finally {
      token.module.C_Logout(token.session)
    }
  }

  run('a token, its driver or its library that is not there is one sentence', () => {
    expect(() => connectToken({ ...address('vendor'), library: '/no/such.so' })).toThrow(
      problem('There is no PKCS#11 library "/no/such.so".'),
    )
    expect(() => connectToken(address('vendo'))).toThrow(problem('There is no token "vendo": insert it.'))
    expect(connectToken(address('vendor')).label).toBe('vendor')
    // A second thread of this process finds everything set up.
    expect(connectToken(address('office')).label).toBe('office')
    const none = problem('The token "vendor" is no vendor card: no key of it has a card\'s number.')
    expect(insert).toThrow(none)
    // Nor is it one with another key; both stay where they are.
    loggedIn('vendor', (token) => void generate(token, 'CARD'))
    expect(insert).toThrow(none)
    expect(existsSync(triesFolder())).toBe(false)
  })

  run('a card counts, and derives the key of one code inside the token', async () => {
    loggedIn('vendor', (token) => void generate(token, ID))
    const card = insert()
    expect([card.id, card.class, counter(), card.triesLeft()]).toEqual([ID, 'pkcs11', '0\n', 3])
    expect(statSync(triesFolder()).mode & 0o777).toBe(0o700)
    const safeKey = crypto.randomBytes(32)
    const wrapped = wrap(card.publicKey, safeKey)

    expect(card.unwrapSafeKey(wrapped, 'sha1')).toBe('locked')
    const given = pin()
    expect(await card.verifyPin(given)).toBe('right')
    expect(isZero(given)).toBe(true)
    const safe = card.unwrapSafeKey(wrapped, 'sha1')
    if (typeof safe === 'string') throw new Error(safe)
    const watching = connectToken(address('vendor'))
    expect(secretsIn(watching)).toEqual([
      { CKA_TOKEN: false, CKA_SENSITIVE: true, CKA_EXTRACTABLE: false, CKA_SIGN: true },
    ])
    vi.mocked(crypto.createSecretKey).mockClear()
    expect(safe.deriveKey(CONTEXT).export()).toEqual(hmac(safeKey))
    expect(handed()).toEqual([Buffer.alloc(32)])
    safe.forget()
    expect(secretsIn(watching)).toEqual([])

    const foreign = Buffer.from(wrapped)
    foreign[5]! ^= 1
    expect(card.unwrapSafeKey(foreign, 'sha1')).toBe('not-for-this-card')
    expect(card.unwrapSafeKey(wrapped.subarray(1), 'sha1')).toBe('not-for-this-card')
    expect(card.unwrapSafeKey(wrap(card.publicKey, safeKey, 'sha256'), 'sha1')).toBe('not-for-this-card')
    // SoftHSM2 knows OAEP with SHA-1 only.
    expect(card.unwrapSafeKey(wrap(card.publicKey, safeKey, 'sha256'), 'sha256')).toBe('not-for-this-card')

    // Whoever gives the PIN again is right again; pulled out, nothing opens, and that may happen twice.
    expect(await card.verifyPin(pin())).toBe('right')
    card.lock()
    card.lock()
    expect(card.unwrapSafeKey(wrapped, 'sha1')).toBe('locked')
  })

  run('three wrong PINs block a card, in one life or three, and a wrong one locks it at once', async () => {
    const card = insert()
    const wrapped = wrap(card.publicKey, crypto.randomBytes(32))
    expect(await card.verifyPin(pin())).toBe('right')
    const wrong = pin('00000000')
    expect(await card.verifyPin(wrong)).toBe('wrong-pin')
    expect([isZero(wrong), counter(), card.triesLeft()]).toEqual([true, '1\n', 2])
    expect(card.unwrapSafeKey(wrapped, 'sha1')).toBe('locked')
    expect(await insert().verifyPin(pin('00000000'))).toBe('wrong-pin')
    expect(await card.verifyPin(pin())).toBe('right')
    expect(counter()).toBe('0\n')
    card.lock()
    for (const said of ['wrong-pin', 'wrong-pin', 'blocked', 'blocked'])
      expect(await insert().verifyPin(pin('00000000'))).toBe(said)
    // The token would still take the right one; our own counter holds, also for a card that is inserted again.
    const right = pin()
    expect(await insert().verifyPin(right)).toBe('blocked')
    expect([isZero(right), counter(), card.triesLeft()]).toEqual([true, '3\n', 0])
    for (const unreadable of ['', 'x', '-1', '10', '1 1', '1x', 'x1']) {
      setCounter(unreadable)
      expect([insert().triesLeft(), await insert().verifyPin(pin())]).toEqual([0, 'blocked'])
    }
    setCounter('2\n')
    expect(await card.verifyPin(pin())).toBe('right')
    card.lock()
  })

  run('a card whose key was taken away opens nothing', async () => {
    loggedIn('loose', (token) => void generate(token, ID))
    const card = insertPkcs11Card({ ...address('loose'), triesFolder: triesFolder() })
    expect(await card.verifyPin(pin())).toBe('right')
    const token = connectToken(address('loose'))
    token.module.C_DestroyObject(token.session, findRsaKey(token, 'private', ID)!)
    expect(card.unwrapSafeKey(wrap(card.publicKey, crypto.randomBytes(32)), 'sha1')).toBe('not-for-this-card')
    card.lock()
  })

  run('a reader shows the card of its own token for as long as it is in, and no other', async () => {
    const look = (label: string) => pkcs11CardSlot({ ...address(label), triesFolder: triesFolder() }).look()
    const slot = pkcs11CardSlot({ ...address('vendor'), triesFolder: triesFolder() })
    const card = slot.look()
    expect(card?.id).toBe(ID)
    expect(slot.look()).toBe(card)
    expect([look('empty'), look('nowhere')]).toEqual([null, null])
    const nowhere = pkcs11CardSlot({ library: '/no/such.so', label: 'vendor', triesFolder: triesFolder() })
    expect(() => nowhere.look()).toThrow(problem('There is no PKCS#11 library "/no/such.so".'))
  })

  run('an office makes the keys that its token lacks, and leaves the others', () => {
    const place = join(folder, `keys${library.replaceAll('/', '_')}`)
    const wrong = secretPin('0000')
    expect(() => makeTokenKeys(address('office'), wrong, place)).toThrow(
      problem('The token "office" does not take the PIN: CKR_PIN_INCORRECT.'),
    )
    expect(existsSync(place)).toBe(false)
    const exported = secretPin()
    const exports = vi.spyOn(exported, 'export')
    makeTokenKeys(address('office'), exported, place)
    expect(exports.mock.results.map(({ value }) => value)).toEqual([Buffer.alloc(PIN.length)])
    expect(statSync(place).mode & 0o777).toBe(0o700)
    expect(readdirSync(place).sort()).toEqual(['restock-sign.pub', 'restock-unwrap.pub', 'stock.pub'])
    const made = (['restock-sign', 'restock-unwrap', 'stock'] as const).map((purpose) =>
      readPublicKey(place, purpose),
    )
    expect(new Set(made.map((key) => key.export({ format: 'jwk' }).n)).size).toBe(3)
    expect(made[0]!.asymmetricKeyDetails).toEqual({ modulusLength: 2048, publicExponent: 65_537n })
    makeTokenKeys(address('office'), secretPin(), place)
    expect(readPublicKey(place, 'stock').equals(made[2]!)).toBe(true)

    const token = connectToken(address('office'))
    const { driver, module, session } = token
    const attributesOf = (half: 'private' | 'public', label: string, names: readonly string[]) => {
      const types = names.map((name) => ({ type: driver[name as 'CKA_SIGN'] }))
      const values = module.C_GetAttributeValue(session, findRsaKey(token, half, label)!, types)
      return names.filter((_, at) => (values[at]!.value as Buffer)[0] === 1)
    }
    const never = ['CKA_ALWAYS_SENSITIVE', 'CKA_NEVER_EXTRACTABLE']
    const privately = [...Object.keys(KEPT), 'CKA_TOKEN', 'CKA_SIGN_RECOVER', 'CKA_LOCAL', ...never]
    const kept = ['CKA_PRIVATE', 'CKA_SENSITIVE']
    expect(attributesOf('private', 'restock-sign', privately)).toEqual([
      ...kept,
      'CKA_SIGN',
      'CKA_TOKEN',
      'CKA_LOCAL',
      ...never,
    ])
    for (const purpose of ['restock-unwrap', 'stock'])
      expect(attributesOf('private', purpose, privately)).toEqual([
        ...kept,
        'CKA_UNWRAP',
        'CKA_TOKEN',
        'CKA_LOCAL',
        ...never,
      ])
    const publicly = ['CKA_PRIVATE', 'CKA_TOKEN', 'CKA_VERIFY', 'CKA_WRAP', 'CKA_ENCRYPT']
    expect(attributesOf('public', 'restock-sign', publicly)).toEqual(['CKA_TOKEN', 'CKA_VERIFY'])
    expect(attributesOf('public', 'stock', publicly)).toEqual(['CKA_TOKEN', 'CKA_WRAP'])
  })

  run('an office signs and opens, and nothing of what it opened stays in the token', () => {
    const keys = connectTokenKeys(address('office'), secretPin())
    const content = crypto.randomBytes(10_000)
    const signer = keys.signer('restock-sign')
    const publicKey = readPublicKey(join(folder, `keys${library.replaceAll('/', '_')}`), 'restock-sign')
    for (const part of [content, content.subarray(1)]) {
      const signature = signer.sign(part)
      expect(signature).toHaveLength(256)
      expect(crypto.verify('sha256', part, publicKey, signature)).toBe(true)
    }
    const holder = keys.holder('stock')
    expect(holder.oaepHash).toBe('sha1')
    for (const size of [32, 64]) {
      const secret = crypto.randomBytes(size)
      vi.mocked(crypto.createSecretKey).mockClear()
      const closed = wrapForHolder(holder, secret)
      expect(holder.open(closed)?.export()).toEqual(secret)
      expect(handed()).toEqual([Buffer.alloc(size)])
      expect(keys.holder('restock-unwrap').open(closed)).toBeNull()
      expect(holder.open(wrap(holder.publicKey, secret, 'sha256'))).toBeNull()
      expect(holder.open(closed.subarray(1))).toBeNull()
    }
    const token = connectToken(address('office'))
    expect(secretsIn(token)).toEqual([])
    token.module.C_Logout(token.session)
    // As when it is pulled out.
    expect(() => holder.open(wrapForHolder(holder, crypto.randomBytes(32)))).toThrow(
      /^The token "office" does not answer: CKR_/,
    )
    expect(() => signer.sign(content)).toThrow(/^The token "office" does not answer: CKR_/)
    expect(() => signer.sign(content)).toThrow(KeyProblem)
  })

  run('a key that may do more than it is for, or may leave the token, is not used', () => {
    expect(() => connectTokenKeys(address('empty'), secretPin()).signer('restock-sign')).toThrow(
      problem('The token "empty" has no key "restock-sign".'),
    )
    const refused = (use: string, purpose: string) =>
      problem(`The key "${purpose}" of the token "empty" may leave it, or may do more than ${use}.`)
    const token = connectToken(address('empty'))
    const made = (label: string, uses: Uses) => {
      const { publicKey, privateKey } = generate(token, label, uses)
      return () => {
        for (const half of [publicKey, privateKey]) token.module.C_DestroyObject(token.session, half)
      }
    }
    const keys = connectTokenKeys(address('empty'), secretPin())
    for (const uses of [
      { CKA_SENSITIVE: false },
      { CKA_EXTRACTABLE: true },
      { CKA_DECRYPT: true },
      { CKA_SIGN: true },
      { CKA_UNWRAP: false },
      { CKA_SIGN: true, CKA_UNWRAP: false },
    ]) {
      const drop = made('stock', uses)
      expect(() => keys.holder('stock'), JSON.stringify(uses)).toThrow(refused('unwrap', 'stock'))
      drop()
    }
    for (const uses of [{ CKA_SIGN: true }, { CKA_UNWRAP: false }, { CKA_SIGN: false }]) {
      const drop = made('restock-sign', uses)
      expect(() => keys.signer('restock-sign'), JSON.stringify(uses)).toThrow(refused('sign', 'restock-sign'))
      drop()
    }
    const dropHolder = made('stock', {})
    expect(keys.holder('stock').publicKey.asymmetricKeyType).toBe('rsa')
    dropHolder()
    const halved = generate(token, 'stock')
    token.module.C_DestroyObject(token.session, halved.publicKey)
    expect(() => keys.holder('stock')).toThrow(problem('The token "empty" has no key "stock".'))
    token.module.C_DestroyObject(token.session, halved.privateKey)
    const { publicKey } = generate(token, 'stock')
    token.module.C_DestroyObject(token.session, findRsaKey(token, 'private', 'stock')!)
    expect(() => keys.holder('stock')).toThrow(problem('The token "empty" has no key "stock".'))
    token.module.C_DestroyObject(token.session, publicKey)
    token.module.C_Logout(token.session)
  })
}

describe('on a double of SoftHSM2', () => {
  tokensBehave(test as typeof softhsmTest, () => {
    const double = tokenDouble(LABELS, PIN)
    chosen.driver = double.driver
    return { library: double.library, drop: () => {} }
  })
})

describe('on SoftHSM2 itself (skipped where it, a compiler or the driver is missing)', () => {
  tokensBehave(softhsmTest, () => {
    chosen.driver = undefined
    const { drop } = makeTokens(LABELS, PIN)
    return { library: SOFTHSM_LIBRARY, drop }
  })
})

describe('a token that is another than SoftHSM2', () => {
  function token(options?: Parameters<typeof tokenDouble>[2]): TokenDouble & { address: TokenAddress } {
    const double = tokenDouble(['vendor'], PIN, options)
    chosen.driver = double.driver
    return { ...double, address: { library: double.library, label: 'vendor' } }
  }
  let tries = 0
  function card(double: ReturnType<typeof token>, make = true) {
    const connected = connectToken(double.address)
    if (make) {
      connected.module.C_Login(connected.session, connected.driver.CKU_USER, PIN)
      generate(connected, ID)
      connected.module.C_Logout(connected.session)
    }
    const triesFolder = mkdtempSync(join(folder, `tries-${++tries}-`))
    const counter = join(triesFolder, `${ID}.wrong-pins`)
    return { card: insertPkcs11Card({ ...double.address, triesFolder }), counter }
  }

  it('may fill its label with zeros', () => {
    expect(connectToken(token({ pad: '\0' }).address).label).toBe('vendor')
  })

  it('may know OAEP with SHA-256', async () => {
    const { card: inserted } = card(token({ oaep: ['sha256', 'sha1'] }))
    await inserted.verifyPin(pin())
    const safeKey = crypto.randomBytes(32)
    for (const hash of ['sha256', 'sha1'] as const) {
      const safe = inserted.unwrapSafeKey(wrap(inserted.publicKey, safeKey, hash), hash)
      if (typeof safe === 'string') throw new Error(safe)
      expect(safe.deriveKey(CONTEXT).export()).toEqual(hmac(safeKey))
    }
  })

  it('may take what is left unsaid for the worst: nothing is left unsaid', async () => {
    const double = token({ isLax: true })
    makeTokenKeys(double.address, secretPin(), join(folder, 'lax'))
    makeTokenKeys(double.address, secretPin(), join(folder, 'lax'))
    const keys = connectTokenKeys(double.address, secretPin())
    const connected = connectToken(double.address)
    const { module, session } = connected
    expect(keys.holder('stock').publicKey.equals(readPublicKey(join(folder, 'lax'), 'stock'))).toBe(true)
    expect(keys.signer('restock-sign').sign(CONTEXT)).toHaveLength(256)
    const closed = wrapForHolder(keys.holder('stock'), crypto.randomBytes(32))
    expect(keys.holder('stock').open(closed)?.symmetricKeySize).toBe(32)
    module.C_Logout(session)
    // One pair for each purpose, of which everybody sees the public half, and none is made again.
    expect(labelsOfRsaKeys(connected).sort()).toEqual(['restock-sign', 'restock-unwrap', 'stock'])
    expect(findRsaKey(connected, 'private', 'stock')).toBeNull()

    const { card: inserted } = card(double)
    await inserted.verifyPin(pin())
    const safe = inserted.unwrapSafeKey(wrap(inserted.publicKey, crypto.randomBytes(32)), 'sha1')
    expect(typeof safe).toBe('object')
    expect(secretsIn(connected)).toEqual([
      { CKA_TOKEN: false, CKA_SENSITIVE: true, CKA_EXTRACTABLE: false, CKA_SIGN: true },
    ])
  })

  it('may lock itself before our counter does', async () => {
    const double = token()
    const { card: inserted, counter } = card(double)
    double.fail('C_Login', 'CKR_PIN_LOCKED')
    expect(await inserted.verifyPin(pin())).toBe('blocked')
    expect(readFileSync(counter, 'utf8')).toBe('1\n')
  })

  it('may break: that is no wrong PIN, but the try stays counted and the PIN is gone', async () => {
    const double = token()
    const { card: inserted, counter } = card(double)
    double.fail('C_Login', 'CKR_DEVICE_REMOVED')
    const given = pin()
    await expect(inserted.verifyPin(given)).rejects.toThrow('CKR_DEVICE_REMOVED')
    expect([isZero(given), readFileSync(counter, 'utf8')]).toEqual([true, '1\n'])
    expect(inserted.unwrapSafeKey(Buffer.alloc(256), 'sha1')).toBe('locked')
  })

  it('is not asked once our counter is full, and is logged out of only where we are logged in', async () => {
    const double = token()
    const { card: inserted, counter } = card(double)
    const before = double.calls('C_Login')
    writeFileSync(counter, '3\n')
    expect(await inserted.verifyPin(pin())).toBe('blocked')
    expect(double.calls('C_Login')).toBe(before)
    writeFileSync(counter, '0\n')
    const outs = double.calls('C_Logout')
    inserted.lock()
    expect(double.calls('C_Logout')).toBe(outs)
    await inserted.verifyPin(pin())
    inserted.lock()
    inserted.lock()
    expect(double.calls('C_Logout')).toBe(outs + 1)
  })

  it('that does not start is a fault, and no second start', () => {
    const double = token()
    double.fail('C_Initialize', 'CKR_GENERAL_ERROR')
    expect(() => connectToken(double.address)).toThrow('CKR_GENERAL_ERROR')
    connectToken(double.address)
    connectToken(double.address)
    expect(double.calls('C_Initialize')).toBe(3)
  })

  it('may be logged in to by another thread already, and may be pulled out while it opens', () => {
    const double = token()
    makeTokenKeys(double.address, secretPin(), join(folder, 'other'))
    const keys = connectTokenKeys(double.address, secretPin())
    const holder = keys.holder('stock')
    const secret = crypto.randomBytes(32)
    const closed = wrapForHolder(holder, secret)
    expect(holder.open(closed)?.export()).toEqual(secret)
    double.fail('C_UnwrapKey', 'CKR_DEVICE_REMOVED')
    double.fail('C_GetSessionInfo', 'CKR_SESSION_HANDLE_INVALID')
    expect(() => holder.open(closed)).toThrow(
      problem('The token "vendor" does not answer: CKR_DEVICE_REMOVED.'),
    )
    double.fail('C_Login', 'CKR_GENERAL_ERROR')
    const other = connectTokenKeys.bind(null, double.address, secretPin())
    expect(other).toThrow(problem('The token "vendor" does not take the PIN: CKR_GENERAL_ERROR.'))
    // The key that it unwrapped goes also where its value cannot be read.
    double.fail('C_GetAttributeValue', 'CKR_DEVICE_REMOVED')
    expect(() => holder.open(closed)).toThrow('CKR_DEVICE_REMOVED')
    expect(secretsIn(connectToken(double.address))).toEqual([])
  })

  it('has its cause with every problem', () => {
    const cause = expect.objectContaining({ message: expect.stringMatching(/.+/) })
    const thrown = (act: () => unknown) => {
      try {
        act()
      } catch (error) {
        return error
      }
    }
    const double = token()
    expect(thrown(() => connectToken({ ...double.address, library: '/no' }))).toMatchObject({ cause })
    expect(thrown(() => connectTokenKeys(double.address, secretPin('0')))).toMatchObject({ cause })
    makeTokenKeys(double.address, secretPin(), join(folder, 'cause'))
    const signer = connectTokenKeys(double.address, secretPin()).signer('restock-sign')
    double.fail('C_Sign', 'CKR_DEVICE_REMOVED')
    expect(thrown(() => signer.sign(CONTEXT))).toMatchObject({ cause })
    chosen.driver = null
    expect(thrown(() => connectToken(double.address))).toMatchObject({
      name: 'KeyProblem',
      message: 'The PKCS#11 driver is not compiled here: npm rebuild pkcs11js --ignore-scripts=false',
      cause,
    })
  })

  it('counts a PIN before it tries it', async () => {
    const double = token()
    const { card: inserted, counter } = card(double)
    const { PKCS11 } = double.driver as typeof pkcs11
    const real = PKCS11.prototype.C_Login
    const counted: string[] = []
    PKCS11.prototype.C_Login = (...given) => {
      counted.push(readFileSync(counter, 'utf8'))
      real(...given)
    }
    expect(await inserted.verifyPin(pin('00000000'))).toBe('wrong-pin')
    expect(await inserted.verifyPin(pin())).toBe('right')
    expect(counted).toEqual(['1\n', '2\n'])
  })
})
