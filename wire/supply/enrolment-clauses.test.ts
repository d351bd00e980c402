// What makes an enrolment: the code and its keys, and each thing that its two certificates must say.

import * as crypto from 'node:crypto'
import { centreId } from '@scratchless/voucher/ids'
import { describe, expect, it, vi } from 'vitest'
import { mac0 } from '../compact/cose.ts'
import { type Certificate, kidOfNumber, signCertificate } from '../compact/cwt.ts'
import { readFrame, writeFrame } from '../compact/frame.ts'
import { recipientFor } from '../testing/as-card.ts'
import * as example from '../testing/supply-examples.ts'
import { readRecipient, storeRecipient, wrapForCard } from './card-letter.ts'
import { certificatesOf, type Enrolled, enrolmentAnswer, enrolmentAnswerMessage } from './enrolment-answer.ts'
import {
  deviceFingerprint,
  enrolmentKeys,
  enrolmentKid,
  newEnrolmentCode,
  readEnrolmentCode,
} from './enrolment-code.ts'
import { enrolmentRequest, enrolmentRequestMessage } from './enrolment-request.ts'
import { externalData } from './envelope.ts'
import { encodeLevelled, LEVEL } from './level.ts'

vi.mock(import('node:crypto'), async (original) => {
  const real = await original()
  return { ...real, createSecretKey: vi.fn(real.createSecretKey) as unknown as typeof real.createSecretKey }
})

const { NOW_S, YEAR_S, exampleEnrolmentKeys: keys } = example

describe('an enrolment code', () => {
  const codeOf = (hex: string) => newEnrolmentCode({ fill: (target) => target.set(Buffer.from(hex, 'hex')) })

  it.each([
    ['00000000000000000000', '0000-0000-0000-0000'],
    ['ffffffffffffffffffff', 'ZZZZ-ZZZZ-ZZZZ-ZZZZ'],
    ['00443214c74254b635cf', '0123-4567-89AB-CDEF'],
    ['8421084210842108421a', 'GGGG-GGGG-GGGG-GGGT'],
    ['84653a56d7c675be77df', 'GHJK-MNPQ-RSTV-WXYZ'],
  ])('of the bytes %s is %s', (hex, code) => {
    expect(codeOf(hex)).toBe(code)
    expect(readEnrolmentCode(code)?.toString('hex')).toBe(hex)
  })

  it('leaves nothing of its bytes behind', () => {
    const targets: Uint8Array[] = []
    newEnrolmentCode({
      fill(target) {
        target.fill(0xab)
        targets.push(target)
      },
    })
    expect(targets).toEqual([Buffer.alloc(10)])
  })

  it.each(['ghjk-mnpq-rstv-wxyz', ' GHJK MNPQ\tRSTV\nWXYZ ', 'GHJKMNPQRSTVWXYZ', 'G-H-J-K--MNPQ-RSTV-WXYZ'])(
    'is read as it is typed: %j',
    (typed) => {
      expect(readEnrolmentCode(typed)?.toString('hex')).toBe('84653a56d7c675be77df')
    },
  )

  it('takes what looks alike for what it looks like, wherever and however often', () => {
    expect(readEnrolmentCode('OoOo-IiIi-LlLl-0011')).toEqual(readEnrolmentCode('0000-1111-1111-0011'))
  })

  it.each([
    ['a letter too few', 'GHJK-MNPQ-RSTV-WXY'],
    ['a letter too many', 'GHJK-MNPQ-RSTV-WXYZ0'],
    ['a U', 'UHJK-MNPQ-RSTV-WXYZ'],
    ['a U at its end', 'GHJK-MNPQ-RSTV-WXYU'],
    ['another sign', 'GHJK-MNPQ-RSTV-WXY!'],
    ['dots', 'GHJK.MNPQ.RSTV.WXYZ'],
    ['nothing', ''],
  ])('is none with %s', (_what, typed) => {
    expect(readEnrolmentCode(typed)).toBeUndefined()
  })

  it('gives a key for each direction, by HKDF with the number as salt, and leaves neither', () => {
    const code = Buffer.from('84653a56d7c675be77df', 'hex')
    vi.mocked(crypto.createSecretKey).mockClear()
    const { request, answer } = enrolmentKeys(code, 0x01020304)
    expect(vi.mocked(crypto.createSecretKey).mock.calls).toEqual([[Buffer.alloc(32)], [Buffer.alloc(32)]])
    const expected = (direction: string) =>
      Buffer.from(
        crypto.hkdfSync('sha256', code, Buffer.of(1, 2, 3, 4), `scratchless enrolment ${direction} 1`, 32),
      )
    expect(request.export()).toEqual(expected('request'))
    expect(answer.export()).toEqual(expected('answer'))
    expect(enrolmentKeys(code, 0x01020305).request.equals(request)).toBe(false)
    for (const length of [9, 11])
      expect(() => enrolmentKeys(Buffer.alloc(length), 1)).toThrow(
        new RangeError('an enrolment code has 80 bits'),
      )
    expect(enrolmentKid(0x01020304).toString('hex')).toBe('01020304')
  })
})

