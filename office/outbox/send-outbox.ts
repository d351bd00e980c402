// Sends what was saved, until it is answered. Whoever saves a message in his transaction need not think of the
// line again: the same bytes go out until an answer is stored, and the far end answers the same id alike.

import type { Log } from '@scratchless/program/log'
import type { Clock } from '@scratchless/voucher/clock'
import { type Random, randomBytes } from '@scratchless/voucher/random'
import { inTransaction, type Pool, type Sql, type SqlClient } from '../database/database.ts'
import {
  findDueMessages,
  findNextDue,
  markAnswered,
  markFailed,
  OUTBOX_CHANNEL,
  type OutgoingMessage,
  readMessage,
  tryBecomeSender,
} from './outbox.sql.ts'

export interface OutboxNeeds {
  readonly pool: Pool
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Posts the bytes and returns the answer's. Whatever it throws is retried. */
  readonly send: (message: OutgoingMessage) => Promise<Uint8Array>
  /**
   * Takes the answer in the transaction that marks the message answered. It verifies first: what it throws rolls
   * back and the message is sent again.
   */
  readonly onAnswer: (sql: SqlClient, message: OutgoingMessage, answer: Uint8Array) => Promise<void>
  /** Messages of one partner under way at once. */
  readonly perPartner?: number
}

export interface Outbox {
  /** Waits for what is under way, then ends. */
  stop(): Promise<void>
}

/** Enough to fill a line with parts of 10,000 codes while the vault makes the next ones. */
const DEFAULT_PER_PARTNER = 4
const FIRST_RETRY_MS = 200
const LONGEST_RETRY_MS = 300_000
/** Notices can be lost with their connection; nothing waits longer than this to be looked for. */
const LONGEST_SLEEP_MS = 2_000
const MAX_PARTNERS_AT_ONCE = 64
const MAX_PROBLEM_LENGTH = 500

/** How long to wait after `attempts` failures (from 1): doubling, 0.2 s to 5 min, a quarter more or less by chance. */
export function retryDelayMs(attempts: number, random: Random): number {
  const base = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempts - 1, 20))
  const chance = randomBytes(random, 1)[0]! / 255
  return Math.round(base * (0.75 + chance / 2))
}

/** Starts sending. One sender works per database; a second one waits until the first one's connection is gone. */
export function startOutbox(needs: OutboxNeeds): Outbox {
  const { pool, clock, log } = needs
  const perPartner = needs.perPartner ?? DEFAULT_PER_PARTNER
  const underWay = new Map<string, { partner: string; done: Promise<void> }>()
  let stopping = false
  let wake: () => void = () => undefined
  let woken = false

  function wakeUp(): void {
    woken = true
    wake()
  }

  async function sleep(ms: number): Promise<void> {
    if (!woken && !stopping)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    woken = false
    wake = () => undefined
  }

  async function run(): Promise<void> {
    while (!stopping) {
      try {
        await sendWhileConnected()
      } catch (error) {
        log.warn({ err: error }, 'the outbox lost its connection and takes another')
        await sleep(FIRST_RETRY_MS)
      }
    }
    await Promise.all([...underWay.values()].map(({ done }) => done))
  }

  async function sendWhileConnected(): Promise<void> {
    const client = await pool.connect()
    let broken: Error | undefined
    const onError = (error: Error) => {
      broken = error
      wakeUp()
    }
    client.on('error', onError)
    client.on('notification', wakeUp)
    try {
      await client.query(`LISTEN ${OUTBOX_CHANNEL}`)
      while (!stopping && !broken && !(await tryBecomeSender(client))) await sleep(LONGEST_SLEEP_MS)
      while (!stopping && !broken) {
        // What was due when we looked is under way, or waits for its partner's place, whose end wakes us.
        const lookedAt = new Date(clock.nowMs())
        await startDue(client)
        const due = await findNextDue(client, lookedAt)
        const untilDueMs = due === null ? LONGEST_SLEEP_MS : due.getTime() - clock.nowMs()
        await sleep(Math.min(Math.max(untilDueMs, 0), LONGEST_SLEEP_MS))
      }
    } finally {
      client.off('error', onError)
      client.off('notification', wakeUp)
      // Signed, not returned: the sender's lock and the LISTEN end with it.
      client.release(true)
    }
    if (broken) throw broken
  }

  async function startDue(sql: Sql): Promise<void> {
    for (;;) {
      const counts = new Map<string, number>()
      for (const { partner } of underWay.values()) counts.set(partner, (counts.get(partner) ?? 0) + 1)
      const busy = [...counts].filter(([, count]) => count >= perPartner).map(([partner]) => partner)
      const due = await findDueMessages(
        sql,
        new Date(clock.nowMs()),
        { ids: [...underWay.keys()], partners: busy },
        MAX_PARTNERS_AT_ONCE,
      )
      if (due.length === 0) return
      for (const { id, partner } of due) {
        const count = counts.get(partner) ?? 0
        if (count >= perPartner) continue
        counts.set(partner, count + 1)
        const done = tryOnce(id).finally(() => {
          underWay.delete(id)
          wakeUp()
        })
        underWay.set(id, { partner, done })
      }
    }
  }

  async function tryOnce(id: OutgoingMessage['id']): Promise<void> {
    let attempts = 0
    try {
      const message = await readMessage(pool, id)
      if (message === null) return
      attempts = message.attempts
      const answer = await needs.send(message)
      await inTransaction(pool, async (sql) => {
        if (await markAnswered(sql, id, answer, new Date(clock.nowMs())))
          await needs.onAnswer(sql, message, answer)
      })
    } catch (error) {
      await noteFailure(id, attempts + 1, error)
    }
  }

  async function noteFailure(id: OutgoingMessage['id'], attempts: number, error: unknown): Promise<void> {
    const problem = (error instanceof Error ? error.message : String(error)).slice(0, MAX_PROBLEM_LENGTH)
    const nowMs = clock.nowMs()
    try {
      log.warn({ message: id, attempts, problem }, 'a message was not answered and is tried again')
      const nextTryAt = new Date(nowMs + retryDelayMs(attempts, needs.random))
      await markFailed(pool, id, { problem, nextTryAt })
    } catch (databaseError) {
      // The message is still waiting in the database, which is all that matters; pause, lest we spin.
      log.error({ message: id, err: databaseError }, 'a failed try could not be noted')
      await new Promise((resolve) => setTimeout(resolve, FIRST_RETRY_MS))
    }
  }

  const running = run()
  return {
    async stop() {
      stopping = true
      wakeUp()
      await running
    },
  }
}
