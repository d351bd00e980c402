// Centre and operator of the simulation: their real flows over real databases, each as an api and a vault that die and
// are started again, and the outboxes turned by hand.

import { insertPrice } from '@scratchless/centre/catalogue/catalogue.sql'
import { raiseCatalogues } from '@scratchless/centre/catalogue/raise-catalogues'
import type { CentreNeeds } from '@scratchless/centre/needs'
import { receiveRestockMessage } from '@scratchless/centre/restock/receive-restock-message'
import { sendRestockOrder, takeRestockOrderResponse } from '@scratchless/centre/restock/send-restock-order'
import {
  holdRange as holdAtCentre,
  releaseRange as releaseAtCentre,
} from '@scratchless/centre/stock/held-codes.sql'
import { createSupplyDoor, type SupplyDoor } from '@scratchless/centre/supply/answer-supply-frame'
import { resumeSupplyOrders } from '@scratchless/centre/supply/close-supply-orders'
import { settleOverdueOrders } from '@scratchless/centre/supply/settle-overdue-orders'
import { createSupplyDesk } from '@scratchless/centre/supply/supply-desk'
import { createKeyCache } from '@scratchless/centre/vault/key-cache'
import { vaultVerbs as centreVerbs } from '@scratchless/centre/vault/vault-verbs'
import type { VaultVerbs as CentreVerbs } from '@scratchless/centre/vault/verbs'
import { tieLanes } from '@scratchless/office/audit-chain/tie-lanes'
import { inTransaction, type Pool, type SqlClient } from '@scratchless/office/database/database'
import {
  findDueMessages,
  markAnswered,
  markFailed,
  type OutgoingMessage,
  readMessage,
} from '@scratchless/office/outbox/outbox.sql'
import type { StaffMember } from '@scratchless/office/staff/staff'
import { receiveAnswer } from '@scratchless/operator/restock/receive-answer'
import {
  type RestockOrderNeeds,
  receiveRestockOrder,
} from '@scratchless/operator/restock/receive-restock-order'
import { findPlannedDeliveries } from '@scratchless/operator/restock/restock.sql'
import { sendRestockDelivery } from '@scratchless/operator/restock/send-restock-delivery'
import { activateLot } from '@scratchless/operator/stock/activate-lot'
import { adoptSealedStock } from '@scratchless/operator/stock/adopt-sealed-stock'
import {
  holdRange as holdAtOperator,
  releaseRange as releaseAtOperator,
} from '@scratchless/operator/stock/held-codes.sql'
import { closeRestockDelivery } from '@scratchless/operator/vault/close-restock-delivery'
import { knowProducts } from '@scratchless/operator/vault/products'
import {
  answerRestockNotice,
  openNotUnderstood,
  openRestockNotice,
  signLotActivation,
  verifyNoticeReceipt,
} from '@scratchless/operator/vault/restock-notices'
import { readSealedLots } from '@scratchless/operator/vault/sealed-stock.sql'
import { signRestockOrderResponse } from '@scratchless/operator/vault/sign-restock-order-response'
import { takeRestockOrder } from '@scratchless/operator/vault/take-restock-order'
import type { VaultVerbs as OperatorVerbs } from '@scratchless/operator/vault/verbs'
import { verifyRestockReceipt } from '@scratchless/operator/vault/verify-restock-receipt'
import type { Clock } from '@scratchless/voucher/clock'
import type { LotId } from '@scratchless/voucher/ids'
import type { Random } from '@scratchless/voucher/random'
import { type SerialRange, serialFromNumber } from '@scratchless/voucher/serial'
import { peekKid } from '@scratchless/wire/compact/cose'
import { readFrame } from '@scratchless/wire/compact/frame'
import { ATLAS, ATLAS_5, CENTRE } from '../../voucher/testing/example-product.ts'
import type { BaseWorld, SeedDatabase } from './base-world.ts'
import { type Meeting, newMeeting } from './meeting.ts'
import { Crash, lineTo, newProcess, poolOf, type SimProcess, type StatementHook } from './sim-process.ts'

/** Starts of an office in a row that may die before it gives up: faults are set one at a time. */
const MOST_STARTS = 5
/** Retries are turned by hand, whenever they would be due. */
const ANY_TIME_MS = 365 * 86_400_000

