import { type ChildProcess, fork } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFileCard } from '@scratchless/keys/file-card'
import { insertPkcs11Card } from '@scratchless/keys/pkcs11-card'
import { systemClock } from '@scratchless/voucher/clock'
import { cardId } from '@scratchless/voucher/ids'
import { packDigits, packedSize } from '@scratchless/voucher/packed-code'
import { systemRandom } from '@scratchless/voucher/random'
import { afterEach, expect, test } from 'vitest'
import { issueTokenCard, makeTokens, SOFTHSM_LIBRARY, softhsmTest } from '../../keys/testing/softhsm.ts'
import { PRODUCT } from '../testing/fake-catalogue.ts'
import { createFakeCentre } from '../testing/fake-centre.ts'
import { startFakePrinter } from '../testing/fake-printer.ts'
import type { HomeView, TillState } from './till/till-contract.ts'
import type { SaleView } from './till/till-shapes.ts'

const CARD = cardId('C0000001')
const PIN = '12345678'
const PASSWORD = 'a long password'
const FILE_CARD = { class: 'file', folder: 'card', allowFileCard: true, openingsPerSecond: 1_000 }
const ACCOUNTS = { api: 61_187, card: 61_188 }

const toClose: (() => unknown)[] = []
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close()
})

/** Codes nobody ever sold, and what none of which may stand in any file. */
function codes(count: number): { digits: string[]; packed: (first: number, many: number) => Buffer } {
  const digits = Array.from({ length: count }, () => `77${String(randomInt(10 ** 12)).padStart(12, '0')}`)
  return {
    digits,
    packed(first, many) {
      const size = packedSize(14)
      const bytes = Buffer.alloc(many * size)
      for (let i = 0; i < many; i++) packDigits(Buffer.from(digits[first + i]!, 'latin1'), bytes, i * size)
      return bytes
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

function startTerminal(config: string): Promise<ChildProcess> {
  const child = fork(new URL('./main.ts', import.meta.url), ['--config', config], {
    stdio: ['ignore', 'inherit', process.env.SHOW_LOG ? 'inherit' : 'ignore', 'ipc'],
  })
  return new Promise((resolve, reject) => {
    child.on('message', (message) => {
      if ((message as { ready?: boolean }).ready) resolve(child)
    })
    child.once('exit', (code) => reject(new Error(`the terminal ended: ${code}`)))
  })
}

function stopTerminal(child: ChildProcess): Promise<unknown> {
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  return gone
}

async function world(card: object = FILE_CARD) {
  const folder = mkdtempSync(join(tmpdir(), 'terminal-'))
  toClose.push(() => rmSync(folder, { recursive: true, force: true }))
  const stock = codes(200)
  const centre = createFakeCentre({ clock: systemClock, packedCodes: stock.packed })
  const listening = await centre.listen()
  toClose.push(() => listening.close())
  const printer = await startFakePrinter()
  toClose.push(() => printer.close())
  const port = await freePort()
  const config = join(folder, 'config.json')
  writeFileSync(
    config,
    JSON.stringify({
      dataFolder: folder,
      http: { port },
      centre: {
        transport: 'frames',
        url: 'https://127.0.0.1:1/supply',
        tlsAuthority: '-----BEGIN CERTIFICATE-----',
        tlsPin: '0'.repeat(64),
        frames: { host: '127.0.0.1', port: listening.port },
      },
      printer: { host: '127.0.0.1', port: printer.port, columns: 32 },
      card,
      accounts: ACCOUNTS,
      locale: 'fr',
      minimumStock: 5,
      reporting: { sales: 10, seconds: 2 },
    }),
  )
  let cookie = ''
  async function call<T>(method: 'GET' | 'POST', path: string, body?: unknown) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { cookie, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const given = response.headers.getSetCookie()[0]
    if (given !== undefined) cookie = given.split(';')[0]!
    return { status: response.status, body: (response.status === 204 ? null : await response.json()) as T }
  }
  async function until(holds: () => Promise<boolean>): Promise<void> {
    const endMs = performance.now() + 10_000
    while (!(await holds())) {
      if (performance.now() > endMs) throw new Error('it did not come to pass')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  /** Enrolled, and vendor 02 has a number and the card. */
  async function enrol(): Promise<void> {
    await call('POST', '/api/enrolment', { enrolmentCode: centre.enrolmentCode, ownerPassword: PASSWORD })
    centre.approve()
    await call('POST', '/api/enrolment/poll')
    await until(async () => (await call<TillState>('GET', '/api/state')).body.enrolment === 'enrolled')
    await call('POST', '/api/vendors', { vendor: '02', password: PASSWORD, card: CARD })
  }
  return { folder, config, centre, printer, stock, call, until, enrol }
}

test('from an unknown device to a printed ticket, and on after a kill', { timeout: 60_000 }, async () => {
  const { folder, config, centre, printer, stock, call, until } = await world()
  const cardKey = await createFileCard(join(folder, 'card'), CARD, Buffer.from(PIN), systemRandom)
  centre.registerCard(CARD, cardKey)
  let terminal = await startTerminal(config)
  toClose.push(() => stopTerminal(terminal))

  const wrong = await call('POST', '/api/enrolment', {
    enrolmentCode: '1042-0000-0000-0000-0000',
    ownerPassword: PASSWORD,
  })
  expect(wrong).toMatchObject({ status: 409, body: { error: { code: 'wrong-enrolment-code' } } })
  const asked = await call<TillState>('POST', '/api/enrolment', {
    enrolmentCode: centre.enrolmentCode,
    ownerPassword: PASSWORD,
  })
  expect(asked.body).toMatchObject({ enrolment: 'waiting', signedIn: 'owner' })
  expect(asked.body.fingerprint).toMatch(/^(\d{5} ?){6}$/)
  centre.approve()
  await call('POST', '/api/enrolment/poll')
  await until(async () => (await call<TillState>('GET', '/api/state')).body.enrolment === 'enrolled')

  expect((await call('POST', '/api/vendors', { vendor: '02', password: PASSWORD, card: CARD })).status).toBe(
    200,
  )
  const signIn = { vendor: '02', password: PASSWORD, pin: PIN }
  expect((await call('POST', '/api/sign-in', { ...signIn, pin: '87654321' })).body).toMatchObject({
    error: { code: 'wrong-pin', details: { triesLeft: 2 } },
  })
  expect((await call('POST', '/api/sign-in', signIn)).body).toMatchObject({ signedIn: 'vendor' })
  await until(async () => (await call<HomeView>('GET', '/api/home')).body.operators.length === 1)
  const order = await call('POST', '/api/supply-orders', { lines: [{ product: PRODUCT, quantity: 150 }] })
  expect(order.body).toMatchObject({ refusal: null, lines: [{ quantity: 150, delivered: 150 }] })

  const press = { saleId: 'sale-0000-0001', product: PRODUCT }
  const sold = await call<SaleView>('POST', '/api/sales', press)
  expect(sold.body).toMatchObject({ number: 1, state: 'printed', serial: '104822773901', vendor: '02' })
  expect((await call<SaleView>('POST', '/api/sales', press)).body.number).toBe(1)
  const paper = printer.received().toString('latin1')
  expect(paper.split(stock.digits[0]!.slice(0, 4)).length).toBeGreaterThan(1)
  expect(paper).toContain(`tel:*123*${stock.digits[0]}%23`)
  expect(paper).toContain('N/S 104822773901')

  const timesMs: number[] = []
  for (let i = 0; i < 100; i++) {
    const startMs = performance.now()
    const { status } = await call('POST', '/api/sales', { saleId: `sale-many-${i}`, product: PRODUCT })
    timesMs.push(performance.now() - startMs)
    expect(status).toBe(200)
  }
  timesMs.sort((a, b) => a - b)
  if (process.env.SHOW_TIMES) process.stdout.write(`p50 ${timesMs[50]} p99 ${timesMs[98]}\n`)

  // Killed without a word: what was said to be sold stays so, and the till asks who is there.
  const gone = new Promise((resolve) => terminal.once('exit', resolve))
  terminal.kill('SIGKILL')
  await gone
  terminal = await startTerminal(config)
  expect((await call<TillState>('GET', '/api/state')).body).toMatchObject({
    enrolment: 'enrolled',
    signedIn: 'nobody',
  })
  expect((await call('POST', '/api/sales', { ...press, saleId: 'sale-0000-0002' })).status).toBe(401)
  expect((await call('POST', '/api/sign-in', signIn)).status).toBe(200)
  const home = (await call<HomeView>('GET', '/api/home')).body
  expect(home.operators[0]!.tiles[0]!.stock).toBe(49)
  expect(home.doubts).toEqual([])

  await until(async () => centre.reports.reduce((sum, { sales }) => sum + sales.length, 0) === 101)
  expect(centre.receipts).toEqual([3])

  const files = everyFileIn(folder)
  const clear = stock.digits.filter((digits) => files.some((file) => file.includes(digits)))
  expect(clear).toEqual([])
  const packed = stock.digits.filter((_, i) => files.some((file) => file.includes(stock.packed(i, 1))))
  expect(packed).toEqual([])
})

test('killed while its ticket prints: one doubt, no second ticket of that code', {
  timeout: 60_000,
}, async () => {
  const { folder, config, centre, printer, stock, call, until, enrol } = await world()
  centre.registerCard(CARD, await createFileCard(join(folder, 'card'), CARD, Buffer.from(PIN), systemRandom))
  let terminal = await startTerminal(config)
  toClose.push(() => stopTerminal(terminal))
  await enrol()
  const signIn = () => call('POST', '/api/sign-in', { vendor: '02', password: PASSWORD, pin: PIN })
  await signIn()
  await until(async () => (await call<HomeView>('GET', '/api/home')).body.operators.length === 1)
  await call('POST', '/api/supply-orders', { lines: [{ product: PRODUCT, quantity: 5 }] })

  printer.failAfter(120, 'silent')
  const cutOff = call('POST', '/api/sales', { saleId: 'cut-off-sale', product: PRODUCT }).catch(
    () => 'no answer',
  )
  await until(async () => printer.received().length > 0)
  const gone = new Promise((resolve) => terminal.once('exit', resolve))
  terminal.kill('SIGKILL')
  await gone
  expect(await cutOff).toBe('no answer')
  terminal = await startTerminal(config)
  await signIn()
  expect((await call<HomeView>('GET', '/api/home')).body.doubts).toMatchObject([
    { number: 1, saleId: 'cut-off-sale', serial: '104822773901', state: 'in_doubt' },
  ])
  // The same press again finds the doubt, and prints nothing.
  const again = await call<SaleView>('POST', '/api/sales', { saleId: 'cut-off-sale', product: PRODUCT })
  expect(again.body).toMatchObject({ number: 1, state: 'in_doubt' })
  const next = await call<SaleView>('POST', '/api/sales', { saleId: 'the-next-sale', product: PRODUCT })
  expect(next.body).toMatchObject({ number: 2, serial: '104822773902', state: 'printed' })
  const paper = printer.received().toString('latin1')
  expect(paper).not.toContain(`*${stock.digits[0]}%23`)
  expect(paper).toContain(`*${stock.digits[1]}%23`)
})

softhsmTest(
  'SoftHSM2 (skipped where it, a compiler or the driver is missing): a till whose settings name a token sells by it',
  { timeout: 60_000 },
  async () => {
    const tokens = makeTokens(['shop'], PIN)
    toClose.push(() => tokens.drop())
    const reader = { library: SOFTHSM_LIBRARY, label: 'shop' }
    issueTokenCard(reader, PIN, CARD)
    for (const path of [tokens.folder, ...everyPathIn(tokens.folder)])
      chownSync(path, ACCOUNTS.card, ACCOUNTS.card)
    const { folder, config, centre, printer, stock, call, until, enrol } = await world({
      ...{ class: 'pkcs11', folder: 'card', openingsPerSecond: 1_000 },
      ...reader,
    })
    centre.registerCard(
      CARD,
      insertPkcs11Card({ ...reader, triesFolder: join(folder, 'elsewhere') }).publicKey,
      'sha1',
    )
    const terminal = await startTerminal(config)
    toClose.push(() => stopTerminal(terminal))
    await enrol()
    const signIn = (pin: string) => call('POST', '/api/sign-in', { vendor: '02', password: PASSWORD, pin })
    expect((await signIn('00000000')).body).toMatchObject({
      error: { code: 'wrong-pin', details: { triesLeft: 2 } },
    })
    expect((await signIn(PIN)).status).toBe(200)
    await until(async () => (await call<HomeView>('GET', '/api/home')).body.operators.length === 1)
    await call('POST', '/api/supply-orders', { lines: [{ product: PRODUCT, quantity: 3 }] })
    const sold = await call<SaleView>('POST', '/api/sales', { saleId: 'by-the-token', product: PRODUCT })
    expect(sold.body).toMatchObject({ number: 1, state: 'printed' })
    expect(printer.received().toString('latin1')).toContain(`*${stock.digits[0]}%23`)
  },
)

function everyPathIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)))
}

function everyFileIn(folder: string): Buffer[] {
  return everyPathIn(folder)
    .filter((file) => statSync(file).isFile())
    .map((file) => readFileSync(file))
}
