// The till's routes over a till for tests, asked as its screen asks them, with what they write down.

import { createLog } from '@scratchless/program/log'
import { systemClock } from '@scratchless/voucher/clock'
import { systemRandom } from '@scratchless/voucher/random'
import type { FastifyInstance } from 'fastify'
import { createTillServer } from '../src/till/till-server.ts'
import { addVendor } from '../src/vendors/add-vendor.ts'
import { hashPassword } from '../src/vendors/passwords.ts'
import { putVendor } from '../src/vendors/vendor.sql.ts'
import { CARD, PIN, type TestTill, testTill } from './test-till.ts'

export const PASSWORD = 'a long password'

interface Answer<Body> {
  readonly status: number
  readonly body: Body
  readonly headers: Readonly<Record<string, unknown>>
}

export interface TestTillServer {
  readonly world: TestTill
  /** What the routes wrote down: `act who done`, or `act who refused: why`. */
  acts(): string[]
  /** As the screen asks, with the cookie it was given last. */
  call<Body = unknown>(method: 'GET' | 'POST', url: string, payload?: object): Promise<Answer<Body>>
  /** Vendor 02 with his card in; or the owner. */
  signIn(who?: 'owner'): Promise<void>
  /** The screen forgets its cookie; returns it. */
  forgetCookie(): string
  /** The till comes back as it is in its store, and the server with it. */
  restart(): Promise<void>
  close(): Promise<void>
}

export async function testTillServer(
  needs: Parameters<typeof testTill>[0],
  tls?: { certificate: string; key: string },
): Promise<TestTillServer> {
  const world = await testTill(needs)
  const lines: Record<string, unknown>[] = []
  const log = createLog(
    { program: 'terminal', process: 'test', clock: world.clock },
    { write: (line) => void lines.push(JSON.parse(line)) },
  )
  const open = () =>
    createTillServer(world.till(), {
      ...{ log, random: systemRandom, clock: systemClock },
      listener: { host: '127.0.0.1', port: 4000, ...(tls && { tls }) },
    })
  let app: FastifyInstance = await open()
  putVendor(world.store(), { id: 'owner', passwordHash: await hashPassword(PASSWORD), card: null })
  await addVendor(world.store(), { vendor: '02', password: PASSWORD, card: CARD })
  let cookie = ''

  const call: TestTillServer['call'] = async (method, url, payload) => {
    const answer = await app.inject({
      ...{ method, url, headers: { host: '127.0.0.1:4000', cookie } },
      ...(payload && { payload }),
    })
    const [given] = answer.cookies
    if (given !== undefined) cookie = `${given.name}=${given.value}`
    const body = answer.body === '' ? null : answer.json()
    return { status: answer.statusCode, body, headers: answer.headers }
  }

  return {
    world,
    acts: () =>
      lines
        .filter(({ act }) => act !== undefined)
        .map(
          ({ act, who, refusal, msg }) => `${act} ${who} ${refusal === null ? msg : `${msg}: ${refusal}`}`,
        ),
    call,
    async signIn(who) {
      const form =
        who === 'owner'
          ? { vendor: 'owner', password: PASSWORD }
          : { vendor: '02', password: PASSWORD, pin: PIN }
      const { status, body } = await call('POST', '/api/sign-in', form)
      if (status !== 200) throw new Error(JSON.stringify(body))
    },
    forgetCookie() {
      const before = cookie
      cookie = ''
      return before
    },
    async restart() {
      await app.close()
      await world.restart()
      app = await open()
    },
    async close() {
      await app.close()
      await world.close()
    },
  }
}
