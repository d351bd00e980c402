// A token and its driver for tests where SoftHSM2 is not compiled, and for what cannot be done to a real one: it says
// no for the same reasons and by the same codes. The tests that use it run against SoftHSM2 as well.

import {
  constants,
  createHmac,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  type KeyPairKeyObjectResult,
  privateDecrypt,
  sign,
} from 'node:crypto'

/** PKCS#11 v2.40, the names that our code and its tests use. */
export const CONSTANTS = {
  CKF_OS_LOCKING_OK: 0x2,
  CKF_SERIAL_SESSION: 0x4,
  CKF_RW_SESSION: 0x2,
  CKU_USER: 0x1,
  CKO_PUBLIC_KEY: 0x2,
  CKO_PRIVATE_KEY: 0x3,
  CKO_SECRET_KEY: 0x4,
  CKK_RSA: 0x0,
  CKK_GENERIC_SECRET: 0x10,
  CKA_CLASS: 0x0,
  CKA_TOKEN: 0x1,
  CKA_PRIVATE: 0x2,
  CKA_LABEL: 0x3,
  CKA_VALUE: 0x11,
  CKA_KEY_TYPE: 0x100,
  CKA_SENSITIVE: 0x103,
  CKA_ENCRYPT: 0x104,
  CKA_DECRYPT: 0x105,
  CKA_WRAP: 0x106,
  CKA_UNWRAP: 0x107,
  CKA_SIGN: 0x108,
  CKA_SIGN_RECOVER: 0x109,
  CKA_VERIFY: 0x10a,
  CKA_MODULUS: 0x120,
  CKA_MODULUS_BITS: 0x121,
  CKA_PUBLIC_EXPONENT: 0x122,
  CKA_EXTRACTABLE: 0x162,
  CKA_LOCAL: 0x163,
  CKA_NEVER_EXTRACTABLE: 0x164,
  CKA_ALWAYS_SENSITIVE: 0x165,
  CKM_RSA_PKCS_KEY_PAIR_GEN: 0x0,
  CKM_RSA_PKCS_OAEP: 0x9,
  CKM_SHA256_RSA_PKCS: 0x40,
  CKM_SHA256_HMAC: 0x251,
  CKM_SHA_1: 0x220,
  CKM_SHA256: 0x250,
  CKG_MGF1_SHA1: 0x1,
  CKG_MGF1_SHA256: 0x2,
  CK_PARAMS_RSA_OAEP: 0x4,
  CKR_GENERAL_ERROR: 0x5,
  CKR_ARGUMENTS_BAD: 0x7,
  CKR_ATTRIBUTE_SENSITIVE: 0x11,
  CKR_DEVICE_REMOVED: 0x32,
  CKR_KEY_HANDLE_INVALID: 0x60,
  CKR_KEY_FUNCTION_NOT_PERMITTED: 0x68,
  CKR_MECHANISM_INVALID: 0x70,
  CKR_OBJECT_HANDLE_INVALID: 0x82,
  CKR_OPERATION_ACTIVE: 0x90,
  CKR_OPERATION_NOT_INITIALIZED: 0x91,
  CKR_PIN_INCORRECT: 0xa0,
  CKR_PIN_LOCKED: 0xa4,
  CKR_SESSION_HANDLE_INVALID: 0xb3,
  CKR_SESSION_PARALLEL_NOT_SUPPORTED: 0xb4,
  CKR_SESSION_READ_ONLY: 0xb5,
  CKR_TEMPLATE_INCOMPLETE: 0xd0,
  CKR_USER_ALREADY_LOGGED_IN: 0x100,
  CKR_USER_NOT_LOGGED_IN: 0x101,
  CKR_USER_TYPE_INVALID: 0x103,
  CKR_BUFFER_TOO_SMALL: 0x150,
  CKR_CRYPTOKI_ALREADY_INITIALIZED: 0x191,
} as const
const C = CONSTANTS

type Answer = Extract<keyof typeof CONSTANTS, `CKR_${string}`>
type Value = boolean | number | string | Buffer
type Template = readonly { readonly type: number; readonly value?: Value }[]
interface Mechanism {
  readonly mechanism: number
  readonly parameter?: { type: number; hashAlg: number; mgf: number; source: number }
}
interface TokenObject {
  readonly attributes: Map<number, Value>
  readonly key: KeyObject | Buffer
}
interface SoftToken {
  readonly pin: string
  readonly objects: Map<string, TokenObject>
  isLoggedIn: boolean
}
interface Session {
  readonly token: SoftToken
  readonly writes: boolean
  found: string[] | null
  signing: { mechanism: number; key: TokenObject } | null
}

