// The till's api: what the screen asks, and what it may be told. Shapes are till-view's.

import { createPublicKey } from 'node:crypto'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import cookie from '@fastify/cookie'
import { HttpRefusal, type Problem } from '@scratchless/program/http/http-server'
import type { Listener } from '@scratchless/program/http/listener'
import { createPeopleServer } from '@scratchless/program/http/people-server'
import type { Log } from '@scratchless/program/log'
import type { Clock } from '@scratchless/voucher/clock'
import { idPattern } from '@scratchless/voucher/ids'
import { PRODUCT_ID, type ProductId, productId } from '@scratchless/voucher/product'
import type { Random } from '@scratchless/voucher/random'
import { deviceFingerprint } from '@scratchless/wire/supply/enrolment-code'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { stockOnBoard } from '../safe/safe-run.sql.ts'
import { unsent } from '../sale/report.sql.ts'
import { countInDoubt, latestSales } from '../sale/sale.sql.ts'
import { settleDoubt } from '../sale/settle-doubt.ts'
import { newestLetterEpoch } from '../supply/card-letter.sql.ts'
import { beginToEnrol } from '../supply/enrol.ts'
import { enrolmentIn } from '../supply/enrolment.sql.ts'
import { askedRequests, lastSequence } from '../supply/request.sql.ts'
import { takeOrder } from '../supply/send-supply-order.ts'
import { latestOrders, onTheWay, orderById, type StoredOrder } from '../supply/supply-order.sql.ts'
import { addVendor } from '../vendors/add-vendor.ts'
import { hashPassword, MIN_PASSWORD_LENGTH } from '../vendors/passwords.ts'
import type { Session, VendorSession } from '../vendors/sessions.ts'
import { signIn } from '../vendors/sign-in.ts'
import { putVendor, vendorIds } from '../vendors/vendor.sql.ts'
import { homeView } from './home-view.ts'
import type { Till } from './till.ts'
import type { SupplyOrderView, TillState } from './till-view.ts'

/** A "no" of the rules, as a TillProblem. */
class Refusal extends HttpRefusal {
  constructor(error: string, status = 409, triesLeft?: number) {
    super(status, error, triesLeft === undefined ? undefined : { triesLeft })
  }
}

/** What the shell calls by other names is to a screen a form that is not as it should be. */
const MISSHAPEN: readonly string[] = ['bad-request', 'too-large', 'unsupported-content-type']
const problemBody = ({ code, reference, details }: Problem) => ({
  error: MISSHAPEN.includes(code) ? 'misshapen' : code,
  reference,
  ...(details as { triesLeft: number } | undefined),
})

const COOKIE = 'till'
/** The largest form has 20 lines of an order. */
const BODY_LIMIT_BYTES = 16 * 1024
/** One screen, pressed by a script at worst. */
const REQUESTS_PER_SECOND = 5_000
const LATEST_SALES = 50
const LATEST_ORDERS = 20
/** An order that is answered at once is shown answered; a slow line shows it on its way. */
const ORDER_ANSWER_WAIT_MS = 3_000
const ORDER_LOOK_MS = 10
const SCREEN = fileURLToPath(new URL('../../touch/dist', import.meta.url))

// The password's longest: argon2 takes any, but nobody types more.
const password = z.string().min(1).max(200)
const shapes = {
  enrolment: z.strictObject({ enrolmentCode: z.string().max(100), ownerPassword: password }),
  vendor: z.strictObject({
    vendor: z.string().regex(idPattern('VendorId')),
    password,
    card: z.string().regex(idPattern('CardId')),
  }),
  signIn: z.strictObject({
    vendor: z.string().max(20),
    password,
    pin: z.string().max(64).optional(),
  }),
  sale: z.strictObject({
    saleId: z.string().regex(/^[\w-]{8,64}$/),
    product: z.string().regex(PRODUCT_ID),
  }),
  doubt: z.strictObject({ answer: z.enum(['came-out', 'did-not-come-out']) }),
  order: z.strictObject({
    lines: z
      .array(
        z.strictObject({
          product: z.string().regex(PRODUCT_ID),
          quantity: z.int().min(1).max(1_000),
        }),
      )
      .max(100),
  }),
}

function read<S extends z.ZodType>(shape: S, request: FastifyRequest): z.output<S> {
  const result = shape.safeParse(request.body)
  if (!result.success) throw new Refusal('misshapen', 400)
  return result.data
}

