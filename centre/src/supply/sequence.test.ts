import { expect, test } from 'vitest'
import { BURNT, placeOf } from './sequence.ts'

const NOW_MS = 1_795_347_600_000
const hash = Buffer.alloc(32, 1)
const terminal = {
  last_sequence: 4n,
  revoked_at: null,
  revoked_why: null,
  locked_at: null,
  locked_why: null,
  certificate_number: 7,
}
const known = { kind: 'supply-order', payload_hash: hash, answer: Buffer.from('answer') }
const present = { number: 7, endsAt: new Date(NOW_MS + 1) }
const at = (sequence: number, payloadHash = hash, certificate = present) => ({
  ...{ sequence, payloadHash, certificate },
})

test('the next one is decided, a repeat gets its stored bytes', () => {
  expect(placeOf(terminal, undefined, at(5), NOW_MS)).toBe('next')
  expect(placeOf(terminal, known, at(4), NOW_MS)).toEqual({ answer: known.answer })
  expect(placeOf(terminal, { ...known, answer: null }, at(4), NOW_MS)).toBe('in-progress')
})

test('gaps, and numbers that were burnt or came before this centre kept them or after their bytes went, are unexpected', () => {
  const unexpected = { refusal: { reason: 'sequence-unexpected', expected: 5 } }
  expect(placeOf(terminal, undefined, at(6), NOW_MS)).toEqual(unexpected)
  expect(placeOf(terminal, undefined, at(2), NOW_MS)).toEqual(unexpected)
  expect(placeOf(terminal, { ...known, kind: BURNT }, at(4), NOW_MS)).toEqual(unexpected)
  expect(placeOf(terminal, { ...known, answer: Buffer.alloc(0) }, at(3), NOW_MS)).toEqual(unexpected)
})

test('the same sequence with another content is altered', () => {
  expect(placeOf(terminal, known, at(4, Buffer.alloc(32, 2)), NOW_MS)).toEqual({
    refusal: { reason: 'content-altered' },
    altered: true,
  })
})

test('revocation precedes a stored answer, and so does a lock; each says why', () => {
  const now = new Date(NOW_MS)
  const [locked, revoked] = [
    { ...terminal, locked_at: now, locked_why: 'stolen' as const },
    { revoked_at: now, revoked_why: 'replaced' as const },
  ]
  expect(placeOf({ ...locked, ...revoked }, known, at(4), NOW_MS)).toEqual({
    ...{ refusal: { reason: 'terminal-revoked', why: 'replaced' } },
  })
  expect(placeOf(locked, known, at(4), NOW_MS)).toEqual({
    refusal: { reason: 'terminal-locked', why: 'stolen', sinceS: NOW_MS / 1000 },
  })
})

test('a certificate that has ended, or was followed by another, gets the answers that it had, and nothing new', () => {
  const retired = { refusal: { reason: 'terminal-revoked', why: 'retired' } }
  for (const past of [
    { ...present, endsAt: new Date(NOW_MS) },
    { ...present, number: 6 },
  ]) {
    expect(placeOf(terminal, known, at(4, hash, past), NOW_MS)).toEqual({ answer: known.answer })
    expect(placeOf(terminal, known, at(4, Buffer.alloc(32, 2), past), NOW_MS)).toMatchObject({
      altered: true,
    })
    for (const sequence of [2, 5, 6])
      expect(placeOf(terminal, undefined, at(sequence, hash, past), NOW_MS)).toEqual(retired)
  }
})
