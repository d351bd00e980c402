// The outbox by a clock of its own: what waits how long, in which order, how much at once, and what is noted.

import { createLog, type Log } from '@scratchless/program/log'
import { systemClock } from '@scratchless/voucher/clock'
import { newMessageId, systemRandom } from '@scratchless/voucher/random'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { OFFICE_MIGRATIONS } from '../database/migrate.ts'
import { type TestDatabase, testDatabase } from '../testing/test-database.ts'
import { OUTBOX_CHANNEL, type OutgoingMessage, readMessage, saveMessage } from './outbox.sql.ts'
import { type Outbox, type OutboxNeeds, retryDelayMs, startOutbox } from './send-outbox.ts'

const T0 = 1_790_000_000_000
const clock = { at: T0, nowMs: () => clock.at }
/** No chance: a byte of 0 makes each pause three quarters of its base. */
const noChance = { fill: (target: Uint8Array) => void target.fill(0) }
const FIRST_PAUSE_MS = 150

let database: TestDatabase
/** Ends what a test that failed left hanging. */
let over: PromiseWithResolvers<Uint8Array>
const outboxes: Outbox[] = []
beforeEach(async () => {
  clock.at = T0
  over = Promise.withResolvers()
  database = await testDatabase([OFFICE_MIGRATIONS])
})
afterEach(async () => {
  over.resolve(Buffer.from('over'))
  await Promise.all(outboxes.splice(0).map((outbox) => outbox.stop()))
  await database.drop()
})

function start(send: OutboxNeeds['send'], more: Partial<OutboxNeeds> = {}): Outbox {
  const log = createLog({ program: 'test', process: 'api', clock: systemClock, level: 'silent' })
  const outbox = startOutbox({
    ...{ pool: database.pool('api'), clock, random: noChance, log, onAnswer: async () => undefined },
    send: (message) => Promise.race([send(message), over.promise]),
    ...more,
  })
  outboxes.push(outbox)
  return outbox
}

async function save(partner: string, text = 'hello', savedAt = new Date(clock.at)) {
  const id = newMessageId(systemRandom)
  const message = { id, partner, kind: 'restock-order', bytes: Buffer.from(text), savedAt }
  await saveMessage(database.pool('api'), message)
  return id
}

async function row(id: string): Promise<Record<string, unknown>> {
  const text = `SELECT state, attempts, last_problem, next_try_at, saved_at, settled_at, answer FROM message_out WHERE id = $1`
  return (await database.pool('owner').query(text, [id])).rows[0]
}

/** Wakes the sender, as a saved message does, and gives it time to look. */
async function look(): Promise<void> {
  await database.pool('api').query(`SELECT pg_notify('${OUTBOX_CHANNEL}', '')`)
  await new Promise((done) => setTimeout(done, 60))
}
const until = (holds: () => unknown) =>
  vi.waitFor(async () => expect(await holds()).toBeTruthy(), { timeout: 10_000, interval: 10 })

test('the pause doubles by each failure up to five minutes, a quarter more or less by chance', () => {
  const most = { fill: (target: Uint8Array) => void target.fill(255) }
  const pauses = (random: typeof most, ...attempts: number[]) =>
    attempts.map((attempt) => retryDelayMs(attempt, random))
  expect(pauses(noChance, 1, 2, 3, 11, 12, 21, 22, 1_000)).toEqual([
    ...[150, 300, 600, 153_600],
    ...[225_000, 225_000, 225_000, 225_000],
  ])
  expect(pauses(most, 1, 2, 11, 12)).toEqual([250, 500, 256_000, 375_000])
})