interface OfficeNeeds {
  readonly base: BaseWorld
  readonly database: SeedDatabase
  readonly clock: Clock
  readonly random: Random
  readonly hook: StatementHook | null
}

interface Office {
  api(): SimProcess
  vault(): SimProcess
  /** Durable writes of all lives of both processes. */
  writes(): number
  /** Api and vault start anew. */
  restart(): Promise<void>
  /** Runs a flow of the api; where the api dies under it, it is started again and the crash goes on. */
  run<Result>(flow: () => Promise<Result>): Promise<Result>
}

/** The two processes of an office; `startApi` is what its main file does before it listens. */
function officeOf(
  prefix: 'centre' | 'operator',
  startVault: (process: SimProcess) => void,
  startApi: (process: SimProcess) => Promise<void>,
): Office & { restartVault(): Promise<void> } {
  let api = newProcess(`${prefix}-api`)
  let vault = newProcess(`${prefix}-vault`)
  let writesBefore = 0

  async function restartVault(): Promise<void> {
    writesBefore += vault.writes
    vault = newProcess(`${prefix}-vault`)
    startVault(vault)
  }

  async function restart(): Promise<void> {
    await restartVault()
    for (let starts = 1; ; starts++) {
      writesBefore += api.writes
      api = newProcess(`${prefix}-api`)
      try {
        await startApi(api)
        return
      } catch (problem) {
        if (starts >= MOST_STARTS) throw problem
      }
    }
  }

  return {
    api: () => api,
    vault: () => vault,
    writes: () => writesBefore + api.writes + vault.writes,
    restart,
    restartVault,
    async run(flow) {
      try {
        return await flow()
      } catch (problem) {
        if (!api.alive) await restart()
        throw problem
      }
    },
  }
}

/** One message of the outbox, tried once. Returns what came of it, or null where none waits. */
async function turnOutbox(
  { pool, clock }: { pool: Pool; clock: Clock },
  post: (message: OutgoingMessage) => Promise<Uint8Array>,
  onAnswer: (sql: SqlClient, message: OutgoingMessage, answer: Uint8Array) => Promise<void>,
): Promise<string | null> {
  // As the program does every second: what it sends has a head that stands for all lanes.
  await inTransaction(pool, (sql) => tieLanes(sql, new Date(clock.nowMs())))
  const anyTime = new Date(clock.nowMs() + ANY_TIME_MS)
  const [due] = await findDueMessages(pool, anyTime, { ids: [], partners: [] }, 1)
  const message = due && (await readMessage(pool, due.id))
  if (!message) return null
  try {
    const answer = await post(message)
    await inTransaction(pool, async (sql) => {
      if (await markAnswered(sql, message.id, answer, new Date(clock.nowMs())))
        await onAnswer(sql, message, answer)
    })
    return `${message.kind} answered`
  } catch (problem) {
    if (problem instanceof Crash) throw problem
    const text = problem instanceof Error ? problem.message : String(problem)
    await markFailed(pool, message.id, { problem: text.slice(0, 500), nextTryAt: new Date(clock.nowMs()) })
    return `${message.kind} not answered: ${text.replace(/[0-9a-f-]{36}/g, '…')}`
  }
}

export interface SimCentre extends Office {
  door(frame: Uint8Array): Promise<Uint8Array>
  /** Whatever the operator posts. */
  takePosted(bytes: Uint8Array): ReturnType<typeof receiveRestockMessage>
  orderRestock(quantity: number): Promise<string>
  turnOutbox(post: (message: OutgoingMessage) => Promise<Uint8Array>): Promise<string | null>
  settleOverdue(): Promise<number>
  holdOrRelease(act: 'hold' | 'release', from: number, count: number): Promise<number>
  /** A new price from now on, `change` minor units from the first one. */
  setPrice(change: bigint): Promise<string>
}

/** Where two exchanges meet, whichever centre each of them asks. */
export interface MeetingPlace {
  current: Meeting | null
}

/** Both exchanges at once; their groups at the desks meet at the shop's account. */
export async function meetAtAccounts<Outcome>(
  place: MeetingPlace = { current: null },
  askFirst: () => Promise<Outcome>,
  askSecond: () => Promise<Outcome>,
): Promise<readonly [Outcome, Outcome]> {
  const meeting = newMeeting()
  place.current = meeting
  try {
    return await meeting.of(askFirst, askSecond)
  } finally {
    place.current = null
  }
}

