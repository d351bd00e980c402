// Step 7 of the way of a code: the device makes its key, proves with the enrolment code (which never travels) that
// it is the one the centre's staff mean, and asks until two of them have approved its fingerprint.

import { createPublicKey, type KeyObject } from 'node:crypto'
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
import { getEnrolled, putEnrolled } from './centre-word.sql.ts'
import { nextKey, saveStateReported } from './device.sql.ts'
import { type DeviceKeys, heldKey, publicBytes } from './device-keys.ts'
import {
  beginEnrolment,
  endEnrolment,
  enrolmentIn,
  nextPoll,
  type OpenEnrolment,
  triedKey,
  waitForApproval,
} from './enrolment.sql.ts'
import { goOnAs, hasJournal } from './go-on-as.ts'
import { identityOf } from './identity.ts'
import { askedRequests, continueAfter } from './request.sql.ts'
import { dropStop } from './stop.sql.ts'
import { takeStanding } from './take-standing.ts'
import type { TerminalClock } from './terminal-clock.ts'

export interface EnrolNeeds {
  readonly store: Store
  readonly line: CentreLine
  readonly clock: TerminalClock
  readonly random: Random
  readonly deviceKeys: DeviceKeys
}

/** In order of precedence. */
type EnrolRefusal = 'wrong-enrolment-code' | 'centre-unreachable' | 'enrolment-refused' | 'other-terminal'

export const SOFTWARE_VERSION = '0.1.0'
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
    deviceKey: publicBytes(await keyToCertify(needs, enrolmentNumber)),
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

/**
 * A terminal that is enrolled again keeps the key it has until then, and asks for the next one: a renewal on its way
 * asks for the same.
 */
async function keyToCertify({ store, deviceKeys }: EnrolNeeds, enrolmentNumber: number): Promise<KeyObject> {
  const tried = triedKey(store, enrolmentNumber)
  const known = tried && heldKey(deviceKeys, tried)
  if (known) return known
  const identity = identityOf(store, deviceKeys)
  if (identity === null) return deviceKeys.held()[0]!
  const renewing = askedRequests(store).some(({ kind }) => kind === 'renewal-request')
  const next = renewing ? heldKey(deviceKeys, nextKey(store)!) : undefined
  return next ?? deviceKeys.makeNext(identity.key)
}

/** Asks once more. Throws a LineFault where no answer came; `unacceptable`: one that proves nothing. */
export async function poll(
  needs: EnrolNeeds,
  enrolment: OpenEnrolment,
): Promise<'waiting' | 'enrolled' | 'enrolment-refused' | 'other-terminal' | 'unacceptable'> {
  const { store, line, clock } = needs
  const { enrolmentNumber, keys, nonce, deviceTimeS } = enrolment
  const deviceKey = keyOf(needs.deviceKeys, enrolment)
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
    endEnrolment(store, enrolmentNumber, 'refused', 'enrolment-refused')
    return 'enrolment-refused'
  }
  if (!isForThisDevice(content, deviceKey)) return 'unacceptable'
  const before = getEnrolled(store)
  if (before !== undefined && before.terminal !== content.terminal && hasJournal(store)) {
    endEnrolment(store, enrolmentNumber, 'refused', 'other-terminal')
    return 'other-terminal'
  }
  const fresh = performance.now() - startedMs < FRESH_MS
  store.transaction(() => {
    if (before !== undefined) goOnAs(store, before, content)
    continueAfter(store, content.lastSequence)
    putEnrolled(store, content)
    dropStop(store)
    takeStanding({ store, clock }, content.standing, fresh)
    saveStateReported(store, clock.nowMs())
    endEnrolment(store, enrolmentNumber, 'enrolled')
  })
  return 'enrolled'
}

/** The private key that an enrolment asks for. */
export function keyOf(deviceKeys: DeviceKeys, { deviceKey }: OpenEnrolment): KeyObject {
  return (deviceKey && heldKey(deviceKeys, deviceKey)) || deviceKeys.held()[0]!
}

/** How old a request may be for its answer to set the clock back. */
export const FRESH_MS = 600_000

function isForThisDevice(enrolled: Enrolled, deviceKey: KeyObject): boolean {
  const certificates = certificatesOf(enrolled)
  return certificates !== 'unacceptable' && certificates.terminal.publicKey.equals(createPublicKey(deviceKey))
}