test('what failed waits its pause to the millisecond, longer each time, and keeps what was wrong', async () => {
  const tries: number[] = []
  const warn = vi.fn()
  const log = { warn, error: vi.fn() } as unknown as Log
  start(
    async ({ attempts }) => {
      tries.push(attempts)
      if (attempts === 0) throw new Error('x'.repeat(600))
      if (attempts === 1) throw 'a word'
      return Buffer.from('yes')
    },
    { log },
  )
  const id = await save('atlas')
  await until(async () => (await row(id)).attempts === 1)
  expect(await row(id)).toMatchObject({
    ...{ state: 'waiting', last_problem: 'x'.repeat(500), answer: null, settled_at: null },
    ...{ saved_at: new Date(T0), next_try_at: new Date(T0 + FIRST_PAUSE_MS) },
  })
  clock.at = T0 + FIRST_PAUSE_MS - 1
  await look()
  expect(tries).toEqual([0])
  clock.at = T0 + FIRST_PAUSE_MS
  await look()
  await until(async () => (await row(id)).attempts === 2)
  expect(await row(id)).toMatchObject({
    ...{ last_problem: 'a word', next_try_at: new Date(T0 + FIRST_PAUSE_MS + 2 * FIRST_PAUSE_MS) },
  })
  clock.at = T0 + 3 * FIRST_PAUSE_MS
  await look()
  await until(async () => (await row(id)).state === 'answered')
  expect(tries).toEqual([0, 1, 2])
  expect(await row(id)).toMatchObject({
    ...{ attempts: 3, last_problem: null, settled_at: new Date(clock.at), answer: Buffer.from('yes') },
  })
  expect(warn.mock.calls).toEqual([
    [{ message: id, attempts: 1, problem: 'x'.repeat(500) }, 'a message was not answered and is tried again'],
    [{ message: id, attempts: 2, problem: 'a word' }, 'a message was not answered and is tried again'],
  ])
})

test('an answer that its taker throws away is not kept, and counts as a try', async () => {
  let taken = 0
  start(async () => Buffer.from('no receipt'), {
    onAnswer: async (sql) => {
      taken++
      await sql.query(`UPDATE message_out SET last_problem = 'half done'`)
      throw new Error('the answer does not verify')
    },
  })
  const id = await save('atlas')
  await until(async () => (await row(id)).attempts === 1)
  expect(await row(id)).toMatchObject({ state: 'waiting', answer: null, settled_at: null })
  expect(await row(id)).toMatchObject({ last_problem: 'the answer does not verify' })
  await look()
  expect(taken).toBe(1)
})

test('one that comes due by itself is sent then, also where another partner hangs with all his places taken', async () => {
  const real = { nowMs: () => systemClock.nowMs() }
  let sent = 0
  const release = Promise.withResolvers<void>()
  start(
    async ({ partner }) => {
      if (partner === 'sahel') await release.promise
      else if (++sent === 1) throw new Error('cut')
      return Buffer.from('yes')
    },
    { clock: real, perPartner: 1 },
  )
  try {
    for (let n = 0; n < 2; n++) await save('sahel', 'hello', new Date(real.nowMs()))
    await look()
    const began = performance.now()
    const id = await save('atlas', 'hello', new Date(real.nowMs()))
    await until(async () => (await row(id)).state === 'answered')
    // Not the two seconds after which it looks by itself.
    expect(performance.now() - began).toBeLessThan(1_900)
  } finally {
    release.resolve()
  }
})

test('messages of a partner leave in the order in which they were saved', async () => {
  const texts = Array.from({ length: 12 }, (_, n) => `${n}`)
  // Saved with times that run backwards: their places count.
  for (const [n, text] of texts.entries()) await save('atlas', text, new Date(T0 - n))
  const sent: string[] = []
  start(
    async ({ bytes }) => {
      sent.push(bytes.toString())
      return Buffer.from('yes')
    },
    { perPartner: 1 },
  )
  await until(() => sent.length === 12)
  expect(sent).toEqual(texts)
})

test('four messages of one partner are under way at once, and each that ends makes room for the next', async () => {
  for (let n = 0; n < 7; n++) await save('atlas')
  const waiting: (() => void)[] = []
  let most = 0
  start(async () => {
    await new Promise<void>((resolve) => {
      waiting.push(resolve)
      most = Math.max(most, waiting.length)
    })
    return Buffer.from('yes')
  })
  await until(() => waiting.length === 4)
  await look()
  expect(waiting).toHaveLength(4)
  waiting.shift()!()
  await until(() => waiting.length === 4)
  await look()
  expect(most).toBe(4)
  for (let left = 6; left > 0; left--) {
    await until(() => waiting.length > 0)
    waiting.shift()!()
  }
})

