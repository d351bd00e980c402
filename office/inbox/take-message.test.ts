import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { newMessageId, systemRandom } from '@scratchless/voucher/random'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inTransaction } from '../database/database.ts'
import { OFFICE_MIGRATIONS } from '../database/migrate.ts'
import { type TestDatabase, testDatabase } from '../testing/test-database.ts'
import { storeAnswer, takeMessage } from './take-message.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase([OFFICE_MIGRATIONS])
})
afterAll(() => database.drop())

const at = new Date(1_790_000_000_000)
function message(payload: string, id = newMessageId(systemRandom)) {
  const payloadHash = createHash('sha256').update(payload).digest()
  return { sender: 'centre', kind: 'restock-order', id, payloadHash, takenAt: at }
}

test('two of the same at once: one is done, both get the same bytes', async () => {
  const one = message('100 of ATLAS-5')
  let done = 0
  const answer = () =>
    inTransaction(database.pool('api'), async (sql) => {
      const taken = await takeMessage(sql, one)
      if (typeof taken === 'object') return taken.answer
      expect(taken).toBe('new')
      await sleep(50)
      const bytes = Buffer.from(`answer ${++done}`)
      await storeAnswer(sql, one, bytes, at)
      return bytes
    })
  const answers = await Promise.all([answer(), answer(), answer()])
  expect(answers.map(String)).toEqual(['answer 1', 'answer 1', 'answer 1'])
  await expect(storeAnswer(database.pool('api'), one, Buffer.from('other'), at)).rejects.toThrow('already')
})

test('the same id with another payload is told apart, answered or not', async () => {
  const one = message('100 of ATLAS-5')
  expect(await takeMessage(database.pool('api'), one)).toBe('new')
  expect(await takeMessage(database.pool('api'), one)).toBe('in-progress')
  expect(await takeMessage(database.pool('api'), message('200 of ATLAS-5', one.id))).toBe('altered')
  expect(await takeMessage(database.pool('api'), { ...one, sender: 'other' })).toBe('new')
})

test('sender, kind and id together name a message: each of three alike has its own answer, with its times', async () => {
  const pool = database.pool('api')
  const one = message('100 of ATLAS-5')
  const all = [one, { ...one, sender: 'other' }, { ...one, kind: 'restock-receipt' }, message('more')]
  for (const each of all) expect(await takeMessage(pool, each)).toBe('new')
  const answeredAt = new Date(at.getTime() + 5)
  for (const [n, each] of all.entries()) await storeAnswer(pool, each, Buffer.from(`answer ${n}`), answeredAt)
  for (const [n, each] of all.entries())
    expect(await takeMessage(pool, each)).toEqual({ answer: Buffer.from(`answer ${n}`) })
  expect(await takeMessage(pool, message('200 of ATLAS-5', one.id))).toBe('altered')
  const { rows } = await pool.query('SELECT DISTINCT taken_at, answered_at FROM message_in WHERE id = $1', [
    one.id,
  ])
  expect(rows).toEqual([{ taken_at: at, answered_at: answeredAt }])
})

test('a message that was never taken has no answer to store', async () => {
  const pool = database.pool('api')
  const one = message('100 of ATLAS-5')
  await expect(storeAnswer(pool, one, Buffer.from('x'), at)).rejects.toThrow(`restock-order ${one.id}`)
  expect(await takeMessage(pool, one)).toBe('new')
})

test('a message whose taker gave up is new again', async () => {
  const one = message('100 of ATLAS-5')
  const givenUp = inTransaction(database.pool('api'), async (sql) => {
    expect(await takeMessage(sql, one)).toBe('new')
    throw new Error('the vault went away')
  })
  await expect(givenUp).rejects.toThrow('the vault went away')
  expect(await takeMessage(database.pool('api'), one)).toBe('new')
})