describe("a device's fingerprint", () => {
  it('is six groups of five digits of the hash of its key', () => {
    const key = crypto.createPublicKey(example.terminalKey)
    const { x, y } = key.export({ format: 'jwk' }) as { x: string; y: string }
    const hash = crypto
      .createHash('sha256')
      .update('scratchless device 1')
      .update(Buffer.from(x, 'base64url'))
      .update(Buffer.from(y, 'base64url'))
      .digest('hex')
    const groups = [0, 1, 2, 3, 4, 5].map((group) =>
      String(Number.parseInt(hash.slice(group * 10, group * 10 + 10), 16) % 100_000).padStart(5, '0'),
    )
    expect(deviceFingerprint(key)).toBe(groups.join(' '))
  })

  it('keeps the zeros in front of a group', () => {
    // Of many keys one has such a group at some place.
    const found = Array.from({ length: 60 }, () =>
      deviceFingerprint(crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey),
    )
    expect(found.every((text) => /^(\d{5} ){5}\d{5}$/.test(text))).toBe(true)
    expect(found.some((text) => /(^| )0/.test(text))).toBe(true)
  })
})

describe('an enrolment message', () => {
  const { enrolmentNumber } = example.enrolmentRequest
  const asks = { enrolmentNumber, poll: 3, answering: null }
  const asked = enrolmentRequestMessage.mac(example.enrolmentRequest, keys, asks)
  const frame = readFrame(asked.frame)!

  it('stands in a frame of its kind, the poll as its sequence', () => {
    expect(frame).toMatchObject({ kind: 1, sequence: 3 })
    expect(enrolmentRequestMessage.verify(frame, keys, asks)).toMatchObject({
      kind: 'enrolment-request',
      payloadHash: asked.payloadHash,
    })
    expect([enrolmentRequestMessage.kind, enrolmentAnswerMessage.kind]).toEqual([
      'enrolment-request',
      'enrolment-answer',
    ])
    expect([enrolmentRequestMessage.shape, enrolmentAnswerMessage.shape]).toEqual([
      enrolmentRequest,
      enrolmentAnswer,
    ])
  })

  it.each([
    ['another kind', { ...frame, kind: 2 }, asks],
    ['another poll in its frame', { ...frame, sequence: 4 }, asks],
    ['another poll expected', frame, { ...asks, poll: 4 }],
    ['another poll on both sides', { ...frame, sequence: 4 }, { ...asks, poll: 4 }],
    ['another number', frame, { ...asks, enrolmentNumber: enrolmentNumber + 1 }],
    ['another request answered', frame, { ...asks, answering: Buffer.alloc(32) }],
  ])('with %s is unacceptable', (_what, given, binding) => {
    expect(enrolmentRequestMessage.verify(given, keys, binding)).toBe('unacceptable')
  })

  it('whose payload is not of its shape is unacceptable, though its MAC holds', () => {
    const external = externalData('enrolment-request', String(enrolmentNumber), 3, null)
    const framed = (payload: Uint8Array) =>
      readFrame(
        writeFrame({
          kind: 1,
          sequence: 3,
          message: mac0(payload, external, enrolmentKid(enrolmentNumber), keys.request),
        }),
      )!
    const good = encodeLevelled(enrolmentRequest, example.enrolmentRequest, LEVEL)
    expect(enrolmentRequestMessage.verify(framed(good), keys, asks)).not.toBe('unacceptable')
    const next = encodeLevelled(enrolmentRequest, example.enrolmentRequest, LEVEL + 1)
    for (const payload of [next, good.subarray(1), Buffer.of(0x80), Buffer.of(0xff), Buffer.alloc(0)])
      expect(enrolmentRequestMessage.verify(framed(payload), keys, asks)).toBe('unacceptable')
  })
})

