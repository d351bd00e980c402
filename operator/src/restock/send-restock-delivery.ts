// Step 4 of the way of a code: planned parts are opened and closed for the centre in the vault, saved in the outbox
// and sent from there. Some parts are closed while others travel.

import { inTransaction, type Pool } from '@scratchless/office/database/database'
import { saveMessage } from '@scratchless/office/outbox/outbox.sql'
import type { Log } from '@scratchless/program/log'
import { type PrivateLine, PrivateLineLost } from '@scratchless/program/private-line'
import type { Clock } from '@scratchless/voucher/clock'
import type { MessageId } from '@scratchless/voucher/ids'
import type { DeliveryPlan, VaultVerbs } from '../vault/verbs.ts'
import { findPlannedDeliveries, markDespatched } from './restock.sql.ts'

interface DeliveryNeeds {
  readonly pool: Pool
  readonly vault: PrivateLine<VaultVerbs>
  readonly clock: Clock
  readonly log: Log
}

interface DeliveryLoop {
  /** There may be something to do: called when an order was answered. */
  wake(): void
  stop(): Promise<void>
}

const DELIVERY_KIND = 'restock-delivery'
/** One more than the vault has workers, so that none waits for us. */
const AT_ONCE = 3
/** Nothing planned is left longer than this, whoever forgot to wake us. */
const LONGEST_SLEEP_MS = 5_000
/** The vault restarts in less; a part out of turn waits for its neighbour's end. */
const RETRY_MS = 300
/** What a person must look at is tried once a minute meanwhile. */
const LONG_REST_MS = 60_000

/** Closes planned parts until stopped, also those that an earlier life of this process left. */
export function startRestockDeliveries(needs: DeliveryNeeds): DeliveryLoop {
  const underWay = new Map<MessageId, Promise<void>>()
  // Parts that did not go and are tried again later; they take no place of those that may.
  const resting = new Set<MessageId>()
  let stopping = false
  let woken = false
  let wake: () => void = () => undefined

  function wakeUp(): void {
    woken = true
    wake()
  }

  async function sleep(ms: number): Promise<void> {
    if (!woken)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    woken = false
  }

  async function run(): Promise<void> {
    while (!stopping) {
      const free = AT_ONCE - underWay.size
      try {
        const plans =
          free > 0 ? await findPlannedDeliveries(needs.pool, [...underWay.keys(), ...resting], free) : []
        for (const plan of plans) underWay.set(plan.id, settleOne(plan))
        await sleep(LONGEST_SLEEP_MS)
      } catch (error) {
        needs.log.error({ err: error }, 'planned deliveries could not be read')
        await sleep(LONGEST_SLEEP_MS)
      }
    }
    await Promise.all(underWay.values())
  }

  async function settleOne(plan: DeliveryPlan): Promise<void> {
    let restMs = 0
    try {
      const refusal = await sendRestockDelivery(needs, plan)
      if (refusal !== null) {
        needs.log.error({ delivery: plan.id, refusal }, 'the vault refuses a delivery part')
        restMs = LONG_REST_MS
      }
    } catch (error) {
      const restarts = error instanceof PrivateLineLost
      if (!restarts) needs.log.error({ delivery: plan.id, err: error }, 'a delivery part was not closed')
      restMs = restarts ? RETRY_MS : LONG_REST_MS
    }
    underWay.delete(plan.id)
    if (restMs > 0) rest(plan.id, restMs)
    wakeUp()
  }

  function rest(id: MessageId, ms: number): void {
    resting.add(id)
    const timer = setTimeout(() => {
      resting.delete(id)
      wakeUp()
    }, ms)
    timer.unref()
  }

  const running = run()
  return {
    wake: wakeUp,
    async stop() {
      stopping = true
      wakeUp()
      await running
    },
  }
}

/** Has one part closed, and saves it to be sent. Returns the vault's refusal, or null. */
export async function sendRestockDelivery(needs: DeliveryNeeds, plan: DeliveryPlan): Promise<string | null> {
  const bytes = await needs.vault.closeRestockDelivery(plan)
  if ('refusal' in bytes) return bytes.refusal
  await inTransaction(needs.pool, async (sql) => {
    // A part that was despatched meanwhile is in the outbox already.
    if (!(await markDespatched(sql, plan.id))) return
    const savedAt = new Date(needs.clock.nowMs())
    await saveMessage(sql, { id: plan.id, partner: plan.partner, kind: DELIVERY_KIND, bytes, savedAt })
  })
  return null
}