class TokenAnswer extends Error {
  readonly code: number
  constructor(answer: Answer) {
    super(answer)
    this.code = C[answer]
  }
}
function must(holds: unknown, answer: Answer): asserts holds {
  if (!holds) throw new TokenAnswer(answer)
}

/** Making a pair takes a tenth of a second: after the fourth of a length they come round again. */
const pairs = new Map<number, KeyPairKeyObjectResult[]>()
function nextPair(bits: number): KeyPairKeyObjectResult {
  const known = pairs.get(bits) ?? []
  const pair = known.length < 4 ? generateKeyPairSync('rsa', { modulusLength: bits }) : known.shift()!
  pairs.set(bits, [...known, pair])
  return pair
}

export interface TokenDouble {
  /** What `require('pkcs11js')` gives. */
  readonly driver: object
  readonly library: string
  /** The next call of this function answers so, before it does anything. */
  fail(method: string, answer: Answer): void
  /** How often this function was called. */
  calls(method: string): number
}

/**
 * Tokens of these labels, all of one PIN, as SoftHSM2 has them; `pad` fills their labels up to 32 bytes. A lax one
 * takes what was left out of a template for the worst: the standard leaves that to each token.
 */
export function tokenDouble(
  labels: readonly string[],
  pin: string,
  options: { pad?: string; oaep?: readonly ('sha1' | 'sha256')[]; isLax?: boolean } = {},
): TokenDouble {
  const { pad = ' ', oaep = ['sha1'], isLax = false } = options
  const library = '/double/libtoken.so'
  const tokens = labels.map((): SoftToken => ({ pin, objects: new Map(), isLoggedIn: false }))
  const sessions = new Map<string, Session>()
  const failures = new Map<string, Answer>()
  const counts = new Map<string, number>()
  let initialized = false
  let lastHandle = 0

  function handle(): Buffer {
    const bytes = Buffer.alloc(8)
    bytes.writeUInt32LE(++lastHandle)
    return bytes
  }
  const text = (given: Buffer) => given.toString('hex')
  function sessionOf(given: Buffer): Session {
    const session = sessions.get(text(given))
    must(session, 'CKR_SESSION_HANDLE_INVALID')
    return session
  }
  const isSet = ({ attributes }: TokenObject, type: number) => attributes.get(type) === true
  const isVisible = (token: SoftToken, object: TokenObject) =>
    token.isLoggedIn || !isSet(object, C.CKA_PRIVATE)
  function objectOf({ token }: Session, given: Buffer, answer: Answer): TokenObject {
    const object = token.objects.get(text(given))
    must(object && isVisible(token, object), answer)
    return object
  }
  function add(
    session: Session,
    key: KeyObject | Buffer,
    defaults: [number, Value][],
    template: Template,
  ): Buffer {
    const attributes = new Map<number, Value>([
      ...defaults,
      ...template.map(({ type, value }) => [type, value!] as const),
    ])
    must(session.writes || attributes.get(C.CKA_TOKEN) !== true, 'CKR_SESSION_READ_ONLY')
    const made = handle()
    session.token.objects.set(text(made), { attributes, key })
    return made
  }
  function oaepHash(parameter: Mechanism['parameter']): 'sha1' | 'sha256' {
    const hash = parameter?.hashAlg === C.CKM_SHA_1 ? 'sha1' : 'sha256'
    const fits =
      parameter?.type === C.CK_PARAMS_RSA_OAEP &&
      parameter.source === 1 &&
      parameter.hashAlg === (hash === 'sha1' ? C.CKM_SHA_1 : C.CKM_SHA256) &&
      parameter.mgf === (hash === 'sha1' ? C.CKG_MGF1_SHA1 : C.CKG_MGF1_SHA256)
    must(fits && oaep.includes(hash), 'CKR_ARGUMENTS_BAD')
    return hash
  }

  const methods = {
    load(path: string) {
      if (path !== library) throw new Error(`${path}: cannot open shared object file`)
    },
    C_Initialize({ flags }: { flags: number }) {
      must(!initialized, 'CKR_CRYPTOKI_ALREADY_INITIALIZED')
      must(flags === C.CKF_OS_LOCKING_OK, 'CKR_ARGUMENTS_BAD')
      initialized = true
    },
    /** Beside the slots with tokens there is one without. */
    C_GetSlotList: (present: boolean) =>
      [...tokens.keys(), ...(present ? [] : [tokens.length])].map((at) => Buffer.of(at)),
    C_GetTokenInfo(slot: Buffer) {
      const label = labels[slot[0]!]
      must(label !== undefined, 'CKR_DEVICE_REMOVED')
      return { label: label.padEnd(32, pad) }
    },
    C_OpenSession(slot: Buffer, flags: number) {
      must(flags & C.CKF_SERIAL_SESSION, 'CKR_SESSION_PARALLEL_NOT_SUPPORTED')
      const made = handle()
      const writes = (flags & C.CKF_RW_SESSION) !== 0
      sessions.set(text(made), { token: tokens[slot[0]!]!, writes, found: null, signing: null })
      return made
    },
    C_CloseSession: (given: Buffer) => void sessions.delete(text(given)),
    C_GetSessionInfo(given: Buffer) {
      const { token, writes } = sessionOf(given)
      return { state: (writes ? 2 : 0) + (token.isLoggedIn ? 1 : 0) }
    },
    C_Login(given: Buffer, user: number, pinGiven: string) {
      const { token } = sessionOf(given)
      must(user === C.CKU_USER, 'CKR_USER_TYPE_INVALID')
      must(!token.isLoggedIn, 'CKR_USER_ALREADY_LOGGED_IN')
      must(pinGiven === token.pin, 'CKR_PIN_INCORRECT')
      token.isLoggedIn = true
    },
    C_Logout(given: Buffer) {
      const { token } = sessionOf(given)
      must(token.isLoggedIn, 'CKR_USER_NOT_LOGGED_IN')
      token.isLoggedIn = false
      for (const [name, object] of token.objects)
        if (isSet(object, C.CKA_PRIVATE) && !isSet(object, C.CKA_TOKEN)) token.objects.delete(name)
    },
    C_FindObjectsInit(given: Buffer, template: Template) {
      const session = sessionOf(given)
      must(session.found === null, 'CKR_OPERATION_ACTIVE')
      session.found = [...session.token.objects]
        .filter(
          ([, object]) =>
            isVisible(session.token, object) &&
            template.every(({ type, value }) => object.attributes.get(type) === value),
        )
        .map(([name]) => name)
    },
    /** One handle or none; with a number, as many as that and a list. */
    C_FindObjects(given: Buffer, most?: number) {
      const { found } = sessionOf(given)
      must(found, 'CKR_OPERATION_NOT_INITIALIZED')
      const handles = found.splice(0, most ?? 1).map((name) => Buffer.from(name, 'hex'))
      return most === undefined ? (handles[0] ?? null) : handles
    },
    C_FindObjectsFinal(given: Buffer) {
      const session = sessionOf(given)
      must(session.found, 'CKR_OPERATION_NOT_INITIALIZED')
      session.found = null
    },
    C_GetAttributeValue(given: Buffer, object: Buffer, asked: Template) {
      const { attributes } = objectOf(sessionOf(given), object, 'CKR_OBJECT_HANDLE_INVALID')
      return asked.map(({ type }) => {
        must(type !== C.CKA_VALUE || attributes.get(C.CKA_SENSITIVE) !== true, 'CKR_ATTRIBUTE_SENSITIVE')
        const value = attributes.get(type)
        if (typeof value === 'boolean') return { type, value: Buffer.of(value ? 1 : 0) }
        return { type, value: typeof value === 'string' ? Buffer.from(value) : value }
      })
    },
    C_GenerateKeyPair(given: Buffer, { mechanism }: Mechanism, forPublic: Template, forPrivate: Template) {
      const session = sessionOf(given)
      must(mechanism === C.CKM_RSA_PKCS_KEY_PAIR_GEN, 'CKR_MECHANISM_INVALID')
      const bits = forPublic.find(({ type }) => type === C.CKA_MODULUS_BITS)?.value as number | undefined
      must(bits !== undefined, 'CKR_TEMPLATE_INCOMPLETE')
      must(session.token.isLoggedIn, 'CKR_USER_NOT_LOGGED_IN')
      const { publicKey, privateKey } = nextPair(bits)
      const { n, e } = publicKey.export({ format: 'jwk' })
      const common: [number, Value][] = [
        [C.CKA_KEY_TYPE, C.CKK_RSA],
        [C.CKA_TOKEN, false],
        [C.CKA_LOCAL, true],
      ]
      const publicHalf = add(
        session,
        publicKey,
        [...common, [C.CKA_CLASS, C.CKO_PUBLIC_KEY], [C.CKA_PRIVATE, isLax]],
        [
          ...forPublic,
          { type: C.CKA_MODULUS, value: Buffer.from(n!, 'base64url') },
          { type: C.CKA_PUBLIC_EXPONENT, value: Buffer.from(e!, 'base64url') },
        ],
      )
      const defaults: [number, Value][] = [
        ...common,
        [C.CKA_CLASS, C.CKO_PRIVATE_KEY],
        ...[C.CKA_PRIVATE, C.CKA_SENSITIVE].map((type): [number, Value] => [type, !isLax]),
        ...[C.CKA_DECRYPT, C.CKA_SIGN, C.CKA_SIGN_RECOVER, C.CKA_UNWRAP].map((type): [number, Value] => [
          type,
          true,
        ]),
        [C.CKA_EXTRACTABLE, isLax],
      ]
      const wanted = new Map([...defaults, ...forPrivate.map(({ type, value }) => [type, value!] as const)])
      const privateHalf = add(session, privateKey, defaults, [
        ...forPrivate,
        { type: C.CKA_ALWAYS_SENSITIVE, value: wanted.get(C.CKA_SENSITIVE)! },
        { type: C.CKA_NEVER_EXTRACTABLE, value: !wanted.get(C.CKA_EXTRACTABLE) },
      ])
      return { publicKey: publicHalf, privateKey: privateHalf }
    },
    C_UnwrapKey(
      given: Buffer,
      { mechanism, parameter }: Mechanism,
      keyGiven: Buffer,
      wrapped: Buffer,
      template: Template,
    ) {
      const session = sessionOf(given)
      const object = objectOf(session, keyGiven, 'CKR_KEY_HANDLE_INVALID')
      must(mechanism === C.CKM_RSA_PKCS_OAEP, 'CKR_MECHANISM_INVALID')
      const hash = oaepHash(parameter)
      must(isSet(object, C.CKA_UNWRAP), 'CKR_KEY_FUNCTION_NOT_PERMITTED')
      let bytes: Buffer
      try {
        const padding = constants.RSA_PKCS1_OAEP_PADDING
        bytes = privateDecrypt({ key: object.key as KeyObject, padding, oaepHash: hash }, wrapped)
      } catch {
        // SoftHSM2 says no more than that.
        throw new TokenAnswer('CKR_GENERAL_ERROR')
      }
      return add(
        session,
        bytes,
        [
          [C.CKA_PRIVATE, true],
          [C.CKA_TOKEN, isLax],
          [C.CKA_SENSITIVE, !isLax],
          [C.CKA_EXTRACTABLE, isLax],
        ],
        [...template, { type: C.CKA_VALUE, value: bytes }],
      )
    },
    C_DestroyObject(given: Buffer, object: Buffer) {
      const session = sessionOf(given)
      objectOf(session, object, 'CKR_OBJECT_HANDLE_INVALID')
      session.token.objects.delete(text(object))
    },
    C_SignInit(given: Buffer, { mechanism }: Mechanism, keyGiven: Buffer) {
      const session = sessionOf(given)
      must(session.signing === null, 'CKR_OPERATION_ACTIVE')
      const key = objectOf(session, keyGiven, 'CKR_KEY_HANDLE_INVALID')
      const fits = mechanism === (Buffer.isBuffer(key.key) ? C.CKM_SHA256_HMAC : C.CKM_SHA256_RSA_PKCS)
      must(fits, 'CKR_MECHANISM_INVALID')
      must(isSet(key, C.CKA_SIGN), 'CKR_KEY_FUNCTION_NOT_PERMITTED')
      session.signing = { mechanism, key }
    },
    C_Sign(given: Buffer, data: Buffer, target: Buffer) {
      const session = sessionOf(given)
      must(session.signing, 'CKR_OPERATION_NOT_INITIALIZED')
      const { key } = session.signing.key
      session.signing = null
      const signature = Buffer.isBuffer(key)
        ? createHmac('sha256', key).update(data).digest()
        : sign('sha256', data, createPrivateKey(key.export({ type: 'pkcs8', format: 'pem' })))
      must(target.length >= signature.length, 'CKR_BUFFER_TOO_SMALL')
      signature.copy(target)
      return target.subarray(0, signature.length)
    },
  }

  class PKCS11 {}
  for (const [name, method] of Object.entries(methods))
    Object.defineProperty(PKCS11.prototype, name, {
      writable: true,
      value: (...given: unknown[]) => {
        counts.set(name, (counts.get(name) ?? 0) + 1)
        const answer = failures.get(name)
        failures.delete(name)
        if (answer !== undefined) throw new TokenAnswer(answer)
        return (method as (...given: unknown[]) => unknown)(...given)
      },
    })

  return {
    driver: { ...CONSTANTS, PKCS11 },
    library,
    fail: (method, answer) => void failures.set(method, answer),
    calls: (method) => counts.get(method) ?? 0,
  }
}