/** One of several centre processes on the same databases, with a vault of its own. */
export async function startCentre(
  { base, database, clock, random, hook }: OfficeNeeds,
  place: MeetingPlace = { current: null },
): Promise<SimCentre> {
  let verbs: CentreVerbs
  let needs: CentreNeeds
  // A desk for each certificate, as if each terminal asked a centre process of its own: what meets another's order at the
  // shop's account never waits for it at a desk.
  let doors = new Map<string, SupplyDoor>()
  function doorOf(frame: Uint8Array): SupplyDoor {
    const read = readFrame(frame)
    const kid = (read && peekKid(read.message)?.toString('hex')) ?? ''
    const door = doors.get(kid) ?? createSupplyDoor(needs, createSupplyDesk(needs))
    doors.set(kid, door)
    return door
  }
  const watching: StatementHook = (process, on, text, values, run) => {
    const hooked = () => (hook === null ? run(text, values) : hook(process, on, text, values, run))
    return place.current === null ? hooked() : place.current.statement(on, text, hooked)
  }
  const office = officeOf(
    'centre',
    (process) => {
      verbs = centreVerbs({
        ...base.centreVault,
        ...{ clock, random, cache: createKeyCache(), certificates: createKeyCache() },
        pool: poolOf(database.vaultPool('vault'), process, hook),
        books: poolOf(database.pool('vault'), process, hook),
      })
    },
    async (process) => {
      needs = {
        ...{ clock, random, log: base.log, settings: base.settings },
        pool: poolOf(database.pool('api'), process, watching),
        vault: lineTo<CentreVerbs>(
          process,
          () => verbs,
          () => office.restartVault(),
        ),
      }
      await resumeSupplyOrders(needs)
      doors = new Map()
    },
  )
  await office.restart()
  return {
    ...office,
    door: (frame) => office.run(() => doorOf(frame)(frame)),
    takePosted: (bytes) => office.run(() => receiveRestockMessage(needs, ATLAS, bytes)),
    orderRestock: (quantity) =>
      office.run(async () => {
        const wish = { operator: ATLAS, lines: [{ product: ATLAS_5.id, quantity }] }
        const sent = await sendRestockOrder(needs, wish, 'sim')
        return typeof sent === 'string' ? sent : 'ordered'
      }),
    turnOutbox: (post) =>
      office.run(() =>
        turnOutbox(needs, post, (sql, message, answer) =>
          takeRestockOrderResponse(needs, sql, message, answer),
        ),
      ),
    holdOrRelease: (act, from, count) =>
      office.run(async () => {
        const range = await rangeFrom(needs.pool, from, count)
        return act === 'hold'
          ? holdAtCentre(needs.pool, ATLAS, range)
          : inTransaction(needs.pool, (sql) => releaseAtCentre(sql, ATLAS, range, new Date(clock.nowMs())))
      }),
    settleOverdue: () =>
      office.run(async () => {
        await resumeSupplyOrders(needs)
        return settleOverdueOrders(needs)
      }),
    setPrice: (change) =>
      office.run(async () => {
        const at = new Date(clock.nowMs())
        const publicPrice = { ...ATLAS_5.publicPrice, amountMinor: ATLAS_5.publicPrice.amountMinor + change }
        const { tax, netCredit } = ATLAS_5
        const dated = {
          product: ATLAS_5.id,
          publicPrice,
          tax,
          netCredit,
          validFrom: at,
          setBy: 'sim',
          setAt: at,
        }
        if ((await insertPrice(needs.pool, dated)) === null) return 'one begins at this moment already'
        return `${await raiseCatalogues(needs)} catalogues`
      }),
  }
}

/** Serials of an office counted from its first one. */
async function rangeFrom(sql: Pool, from: number, count: number): Promise<SerialRange> {
  const { rows } = await sql.query<{ first: bigint | null }>('SELECT min(first_serial) AS first FROM pack')
  return { firstSerial: serialFromNumber(Number(rows[0]!.first ?? 0) + from), count }
}