describe('the certificates of an enrolment', () => {
  const base: Record<'terminal' | 'centre', Certificate> = {
    terminal: {
      issuer: 'centre',
      subject: example.terminal,
      purpose: 'terminal',
      kid: kidOfNumber(2),
      publicKey: example.terminalVerifier.publicKey,
      issuedAtS: NOW_S,
      expiresAtS: NOW_S + YEAR_S,
    },
    centre: {
      issuer: 'centre',
      subject: 'centre',
      purpose: 'centre',
      kid: kidOfNumber(1),
      publicKey: example.centreVerifier.publicKey,
      issuedAtS: NOW_S,
      expiresAtS: NOW_S + YEAR_S,
    },
  }
  const of = (terminal: Partial<Certificate>, centre: Partial<Certificate>, more: Partial<Enrolled> = {}) =>
    certificatesOf({
      ...(example.enrolled() as Enrolled),
      terminalCertificate: signCertificate({ ...base.terminal, ...terminal }, example.root),
      centreCertificate: signCertificate({ ...base.centre, ...centre }, example.root),
      ...more,
    })

  it('are the terminal’s and the centre’s', () => {
    const certificates = of({}, {})
    if (certificates === 'unacceptable') throw new Error(certificates)
    expect([certificates.terminal.subject, certificates.centre.subject]).toEqual(['T00001', 'centre'])
  })

  it.each([
    ["the terminal's is for the centre's purpose", { purpose: 'centre' }, {}, {}],
    ["the terminal's is another terminal's", { subject: 'T00002' }, {}, {}],
    ["the centre's is for a terminal's purpose", {}, { purpose: 'terminal' }, {}],
    ["the centre's is another centre's", {}, { subject: 'elsewhere' }, {}],
    ["another centre issued the terminal's", { issuer: 'elsewhere' }, {}, {}],
    ["another centre issued the centre's", {}, { issuer: 'elsewhere' }, {}],
    ["the terminal's begins a second later", { issuedAtS: NOW_S + 1 }, {}, {}],
    ["the centre's begins a second later", {}, { issuedAtS: NOW_S + 1 }, {}],
    ["the terminal's ends at this second", { issuedAtS: 0, expiresAtS: NOW_S }, {}, {}],
    ["the centre's ends at this second", {}, { issuedAtS: 0, expiresAtS: NOW_S }, {}],
    ['another terminal is welcomed', {}, {}, { terminal: example.otherTerminal }],
    ['another centre welcomes', {}, {}, { centre: centreId('elsewhere') }],
    ['another root is shown', {}, {}, { rootKey: example.centreVerifier.publicKey }],
  ] as [string, Partial<Certificate>, Partial<Certificate>, Partial<Enrolled>][])(
    'are unacceptable where %s',
    (_what, terminal, centre, more) => {
      expect(of(terminal, centre, more)).toBe('unacceptable')
    },
  )

  it('hold in their first second and in their last', () => {
    expect(of({ expiresAtS: NOW_S + 1 }, { expiresAtS: NOW_S + 1 })).not.toBe('unacceptable')
  })
})

describe("a card's part of a letter", () => {
  const part = (card = example.card, oaepHash: 'sha1' | 'sha256' = 'sha256') =>
    wrapForCard(example.safeKey, card, crypto.createPublicKey(example.cardKey), oaepHash)

  it('is closed for the card by the hash that it knows', () => {
    for (const oaepHash of ['sha1', 'sha256'] as const) {
      const { card, oaepHash: used, wrapped } = part(example.card, oaepHash)
      expect([card, used]).toEqual([example.card, oaepHash])
      const padding = crypto.constants.RSA_PKCS1_OAEP_PADDING
      expect(crypto.privateDecrypt({ key: example.cardKey, padding, oaepHash }, wrapped)).toEqual(
        example.safeKey.export(),
      )
    }
  })

  it('is found by its card', () => {
    const other = { ...part(), card: 'C0000002' as typeof example.card }
    const letter = {
      standing: example.standing,
      number: 4,
      epoch: 12,
      epochEndsS: NOW_S,
      otherCards: 0,
      recipients: [part(), other],
    }
    expect(recipientFor(letter, other.card)).toBe(other)
    expect(recipientFor(letter, 'C0000003' as typeof example.card)).toBeUndefined()
  })

  it('is read back as it was stored, and nothing else is', () => {
    const mine = part()
    const back = readRecipient(storeRecipient(mine))!
    expect({ ...back, wrapped: Buffer.from(back.wrapped) }).toEqual(mine)
    expect(readRecipient(storeRecipient({ ...mine, card: 'T00001' as typeof example.card }))).toBeUndefined()
    expect(readRecipient(storeRecipient({ ...mine, wrapped: Buffer.alloc(255) }))).toBeUndefined()
    expect(readRecipient(storeRecipient(mine).subarray(1))).toBeUndefined()
    expect(readRecipient(Buffer.alloc(0))).toBeUndefined()
  })
})
