import { expect, test } from 'vitest'
import { BURNT, placeOf } from './sequence.ts'

const NOW_MS = 1_795_347_600_000
const hash = Buffer.alloc(32, 1)
const terminal = {
  last_sequence: 4n,
  revoked_at: null,
  locked_at: null,
  certified_until: new Date(NOW_MS + 1),
}
const known = { kind: 'supply-order', payload_hash: hash, answer: Buffer.from('answer') }
const at = (sequence: number, payloadHash = hash) => ({ sequence, payloadHash })

test('the next one is decided, a repeat gets its stored bytes', () => {
  expect(placeOf(terminal, undefined, at(5), NOW_MS)).toBe('next')
  expect(placeOf(terminal, known, at(4), NOW_MS)).toEqual({ answer: known.answer })
  expect(placeOf(terminal, { ...known, answer: null }, at(4), NOW_MS)).toBe('in-progress')
})

test('gaps, and numbers that were burnt or came before this centre kept them, are unexpected', () => {
  const unexpected = { refusal: { reason: 'sequence-unexpected', expected: 5 } }
  expect(placeOf(terminal, undefined, at(6), NOW_MS)).toEqual(unexpected)
  expect(placeOf(terminal, undefined, at(2), NOW_MS)).toEqual(unexpected)
  expect(placeOf(terminal, { ...known, kind: BURNT }, at(4), NOW_MS)).toEqual(unexpected)
})

test('the same sequence with another content is altered', () => {
  expect(placeOf(terminal, known, at(4, Buffer.alloc(32, 2)), NOW_MS)).toEqual({
    refusal: { reason: 'content-altered' },
    altered: true,
  })
})

test('revocation and the end of the certificate precede a stored answer; a lock comes after them', () => {
  const revoked = { refusal: { reason: 'terminal-revoked', why: 'by-staff' } }
  const now = new Date(NOW_MS)
  expect(placeOf({ ...terminal, revoked_at: now, locked_at: now }, known, at(4), NOW_MS)).toEqual(revoked)
  expect(placeOf({ ...terminal, certified_until: now }, known, at(4), NOW_MS)).toEqual({
    refusal: { reason: 'terminal-revoked', why: 'retired' },
  })
  expect(placeOf({ ...terminal, locked_at: now }, known, at(4), NOW_MS)).toEqual({
    refusal: { reason: 'terminal-locked', why: 'content-altered', sinceS: NOW_MS / 1000 },
  })
})
