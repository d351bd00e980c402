import { setTimeout as sleep } from 'node:timers/promises'
import { createLog } from '@scratchless/program/log'
import { systemClock } from '@scratchless/voucher/clock'
import { newMessageId, systemRandom } from '@scratchless/voucher/random'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { inTransaction } from '../database/database.ts'
import { OFFICE_MIGRATIONS } from '../database/migrate.ts'
import { type TestDatabase, testDatabase } from '../testing/test-database.ts'
import { saveMessage } from './outbox.sql.ts'
import { type Outbox, type OutboxNeeds, retryDelayMs, startOutbox } from './send-outbox.ts'

let database: TestDatabase
const outboxes: Outbox[] = []
beforeEach(async () => {
  database = await testDatabase([OFFICE_MIGRATIONS])
})
afterEach(async () => {
  await Promise.all(outboxes.splice(0).map((outbox) => outbox.stop()))
  await database.drop()
})

function start(send: OutboxNeeds['send'], onAnswer: OutboxNeeds['onAnswer'] = async () => undefined) {
  const log = createLog({ program: 'test', process: 'api', clock: systemClock, level: 'silent' })
  const outbox = startOutbox({
    pool: database.pool('api'),
    clock: systemClock,
    random: systemRandom,
    log,
    send,
    onAnswer,
    perPartner: 2,
  })
  outboxes.push(outbox)
  return outbox
}

async function save(partner: string, text = 'hello') {
  const id = newMessageId(systemRandom)
  await inTransaction(database.pool('api'), (sql) =>
    saveMessage(sql, {
      id,
      partner,
      kind: 'restock-order',
      bytes: Buffer.from(text),
      savedAt: new Date(systemClock.nowMs()),
    }),
  )
  return id
}

async function states(): Promise<string[]> {
  const { rows } = await database.pool('api').query('SELECT state FROM message_out ORDER BY position')
  return rows.map(({ state }) => state)
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const beganMs = performance.now()
  while (!(await holds())) {
    if (performance.now() - beganMs > 10_000) throw new Error('waited in vain')
    await sleep(10)
  }
}

test('a saved message is sent within a moment, retried with the same bytes, and answered once', async () => {
  const sent: string[] = []
  const answers: string[] = []
  start(
    async ({ bytes, attempts }) => {
      sent.push(bytes.toString())
      if (attempts < 2) throw new Error('the line was cut')
      return Buffer.from('yes')
    },
    async (_sql, _message, answer) => {
      answers.push(Buffer.from(answer).toString())
    },
  )
  await sleep(100)
  const beganMs = performance.now()
  await save('atlas')
  await until(async () => sent.length > 0)
  expect(performance.now() - beganMs).toBeLessThan(500)
  await until(async () => (await states())[0] === 'answered')
  expect(sent).toEqual(['hello', 'hello', 'hello'])
  expect(answers).toEqual(['yes'])
})

test('a message saved before the start is sent, and one partner that hangs does not hold up another', async () => {
  for (let i = 0; i < 5; i++) await save('atlas')
  await save('sahel')
  const release = Promise.withResolvers<void>()
  let atOnce = 0
  start(async ({ partner }) => {
    if (partner === 'atlas') {
      atOnce++
      await release.promise
    }
    return Buffer.from('yes')
  })
  try {
    await until(async () => (await states())[5] === 'answered')
    // As many as may be under way with one partner, and no more however long it hangs.
    await until(async () => atOnce === 2)
    await sleep(100)
    expect(atOnce).toBe(2)
  } finally {
    release.resolve()
  }
  await until(async () => (await states()).every((state) => state === 'answered'))
})

test('an answer whose handler throws is not stored, and the message goes out again', async () => {
  let tries = 0
  start(
    async () => Buffer.from('yes'),
    async () => {
      if (++tries === 1) throw new Error('this answer does not verify')
    },
  )
  await save('atlas')
  await until(async () => (await states())[0] === 'answered')
  expect(tries).toBe(2)
})

test('two senders of one database send each message once', async () => {
  const sent: string[] = []
  const send: OutboxNeeds['send'] = async ({ id }) => {
    sent.push(id)
    await sleep(20)
    return Buffer.from('yes')
  }
  const first = start(send)
  start(send)
  await Promise.all(Array.from({ length: 10 }, () => save('atlas')))
  await until(async () => (await states()).every((state) => state === 'answered'))
  expect(new Set(sent).size).toBe(10)
  expect(sent).toHaveLength(10)
  await first.stop()
  await save('atlas')
  await until(async () => (await states()).every((state) => state === 'answered'))
})

test('the pause between tries doubles from 0.2 s and ends at 5 min', () => {
  const middle = { fill: (target: Uint8Array) => void target.fill(127) }
  expect([1, 2, 3].map((attempts) => Math.round(retryDelayMs(attempts, middle) / 100))).toEqual([2, 4, 8])
  expect(retryDelayMs(1_000, { fill: (target) => void target.fill(255) })).toBe(375_000)
})