export interface SimOperator extends Office {
  takeOrder(bytes: Uint8Array): Promise<Uint8Array | null>
  /** A lot that sleeps wakes, or some codes of it; the centre is told. */
  activate(from: number, count: number | null): Promise<string>
  holdOrRelease(act: 'hold' | 'release', from: number, count: number): Promise<number>
  /** Has the next planned part closed. Null where none is planned. */
  closeNextDelivery(): Promise<string | null>
  turnOutbox(post: (message: OutgoingMessage) => Promise<Uint8Array>): Promise<string | null>
}

export async function startOperator({
  base,
  database,
  clock,
  random,
  hook,
}: OfficeNeeds): Promise<SimOperator> {
  let verbs: OperatorVerbs
  let needs: RestockOrderNeeds
  const notHere = () => Promise.reject(new Error('no stock comes in here'))
  const office = officeOf(
    'operator',
    (process) => {
      const vault = {
        ...base.operatorVault,
        ...{ clock, random },
        pool: poolOf(database.vaultPool('vault'), process, hook),
        books: poolOf(database.pool('vault'), process, hook),
      }
      verbs = {
        knowProducts: (products) => knowProducts(vault, products),
        listSealedLots: ({ known }) => readSealedLots(vault.pool, known, 10),
        admitStockFile: notHere,
        generateStock: notHere,
        takeRestockOrder: (argument) => takeRestockOrder(vault, argument),
        signRestockOrderResponse: (response) => signRestockOrderResponse(vault, response),
        closeRestockDelivery: (plan) => closeRestockDelivery(vault, plan),
        verifyRestockReceipt: (argument) => verifyRestockReceipt(vault, argument),
        openRestockNotice: (argument) => openRestockNotice(vault, argument),
        answerRestockNotice: (argument) => answerRestockNotice(vault, argument),
        signLotActivation: (argument) => signLotActivation(vault, argument),
        verifyNoticeReceipt: (argument) => verifyNoticeReceipt(vault, argument),
        openNotUnderstood: (argument) => openNotUnderstood(vault, argument),
        voidCodes: notHere,
      }
    },
    async (process) => {
      needs = {
        ...{ party: ATLAS, clock, random, log: base.log },
        timeZone: 'UTC',
        discounts: new Map([[CENTRE, 600]]),
        pool: poolOf(database.pool('api'), process, hook),
        vault: lineTo<OperatorVerbs>(
          process,
          () => verbs,
          () => office.restartVault(),
        ),
      }
      await adoptSealedStock(needs)
    },
  )
  await office.restart()
  return {
    ...office,
    takeOrder: (bytes) => office.run(() => receiveRestockOrder(needs, CENTRE, bytes)),
    holdOrRelease: (act, from, count) =>
      office.run(async () => {
        const range = await rangeFrom(needs.pool, from, count)
        return act === 'hold' ? holdAtOperator(needs.pool, range) : releaseAtOperator(needs.pool, range)
      }),
    activate: (from, count) =>
      office.run(async () => {
        const { rows } = await needs.pool.query<{ lot: LotId; first_serial: bigint; count: number }>(
          `SELECT lot, first_serial, count FROM pack JOIN lot ON lot.id = pack.lot
            WHERE lot.activated_at IS NULL ORDER BY first_serial OFFSET $1 LIMIT 1`,
          [from],
        )
        const [pack] = rows
        if (pack === undefined) return 'nothing sleeps'
        const { lot } = pack
        const firstSerial = serialFromNumber(Number(pack.first_serial))
        const runs = count === null ? [] : [{ firstSerial, count: Math.min(count, pack.count) }]
        await activateLot(needs, { signInName: 'sim' } as StaffMember, { lot, runs })
        return count === null ? `all of ${lot}` : `${runs[0]!.count} of ${lot}`
      }),
    closeNextDelivery: () =>
      office.run(async () => {
        const [plan] = await findPlannedDeliveries(needs.pool, [], 1)
        if (plan === undefined) return null
        return (await sendRestockDelivery(needs, plan)) ?? 'closed'
      }),
    turnOutbox: (post) =>
      office.run(() =>
        turnOutbox(needs, post, (sql, message, answer) => receiveAnswer(needs, sql, message, answer)),
      ),
  }
}