export async function tillRoutes(
  till: Till,
  needs: { log: Log; random: Random; clock: Clock; listener: Listener },
): Promise<FastifyInstance> {
  const { log, random, clock, listener } = needs
  const app = createPeopleServer({
    setting: 'http',
    listener,
    // Of the machine: the terminal's own may stand still.
    ...{ log, random, clock, problemBody },
    bodyLimitBytes: BODY_LIMIT_BYTES,
    requestsPerSecond: REQUESTS_PER_SECOND,
  })
  await app.register(cookie)

  const sessionOf = (request: FastifyRequest): Session | null => till.sessions.of(request.cookies[COOKIE])
  const vendorOf = (request: FastifyRequest): VendorSession => {
    const session = sessionOf(request)
    if (session?.who !== 'vendor') throw new Refusal('signed-out', 401)
    return session
  }
  const startSession = (session: Session) => ({
    value: till.sessions.open(session),
    options: { httpOnly: true, sameSite: 'strict', path: '/', secure: listener.tls !== undefined } as const,
  })

  function state(request: FastifyRequest, signedIn = sessionOf(request)): TillState {
    const word = till.word()
    const waiting = word === null && enrolmentIn(till.store, 'waiting') !== undefined
    return {
      terminal: word?.identity.terminal ?? null,
      retailerName: word?.identity.retailerName ?? null,
      enrolment: word !== null ? 'enrolled' : waiting ? 'waiting' : 'none',
      fingerprint: waiting ? deviceFingerprint(createPublicKey(till.deviceKey)) : null,
      vendors: vendorIds(till.store).map((id) => ({ id })),
      signedIn: signedIn?.who ?? 'nobody',
      locale: till.locale,
    }
  }

  app.get('/api/state', async (request) => state(request))

  app.post('/api/enrolment', async (request, reply) => {
    const form = read(shapes.enrolment, request)
    if (till.word() !== null) throw new Refusal('already-enrolled')
    if (form.ownerPassword.length < MIN_PASSWORD_LENGTH) throw new Refusal('password-too-short')
    const outcome = await beginToEnrol(till, form.enrolmentCode)
    if (outcome === 'centre-unreachable') throw new Refusal(outcome, 503)
    if (outcome !== 'waiting' && outcome !== 'enrolled') throw new Refusal(outcome)
    putVendor(till.store, {
      id: 'owner',
      passwordHash: await hashPassword(form.ownerPassword),
      card: null,
    })
    const session = { who: 'owner', sinceMs: till.clock.nowMs() } as const
    const { value, options } = startSession(session)
    reply.setCookie(COOKIE, value, options)
    till.supply.wake()
    return state(request, session)
  })

  /** The owner was told that the centre has approved: do not wait for the next poll. */
  app.post('/api/enrolment/poll', async (_request, reply) => {
    till.supply.wake()
    return reply.status(204).send()
  })

  app.post('/api/vendors', async (request) => {
    if (sessionOf(request)?.who !== 'owner') throw new Refusal('signed-out', 401)
    const form = read(shapes.vendor, request)
    const outcome = await addVendor(till.store, form)
    if (outcome !== 'added') throw new Refusal(outcome)
    return { vendor: form.vendor }
  })

  app.post('/api/sign-in', async (request, reply) => {
    const { vendor, password, pin } = read(shapes.signIn, request)
    await till.lookAtCard()
    const outcome = await signIn(
      { ...till, revokedCards: till.word()?.standing.revokedCards ?? [] },
      { vendor, password, ...(pin === undefined ? {} : { pin }) },
    )
    if ('refusal' in outcome)
      throw new Refusal(outcome.refusal, 403, 'triesLeft' in outcome ? outcome.triesLeft : undefined)
    const { value, options } = startSession(outcome)
    reply.setCookie(COOKIE, value, options)
    till.prepare()
    till.supply.wake()
    return state(request, outcome)
  })

  app.post('/api/lock', async (request, reply) => {
    // Anybody at the screen may close the till; only its keys open it.
    if (sessionOf(request) !== null) await till.lock()
    return reply.clearCookie(COOKIE, { path: '/' }).status(204).send()
  })

  app.get('/api/home', async (request) => {
    const session = vendorOf(request)
    const { identity, standing, catalogue } = till.word()!
    return homeView({
      store: till.store,
      nowMs: till.clock.nowMs(),
      session,
      identity,
      standing,
      catalogue,
      line: till.supply.status(),
      printer: till.printerStatus(),
      card: till.cardState(),
      minimumStock: till.minimumStock,
      view: till.view,
    })
  })

  app.post('/api/sales', async (request) => {
    const session = vendorOf(request)
    const { saleId, product } = read(shapes.sale, request)
    const outcome = await till.sell(session, { saleId, product: productId(product) })
    if (outcome === 'card-locked' || outcome === 'signed-out') throw new Refusal('signed-out', 401)
    if (typeof outcome === 'string') throw new Refusal(outcome)
    return till.view(outcome)
  })

  app.post<{ Params: { number: string } }>('/api/sales/:number/doubt', async (request) => {
    vendorOf(request)
    const outcome = settleDoubt(till, Number(request.params.number), read(shapes.doubt, request))
    if (outcome === 'unknown-sale') throw new Refusal(outcome, 404)
    if (outcome === 'not-in-doubt') throw new Refusal(outcome)
    const view = till.view(outcome)
    till.events.tell(() => ({ kind: 'sale', sale: view }))
    till.supply.wake()
    return view
  })

  app.get('/api/journal', async (request) => {
    vendorOf(request)
    return { sales: latestSales(till.store, LATEST_SALES).map(till.view) }
  })

  app.post('/api/supply-orders', async (request) => {
    vendorOf(request)
    const { lines } = read(shapes.order, request)
    const id = takeOrder(
      till,
      lines.map(({ product, quantity }) => ({ product: productId(product), quantity })),
    )
    if (typeof id === 'string') throw new Refusal(id)
    till.supply.wake()
    const untilMs = performance.now() + ORDER_ANSWER_WAIT_MS
    for (;;) {
      const order = orderById(till.store, id)!
      if (['delivered', 'receipted', 'refused'].includes(order.state) || performance.now() > untilMs) {
        return orderView(order)
      }
      await new Promise((resolve) => setTimeout(resolve, ORDER_LOOK_MS))
    }
  })

  app.get('/api/supply-orders', async (request) => {
    vendorOf(request)
    return { supplyOrders: latestOrders(till.store, LATEST_ORDERS).map(orderView) }
  })

  app.get('/api/events', (_request, reply) => {
    reply.hijack()
    till.events.listen(reply.raw)
  })

  /** For whoever looks after this machine: no secrets, nothing about persons. */
  app.get('/api/status', async (request) => {
    const { terminal, enrolment, fingerprint } = state(request)
    const today = new Date(till.clock.nowMs()).toISOString().slice(0, 10)
    const { sales, events } = unsent(till.store)
    const word = till.word()
    return {
      terminal,
      enrolment,
      fingerprint,
      stock: Object.fromEntries(stockOnBoard(till.store, today)),
      onTheWay: Object.fromEntries(onTheWay(till.store)),
      /** Nothing asked is unanswered, and nothing waits to be asked. */
      outboxEmpty:
        askedRequests(till.store).length === 0 &&
        sales + events === 0 &&
        !latestOrders(till.store, LATEST_ORDERS).some(
          ({ state }) => state === 'waiting' || state === 'delivered',
        ),
      unsent: sales + events,
      inDoubt: countInDoubt(till.store),
      lastSequence: lastSequence(till.store),
      catalogueVersion: word?.catalogue?.version ?? 0,
      letterEpoch: newestLetterEpoch(till.store),
      line: till.supply.status(),
      printer: till.printerStatus(),
      card: till.cardState().status,
    }
  })

  if (existsSync(SCREEN)) {
    const { default: files } = await import('@fastify/static')
    await app.register(files, { root: SCREEN, cacheControl: false })
  }
  return app
}

const ORDER_STATES = {
  waiting: 'sending',
  asked: 'sending',
  delivered: 'delivered',
  receipted: 'receipted',
  refused: 'refused',
} as const

function orderView(order: StoredOrder): SupplyOrderView {
  const reason = order.refusal === null ? null : (JSON.parse(order.refusal) as { reason: string }).reason
  return {
    // Before it has its place in the sequence, none.
    sequence: order.sequence ?? 0,
    atMs: order.atMs,
    lines: order.lines.map(({ product, quantity, delivered }) => ({
      product: product as ProductId,
      quantity,
      delivered,
    })),
    state: ORDER_STATES[order.state],
    refusal: reason,
  }
}
