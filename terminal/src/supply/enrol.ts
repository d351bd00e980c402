// Step 7 of the way of a code: the device makes its key, proves with the enrolment code (which never travels) that
// it is the one the centre's staff mean, and asks until two of them have approved its fingerprint.

import type { KeyObject } from 'node:crypto'
import { createPublicKey } from 'node:crypto'
import { LineFault } from '@scratchless/keys/pinned-client'
import { nowSeconds } from '@scratchless/voucher/clock'
import { type Random, randomBytes } from '@scratchless/voucher/random'
import {
  certificatesOf,
  type Enrolled,
  enrolmentAnswerMessage,
} from '@scratchless/wire/supply/enrolment-answer'
import { enrolmentKeys, readEnrolmentCode } from '@scratchless/wire/supply/enrolment-code'
import { enrolmentRequestMessage } from '@scratchless/wire/supply/enrolment-request'
import type { CentreLine } from '../line/centre-line.ts'
import type { Store } from '../store/connect-store.ts'
import { putEnrolled } from './centre-word.sql.ts'
import {
  beginEnrolment,
  endEnrolment,
  enrolmentIn,
  nextPoll,
  type OpenEnrolment,
  waitForApproval,
} from './enrolment.sql.ts'
import { takeStanding } from './take-standing.ts'
import type { TerminalClock } from './terminal-clock.ts'

export interface EnrolNeeds {
  readonly store: Store
  readonly line: CentreLine
  readonly clock: TerminalClock
  readonly random: Random
  /** Made on this device; P-256. */
  readonly deviceKey: KeyObject
}

/** In order of precedence. */
type EnrolRefusal = 'wrong-enrolment-code' | 'centre-unreachable' | 'enrolment-refused'

const SOFTWARE_VERSION = '0.1.0'
const MAX_ENROLMENT_NUMBER = 0xffff_ffff

/**
 * Number and code as staff give them together: `1042-ABCD-EFGH-JKMN-PQRS`. Null where they are not both there.
 * The caller zeroes `code`.
 */
export function readNumberAndCode(typed: string): { enrolmentNumber: number; code: Buffer } | null {
  const [, number, rest] = /^\s*(\d{1,10})[\s-]+(.+)$/.exec(typed) ?? []
  const enrolmentNumber = Number(number)
  if (rest === undefined || enrolmentNumber < 1 || enrolmentNumber > MAX_ENROLMENT_NUMBER) return null
  const code = readEnrolmentCode(rest)
  return code === undefined ? null : { enrolmentNumber, code }
}

/** Asks for the first time with a code as typed. Nothing is waited for until somebody who knows the code answered. */
export async function beginToEnrol(
  needs: EnrolNeeds,
  typed: string,
): Promise<'waiting' | 'enrolled' | EnrolRefusal> {
  const read = readNumberAndCode(typed)
  if (read === null) return 'wrong-enrolment-code'
  const { enrolmentNumber, code } = read
  const keys = enrolmentKeys(code, enrolmentNumber)
  code.fill(0)
  beginEnrolment(needs.store, {
    enrolmentNumber,
    keys,
    nonce: randomBytes(needs.random, 16),
    deviceTimeS: nowSeconds(needs.clock),
  })
  const enrolment = enrolmentIn(needs.store, 'trying', enrolmentNumber)!
  try {
    const outcome = await poll(needs, enrolment)
    return outcome === 'unacceptable' ? 'wrong-enrolment-code' : outcome
  } catch (problem) {
    if (problem instanceof LineFault) return 'centre-unreachable'
    throw problem
  }
}

/** Asks once more. Throws a LineFault where no answer came; `unacceptable`: one that proves nothing. */
export async function poll(
  needs: EnrolNeeds,
  enrolment: OpenEnrolment,
): Promise<'waiting' | 'enrolled' | 'enrolment-refused' | 'unacceptable'> {
  const { store, line, clock, deviceKey } = needs
  const { enrolmentNumber, keys, nonce, deviceTimeS } = enrolment
  const number = nextPoll(store, enrolmentNumber)
  const startedMs = performance.now()
  const request = enrolmentRequestMessage.mac(
    {
      enrolmentNumber,
      deviceKey: createPublicKey(deviceKey),
      nonce,
      deviceTimeS,
      softwareVersion: SOFTWARE_VERSION,
    },
    keys,
    { enrolmentNumber, poll: number, answering: null },
  )
  const frame = await line.ask(request.frame)
  const answer = enrolmentAnswerMessage.verify(frame, keys, {
    enrolmentNumber,
    poll: number,
    answering: request.payloadHash,
  })
  if (answer === 'unacceptable') return 'unacceptable'
  const { content } = answer
  if (content.state === 'waiting') {
    waitForApproval(store, enrolmentNumber)
    return 'waiting'
  }
  if (content.state === 'refused') {
    endEnrolment(store, enrolmentNumber, 'refused')
    return 'enrolment-refused'
  }
  if (!isForThisDevice(content, deviceKey)) return 'unacceptable'
  const fresh = performance.now() - startedMs < FRESH_MS
  store.transaction(() => {
    putEnrolled(store, content)
    takeStanding({ store, clock }, content.standing, fresh)
    endEnrolment(store, enrolmentNumber, 'enrolled')
  })
  return 'enrolled'
}

/** How old a request may be for its answer to set the clock back. */
export const FRESH_MS = 600_000

function isForThisDevice(enrolled: Enrolled, deviceKey: KeyObject): boolean {
  const certificates = certificatesOf(enrolled)
  return certificates !== 'unacceptable' && certificates.terminal.publicKey.equals(createPublicKey(deviceKey))
}
