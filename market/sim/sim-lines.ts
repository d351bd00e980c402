// The lines between the parties: what is sent may be lost on its way or on its way back, come twice, come late, be
// overtaken by what was sent after it, or be sent again by somebody who listened; or nothing comes through at all.

import { LineFault } from '@scratchless/keys/pinned-client'
import type { OutgoingMessage } from '@scratchless/office/outbox/outbox.sql'
import { PrivateLineLost } from '@scratchless/program/private-line'
import type { CentreLine } from '@scratchless/terminal/line/centre-line'
import { type Frame, readFrame } from '@scratchless/wire/compact/frame'
import type { Chance, FaultKind } from './faults.ts'
import type { SimCentre, SimOperator } from './sim-offices.ts'
import { Crash } from './sim-process.ts'
import type { SimTerminal } from './sim-terminal.ts'
import type { Witness } from './witness.ts'

const LINE_FAULTS: readonly FaultKind[] = [
  'lost-request',
  'lost-answer',
  'duplicate',
  'reordered',
  'delayed',
  'replayed',
]
/** Of exchanges that something happens to. */
const FAULT_SHARE = 0.4

/** One way between an asker and an answerer; `deliver` has the far end answer, or throws where it does not. */
export interface Way {
  ask(message: Uint8Array): Promise<Uint8Array>
  /** Nothing comes through for so many exchanges. */
  cut(exchanges: number): void
  /** What was held back arrives now, whoever still waits for it. */
  flush(): Promise<number>
  /** Something that was sent before is sent again by a stranger. */
  replay(): Promise<boolean>
  /** Exchanges that the asker began. */
  exchanges(): number
}

export function newWay(
  chance: Chance,
  name: string,
  deliver: (message: Uint8Array) => Promise<Uint8Array>,
): Way {
  const sent: Uint8Array[] = []
  const late: Uint8Array[] = []
  const overtaken: Uint8Array[] = []
  let lastAnswer: Uint8Array | null = null
  let cutFor = 0
  let exchanges = 0

  /** Nobody waits for this one: the answer goes nowhere, and neither does a fault. */
  async function deliverToNobody(message: Uint8Array): Promise<void> {
    try {
      await deliver(message)
    } catch (problem) {
      if (!(problem instanceof LineFault)) throw problem
    }
  }

  async function flushInto(held: Uint8Array[]): Promise<number> {
    const messages = held.splice(0)
    for (const message of messages) await deliverToNobody(message)
    return messages.length
  }

  async function pass(message: Uint8Array, fault: FaultKind | null): Promise<Uint8Array> {
    if (fault !== null) chance.note(fault, name)
    switch (fault) {
      case 'lost-request':
        throw new LineFault('unreachable')
      case 'lost-answer':
        await deliverToNobody(message)
        throw new LineFault('cut')
      case 'duplicate':
        await deliverToNobody(message)
        return deliver(message)
      case 'delayed':
        late.push(message)
        throw new LineFault('timed-out')
      case 'reordered':
        overtaken.push(message)
        throw new LineFault('timed-out')
      case 'replayed': {
        // An answer that was heard before, in place of this one's.
        const old = lastAnswer
        const answer = await deliver(message)
        return old ?? answer
      }
      default:
        return deliver(message)
    }
  }

  return {
    async ask(message) {
      exchanges++
      const copy = Uint8Array.from(message)
      if (cutFor > 0) {
        cutFor--
        throw new LineFault('unreachable')
      }
      const fault =
        chance.faultsOn && chance.chance(FAULT_SHARE)
          ? chance.pick(lastAnswer === null ? LINE_FAULTS.slice(0, -1) : LINE_FAULTS)
          : null
      sent.push(copy)
      await flushInto(late)
      const behind = overtaken.splice(0)
      try {
        const answer = await pass(copy, fault)
        lastAnswer = answer
        return answer
      } finally {
        await flushInto(behind)
      }
    },
    cut(count) {
      cutFor = count
      if (count > 0) chance.note('partition', `${name} for ${count}`)
    },
    flush: async () => (await flushInto(late)) + (await flushInto(overtaken)),
    async replay() {
      if (sent.length === 0) return false
      const message = chance.pick(sent)
      chance.note('replayed', name)
      await deliverToNobody(message)
      return true
    },
    exchanges: () => exchanges,
  }
}

/** Nobody answers because of the fault that was set: to the asker, the line was cut. */
function asCut(problem: unknown): never {
  if (problem instanceof Crash || problem instanceof PrivateLineLost) throw new LineFault('cut', problem)
  throw problem
}

export function supplyWay(
  chance: Chance,
  witness: () => Witness,
  terminal: () => SimTerminal,
  centre: () => SimCentre,
  name: string,
): Way {
  return newWay(chance, name, async (frame) => {
    const answer = await centre().door(frame).catch(asCut)
    await witness().heardAnswer(terminal(), frame, answer)
    return answer
  })
}

/** The terminal's end of it. */
export function lineOf(way: () => Way, witness: () => Witness, terminal: () => SimTerminal): CentreLine {
  return {
    async ask(frame): Promise<Frame> {
      witness().heardRequest(terminal(), frame)
      const answer = readFrame(await way().ask(frame))
      if (answer === undefined) throw new LineFault('cut')
      return answer
    },
    close: () => undefined,
  }
}

/** Centre to operator, for orders. */
export function orderWay(chance: Chance, witness: () => Witness, operator: () => SimOperator): Way {
  return newWay(chance, 'restock orders', async (bytes) => {
    const answer = await operator().takeOrder(bytes).catch(asCut)
    if (answer === null) throw new LineFault('cut')
    witness().heardRestockAnswer('restock order', bytes, answer)
    return answer
  })
}

/** Operator to centre, for deliveries. */
export function deliveryWay(chance: Chance, witness: () => Witness, centre: () => SimCentre): Way {
  return newWay(chance, 'restock deliveries', async (bytes) => {
    const answer = await centre().takePosted(bytes).catch(asCut)
    if (typeof answer === 'string') throw new LineFault('cut')
    witness().heardRestockAnswer('restock delivery', bytes, answer.receipt)
    return answer.receipt
  })
}

export const postBy = (way: Way) => (message: OutgoingMessage) => way.ask(message.bytes)