test('partners beyond the number that is read at once have their turn as well', async () => {
  for (let n = 0; n < 70; n++) await save(`partner-${n}`)
  const release = Promise.withResolvers<void>()
  const partners = new Set<string>()
  start(async ({ partner }) => {
    partners.add(partner)
    await release.promise
    return Buffer.from('yes')
  })
  try {
    await until(() => partners.size === 70)
  } finally {
    release.resolve()
  }
})

test('a message that was answered meanwhile is not sent and not answered again', async () => {
  const id = await save('atlas')
  const release = Promise.withResolvers<void>()
  let answers = 0
  start(
    async () => {
      await release.promise
      return Buffer.from('late')
    },
    { onAnswer: async () => void answers++ },
  )
  await look()
  await database
    .pool('owner')
    .query(`UPDATE message_out SET state = 'answered', answer = 'first', settled_at = now()`)
  release.resolve()
  await outboxes.splice(0)[0]!.stop()
  expect(answers).toBe(0)
  expect(await row(id)).toMatchObject({ answer: Buffer.from('first'), attempts: 0 })
  expect(await readMessage(database.pool('api'), id)).toBeNull()
})

test('a failure that comes after the answer changes nothing any more', async () => {
  const id = await save('atlas')
  const cut = Promise.withResolvers<Uint8Array>()
  start(() => cut.promise)
  await look()
  await database
    .pool('owner')
    .query(`UPDATE message_out SET state = 'answered', answer = 'first', settled_at = now()`)
  cut.reject(new Error('cut'))
  await outboxes.splice(0)[0]!.stop()
  expect(await row(id)).toMatchObject({ state: 'answered', attempts: 0, last_problem: null })
})

test('to stop is to wait for what is under way, and to begin nothing', async () => {
  const release = Promise.withResolvers<void>()
  const sent: string[] = []
  const outbox = start(
    async ({ bytes }: OutgoingMessage) => {
      sent.push(bytes.toString())
      await release.promise
      return Buffer.from('yes')
    },
    { perPartner: 1 },
  )
  const first = await save('atlas', 'first')
  await save('atlas', 'second')
  await until(() => sent.length === 1)
  let stopped = false
  const stopping = outbox.stop().then(() => {
    stopped = true
  })
  await look()
  expect(stopped).toBe(false)
  release.resolve()
  await stopping
  expect(sent).toEqual(['first'])
  expect(await row(first)).toMatchObject({ state: 'answered' })
})

test('a connection that breaks is said and replaced, and messages go on', async () => {
  const warn = vi.fn()
  const log = { warn, error: vi.fn() } as unknown as Log
  const sent: string[] = []
  start(
    async ({ bytes }) => {
      sent.push(bytes.toString())
      return Buffer.from('yes')
    },
    { log },
  )
  await save('atlas', 'before')
  await until(() => sent.length === 1)
  await database
    .pool('owner')
    .query(
      `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    )
    .catch(() => undefined)
  await save('atlas', 'after')
  await until(() => sent.length === 2)
  expect(sent).toEqual(['before', 'after'])
})

test('a message whose notice was lost is found by looking, within two seconds', async () => {
  let sent = 0
  start(async () => {
    sent++
    return Buffer.from('yes')
  })
  await look()
  await database
    .pool('owner')
    .query(
      `INSERT INTO message_out (id, partner, kind, bytes, next_try_at, saved_at) VALUES ($1, 'atlas', 'k', 'b', $2, $2)`,
      [newMessageId(systemRandom), new Date(T0)],
    )
  const began = performance.now()
  await until(() => sent === 1)
  expect(performance.now() - began).toBeLessThan(4_000)
})

test('what an outbox is sending belongs to it alone, and the lock goes with its connection', async () => {
  const first = start(async () => Buffer.from('yes'))
  await look()
  const holders = async () => {
    const text = `SELECT count(*)::int AS n FROM pg_locks JOIN pg_database ON oid = database
                   WHERE locktype = 'advisory' AND datname = current_database() AND granted`
    return (await database.pool('owner').query(text)).rows[0].n
  }
  start(async () => Buffer.from('yes'))
  await look()
  expect(await holders()).toBe(1)
  await first.stop()
  await until(async () => (await holders()) <= 1)
  await outboxes.splice(0).at(-1)!.stop()
  await until(async () => (await holders()) === 0)
})
