// A till in this process at the end of a real centre's line, and people at the centre who act through its screens.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createStaffServer } from '@scratchless/centre/staff-server'
import { fileCardSlot } from '@scratchless/keys/card-slot'
import { createFileCard } from '@scratchless/keys/file-card'
import { generatePair } from '@scratchless/keys/party-keys'
import { LineFault } from '@scratchless/keys/pinned-client'
import { ROLES } from '@scratchless/office/roles/roles'
import { addStaff } from '@scratchless/office/staff/staff'
import { createLog } from '@scratchless/program/log'
import type { PrivateLine } from '@scratchless/program/private-line'
import type { CardVerbs } from '@scratchless/terminal/card/card-verbs'
import { holdCard } from '@scratchless/terminal/card/hold-card'
import { connectStore, type Store } from '@scratchless/terminal/store/connect-store'
import { beginToEnrol } from '@scratchless/terminal/supply/enrol'
import { terminalClock } from '@scratchless/terminal/supply/terminal-clock'
import { connectPrinter } from '@scratchless/terminal/ticket/printer-link'
import { openTill, type Till } from '@scratchless/terminal/till/till'
import type { VendorSession } from '@scratchless/terminal/vendors/sessions'
import { type CardId, cardId, type RetailerId, type TerminalId } from '@scratchless/voucher/ids'
import { systemRandom } from '@scratchless/voucher/random'
import { readFrame } from '@scratchless/wire/compact/frame'
import { addRetailer, beginEnrolment, certify, registerCard, VENDOR } from '../../centre/testing/people.ts'
import type { TestCentre } from '../../centre/testing/test-centre.ts'
import { DEFAULT_PACE, vendorAtHisPace } from '../../terminal/testing/card-pace.ts'
import { startFakePrinter } from '../../terminal/testing/fake-printer.ts'
import { keysInMemory } from '../../terminal/testing/keys-in-memory.ts'

const PIN = '12345678'
const PASSWORD = 'a long enough password'

/** Somebody at the centre with every role; what he does goes through the centre's own doors. */
export async function startStaff(centre: TestCentre) {
  const app = await createStaffServer(centre.needs)
  await addStaff(
    { pool: centre.database.pool('owner') },
    { signInName: 'demo', fullName: 'Demo', roles: ROLES, password: PASSWORD },
  )
  return {
    /** What he is answered. He signs in for it: weeks pass between two acts. Throws where the act is refused. */
    async does<Answer>(url: string, payload: object): Promise<Answer> {
      const { headers } = await app.inject({
        ...{ method: 'POST', url: '/api/sign-in' },
        payload: { signInName: 'demo', password: PASSWORD },
      })
      const cookie = String(headers['set-cookie']).split(';')[0]!
      const { statusCode, body } = await app.inject({ method: 'POST', url, headers: { cookie }, payload })
      if (statusCode >= 300) throw new Error(`${url}: ${statusCode} ${body}`)
      return JSON.parse(body) as Answer
    },
    close: () => app.close(),
  }
}

export interface TillOfCentre {
  readonly till: Till
  readonly store: Store
  readonly terminal: TerminalId
  readonly retailer: RetailerId
  readonly card: CardId
  readonly session: VendorSession
  /** The till's own clock is this far ahead of the centre's. */
  ahead(ms: number): void
  /** Pulls the cable to the centre, or plugs it in again. */
  line(is: 'up' | 'down'): void
  until(holds: () => boolean): Promise<void>
  close(): Promise<void>
}

let cards = 9_000_000

/** An enrolled till with its catalogue, and a vendor signed in. */
export async function openTillOfCentre(centre: TestCentre, depositMinor: bigint): Promise<TillOfCentre> {
  const folder = mkdtempSync(join(tmpdir(), 'till-of-centre-'))
  const retailer = await addRetailer(centre, depositMinor)
  const card = cardId(`C${cards++}`)
  const cardFolder = join(folder, 'card')
  await registerCard(
    centre,
    retailer,
    card,
    await createFileCard(cardFolder, card, Buffer.from(PIN), systemRandom),
  )
  const printer = await startFakePrinter()
  const store = connectStore(join(folder, 'terminal.sqlite'))
  let aheadMs = 0
  let isUp = true
  const machine = { nowMs: () => centre.clock.nowMs() + aheadMs }
  const verbs = holdCard({
    slot: fileCardSlot(cardFolder),
    openingsPerSecond: DEFAULT_PACE,
    steadyMs: vendorAtHisPace(),
  })
  const line: PrivateLine<CardVerbs> = {
    state: async () => verbs.state(),
    givePin: async (argument) => verbs.givePin(argument),
    unwrapSafeKey: async (argument) => verbs.unwrapSafeKey(argument),
    keyOfCode: async (argument) => verbs.keyOfCode(argument),
    lock: async () => verbs.lock(),
  }
  const { privateKey, publicKey } = generatePair('supply-sign')
  const deviceKeys = keysInMemory(privateKey)
  const till = openTill({
    ...{ store, deviceKeys, card: line, random: systemRandom, locale: 'fr', columns: 32, minimumStock: 5 },
    reporting: { sales: 10, seconds: 2 },
    log: createLog({ program: 'terminal', process: 'test', clock: machine, level: 'silent' }),
    clock: terminalClock(machine, store),
    line: {
      async ask(frame) {
        if (!isUp) throw new LineFault('unreachable')
        const answer = readFrame(await centre.door(frame))
        if (answer === undefined) throw new LineFault('cut')
        return answer
      },
      close: () => undefined,
    },
    printer: connectPrinter({ host: '127.0.0.1', port: printer.port }, () => undefined),
  })

  async function until(holds: () => boolean): Promise<void> {
    const endMs = performance.now() + 20_000
    while (!holds()) {
      if (performance.now() > endMs) throw new Error('it did not come to pass')
      await sleep(5)
    }
  }

  const { id, enrolmentNumber, enrolmentCode } = await beginEnrolment(centre, retailer)
  const begun = await beginToEnrol(till, `${enrolmentNumber}-${enrolmentCode}`)
  if (begun !== 'waiting') throw new Error(begun)
  await certify(centre, { id, retailer, enrolmentNumber, deviceKey: publicKey })
  till.supply.wake()
  await until(() => (till.word()?.catalogue ?? null) !== null)
  await till.lookAtCard()
  await verbs.givePin({ pin: Buffer.from(PIN) })
  const session: VendorSession = { who: 'vendor', vendor: VENDOR, card, sinceMs: machine.nowMs() }
  till.sessions.start(session)
  till.supply.wake()
  await until(() => till.printer.lastStatus() === 'ready')
  return {
    ...{ till, store, terminal: id, retailer, card, session, until },
    ahead(ms) {
      aheadMs = ms
    },
    line(is) {
      isUp = is === 'up'
      till.supply.wake()
    },
    async close() {
      await till.stop()
      store.close()
      await printer.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
