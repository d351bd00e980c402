import { cardId, vendorId } from '@scratchless/voucher/ids'
import { systemRandom } from '@scratchless/voucher/random'
import { expect, test } from 'vitest'
import { hashPassword, passwordHolds } from './passwords.ts'
import { createSessions, type Session } from './sessions.ts'

const vendor: Session = { who: 'vendor', vendor: vendorId('02'), card: cardId('C0000001'), sinceMs: 1 }
const owner: Session = { who: 'owner', sinceMs: 2 }

test('a session is its cookie’s, until it ends or another begins', () => {
  const sessions = createSessions(systemRandom)
  expect([sessions.current(), sessions.of(undefined), sessions.of('')]).toEqual([null, null, null])
  const first = sessions.start(vendor)
  expect(Buffer.from(first, 'base64url')).toHaveLength(32)
  expect(sessions.of(first)).toBe(vendor)
  expect(sessions.of(`${first}x`)).toBeNull()
  const second = sessions.start(owner)
  expect(second).not.toBe(first)
  expect([sessions.of(first), sessions.of(second), sessions.current()]).toEqual([null, owner, owner])
  sessions.end()
  expect([sessions.of(second), sessions.current()]).toEqual([null, null])
})

test('a password is kept as argon2id at OWASP’s first choice, and holds alone', async () => {
  const stored = await hashPassword('a long password')
  expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  expect(await passwordHolds(stored, 'a long password')).toBe(true)
  expect(await passwordHolds(stored, 'a long passwore')).toBe(false)
  expect(await passwordHolds(undefined, 'a long password')).toBe(false)
})
