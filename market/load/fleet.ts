// A fleet of light terminals: each orders, receipts, and orders again, over frame sockets to one or several centres. Some
// orders are asked twice, the same bytes: at once at another centre, or after the answer; each must get the same bytes.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Place } from '@scratchless/program/http/listen'
import { nowSeconds, systemClock } from '@scratchless/voucher/clock'
import { productId } from '@scratchless/voucher/product'
import { serialToNumber } from '@scratchless/voucher/serial'
import { UNACCEPTABLE_FRAME } from '@scratchless/wire/supply/envelope'
import type { SupplyDelivery } from '@scratchless/wire/supply/supply-delivery'
import { supplyOrderMessage } from '@scratchless/wire/supply/supply-order'
import { DELIVERY_HASH_BYTES, supplyReceiptMessage } from '@scratchless/wire/supply/supply-receipt'
import { seeded } from '../forgeries/seeded.ts'
import { type FrameLine, LineBroken, openFrameLine } from './frame-line.ts'
import { type Asked, type LightDevice, type LightTerminal, lightTerminal } from './light-terminal.ts'

export interface FleetTask {
  readonly devices: readonly LightDevice[]
  readonly centres: readonly Place[]
  readonly product: string
  /** In minor units of the currency, decimal. */
  readonly unitPrice: string
  /** Each order asks for so many codes at least, and at most. */
  readonly leastCodes: number
  readonly mostCodes: number
  readonly orders: number
  /** Of 100 orders, how many are asked a second time. */
  readonly retriesOf100: number
  readonly seed: number
}

export interface FleetReport {
  readonly orders: number
  readonly delivered: number
  /** By the reason of the refusal. */
  readonly refused: Readonly<Record<string, number>>
  readonly retries: number
  /** By centre, orders that it decided for certain: no other one heard of them before the answer. */
  readonly decidedAlone: readonly number[]
  /** Questions without an answer, asked again. */
  readonly broken: number
  readonly codes: number
  /** From the first order to the last receipt. */
  readonly seconds: number
  /** By device, where its sequence has come to. */
  readonly lastSequences: readonly number[]
  /** What does not hold; empty where everything does. */
  readonly problems: readonly string[]
}

/** What the fleet waits for now, by centre: orders, not receipts. */
export interface UnderWay {
  readonly ordersAt: readonly number[]
  readonly done: number
}

const DAY_S = 86_400
/** The centre is being started anew, or another process has the order. */
const AGAIN_AFTER_MS = 50
const MOST_PROBLEMS = 20
/** Without a common factor with 100: repeats are spread evenly. */
const SPREAD = 37

export async function runFleet(task: FleetTask, onMove: (now: UnderWay) => void): Promise<FleetReport> {
  const { devices, centres, retriesOf100 } = task
  const ordersAt = centres.map(() => 0)
  const decidedAlone = centres.map(() => 0)
  const refused: Record<string, number> = {}
  const problems: string[] = []
  const serials = new Set<number>()
  let [begun, done, delivered, retries, broken, codes] = [0, 0, 0, 0, 0, 0]

  function problem(text: string): void {
    if (problems.length < MOST_PROBLEMS) problems.push(text)
  }

  /** Asks until it is answered, at `at` first and then round. */
  async function ask(lines: readonly FrameLine[], at: number, frame: Uint8Array, isOrder: boolean) {
    const heard = new Set<number>()
    for (let centre = at; ; centre = (centre + 1) % lines.length) {
      if (isOrder) {
        ordersAt[centre]!++
        onMove({ ordersAt, done })
      }
      try {
        const answer = await lines[centre]!.ask(frame)
        heard.add(centre)
        if (Buffer.compare(answer, UNACCEPTABLE_FRAME) !== 0)
          return { answer, centre, alone: heard.size === 1 }
      } catch (error) {
        if (!(error instanceof LineBroken)) throw error
        if (error.heard) heard.add(centre)
        broken++
      } finally {
        if (isOrder) ordersAt[centre]!--
      }
      await sleep(AGAIN_AFTER_MS)
    }
  }

  function keep(name: string, { lots }: Pick<SupplyDelivery, 'lots'>): void {
    for (const { firstSerial, count } of lots.flatMap(({ runs }) => runs))
      for (let serial = serialToNumber(firstSerial), end = serial + count; serial < end; serial++) {
        if (serials.has(serial)) problem(`${name}: serial ${serial} was delivered twice`)
        serials.add(serial)
        codes++
      }
  }

  async function live(device: LightDevice, index: number): Promise<number> {
    const choices = seeded(task.seed + index)
    const terminal = lightTerminal(device)
    const home = index % centres.length
    // Two to each centre: a repeat is asked while the first question is under way.
    const [lines, others] = [centres.map(openFrameLine), centres.map(openFrameLine)] as const
    let last = device.lastSequence
    while (begun < task.orders) {
      begun++
      const asked = order(terminal, task.leastCodes + choices.below(1 + task.mostCodes - task.leastCodes))
      const name = `${terminal.id} ${asked.sequence}`
      const again = (begun * SPREAD) % 100 < retriesOf100
      const atOnce = again && choices.chance(1 / 2)
      const away = (home + 1) % centres.length
      const first = ask(lines, home, asked.frame, true)
      const second = atOnce ? ask(others, away, asked.frame, true) : null
      const { answer, centre, alone } = await first
      const repeated = again ? await (second ?? ask(others, away, asked.frame, true)) : null
      if (repeated !== null) retries++
      if (repeated !== null && Buffer.compare(repeated.answer, answer) !== 0)
        problem(`${name}: two answers to one order`)
      if (alone && !atOnce) decidedAlone[centre]!++
      last = asked.sequence
      const said = terminal.read('supply-order', answer, asked)
      if (said.kind === 'supply-refusal') {
        const { reason } = said.content.why
        refused[reason] = (refused[reason] ?? 0) + 1
      } else {
        delivered++
        keep(name, said.content)
        const deliveryHash = said.payloadHash.subarray(0, DELIVERY_HASH_BYTES)
        const receipt = terminal.sign(supplyReceiptMessage, { delivery: asked.sequence, deliveryHash })
        last = receipt.sequence
        const taken = await ask(lines, home, receipt.frame, false)
        const { kind } = terminal.read('supply-receipt', taken.answer, receipt)
        if (kind !== 'acknowledgement') problem(`${name}: its receipt got a ${kind}`)
      }
      done++
    }
    for (const line of [...lines, ...others]) line.close()
    return last
  }

  function order(terminal: LightTerminal, quantity: number): Asked {
    const line = { product: productId(task.product), quantity, unitPriceMinor: BigInt(task.unitPrice) }
    const expiresAtS = nowSeconds(systemClock) + DAY_S
    return terminal.sign(supplyOrderMessage, { expiresAtS, because: 'person', lines: [line] })
  }

  const began = performance.now()
  const lastSequences = await Promise.all(devices.map(live))
  const seconds = (performance.now() - began) / 1000
  return {
    ...{ orders: done, delivered, refused, retries, decidedAlone, broken, codes, seconds, lastSequences },
    problems,
  }
}
