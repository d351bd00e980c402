// Opening a vector as whoever it is meant for would: for the tests that walk the vectors, and for the fuzzer.

import { createPublicKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { TerminalId } from '@scratchless/voucher/ids'
import { type Frame, readFrame } from '../compact/frame.ts'
import { ANSWERS, type RequestKind, verifyAnswer } from '../supply/answer.ts'
import { certificatesOf, type Enrolled, enrolmentAnswerMessage } from '../supply/enrolment-answer.ts'
import { enrolmentRequestMessage } from '../supply/enrolment-request.ts'
import { type Binding, type KindName, openSigned, type Unacceptable } from '../supply/envelope.ts'
import { notices } from '../supply/notice.ts'
import { readRequest } from '../supply/request.ts'
import type { Standing } from '../supply/standing.ts'
import { NEXT_LEVEL, nextOrderMessage, nextRefusalMessage, nextStatusAnswerMessage } from './next-level.ts'
import * as example from './supply-examples.ts'

export interface SupplyVector {
  readonly file: string
  readonly verdict: 'good' | 'stops-selling' | 'not-understood' | 'unacceptable'
  readonly kind: KindName | number
  readonly says: string
  readonly from: 'terminal' | 'centre'
  readonly readerLevel: number
  readonly askedLevel?: number
  readonly who: string
  readonly sequence: number
  readonly answering: string | null
  readonly must: string
  readonly withoutCertificateChecks?: string
  readonly content?: unknown
}

export const { vectors } = JSON.parse(
  readFileSync(new URL('supply/index.json', example.VECTORS), 'utf8'),
) as {
  vectors: readonly SupplyVector[]
}
export const vectorBytes = ({ file }: SupplyVector) =>
  readFileSync(new URL(`supply/${file}`, example.VECTORS))
export const goodVectors = vectors.filter(({ verdict }) => verdict === 'good')

interface Result {
  readonly kind: KindName
  readonly content: unknown
}

/** A reader that believes every certificate: to show which vectors the certificates alone make bad. */
type CertificateRule = 'checked' | 'skipped'

/** Opens the bytes as whoever they are meant for would. */
export function verifyVector(
  vector: SupplyVector,
  bytes: Uint8Array,
  certificates: CertificateRule = 'checked',
): Result | 'not-understood' | Unacceptable {
  const frame = readFrame(bytes)
  if (!frame) return 'unacceptable'
  if (vector.kind === 'enrolment-request' || vector.kind === 'enrolment-answer')
    return verifyEnrolment(vector, frame, certificates)
  const binding: Binding = {
    ...{ terminal: vector.who as TerminalId, sequence: vector.sequence, answering: answeringOf(vector) },
    ...(vector.askedLevel && { level: vector.askedLevel }),
  }
  if (vector.readerLevel === NEXT_LEVEL) return verifyAtNextLevel(vector, frame, binding)
  if (vector.from === 'terminal') {
    const opened = openSigned(frame, example.terminalVerifier, binding)
    const request = opened === 'unacceptable' ? opened : readRequest(opened)
    return typeof request === 'string' || request.kind === vector.kind ? request : 'unacceptable'
  }
  const asked = (Object.keys(ANSWERS) as RequestKind[]).find((kind) =>
    ANSWERS[kind].some((message) => message.kind === vector.kind),
  )!
  const answer = verifyAnswer(asked, frame, example.centreVerifier, binding)
  if (answer !== 'unacceptable' && answer.kind === 'renewal' && certificates === 'checked') {
    const renewed = { ...(example.enrolled() as Enrolled), ...answer.content }
    return certifies(renewed, example.otherTerminalKey, example.terminalSigner.kid) ? answer : 'unacceptable'
  }
  return answer
}

/** Whether a terminal that took this answer stops selling for its notices. */
export function stopsSelling(result: ReturnType<typeof verifyVector>): boolean {
  if (typeof result === 'string') return false
  const { standing } = result.content as { standing?: Standing }
  return standing !== undefined && notices.read(standing.notices) === 'update-needed'
}

const answeringOf = ({ answering }: SupplyVector) =>
  answering === null ? null : Buffer.from(answering, 'hex')

function verifyEnrolment(
  vector: SupplyVector,
  frame: Frame,
  certificates: CertificateRule,
): Result | Unacceptable {
  const binding = {
    ...{ enrolmentNumber: Number(vector.who), poll: vector.sequence, answering: answeringOf(vector) },
  }
  const keys = example.exampleEnrolmentKeys
  if (vector.kind === 'enrolment-request') return enrolmentRequestMessage.verify(frame, keys, binding)
  const answer = enrolmentAnswerMessage.verify(frame, keys, binding)
  if (answer === 'unacceptable' || answer.content.state !== 'enrolled' || certificates === 'skipped')
    return answer
  return certifies(answer.content, example.terminalKey) ? answer : 'unacceptable'
}

/** What a device does with `certificatesOf`: over its own key, and under another number than `before`. */
function certifies(enrolled: Enrolled, ownKey: KeyObject, before?: Uint8Array): boolean {
  const certificates = certificatesOf(enrolled)
  if (certificates === 'unacceptable') return false
  const { publicKey, kid } = certificates.terminal
  return publicKey.equals(createPublicKey(ownKey)) && !(before && Buffer.from(kid).equals(before))
}

/** A made-up reader of level 2. */
function verifyAtNextLevel(vector: SupplyVector, frame: Frame, binding: Binding): Result | Unacceptable {
  if (vector.from === 'terminal') return nextOrderMessage.verify(frame, example.terminalVerifier, binding)
  const message = [nextStatusAnswerMessage, nextRefusalMessage].find(({ kind }) => kind === vector.kind)!
  return message.verify(frame, example.centreVerifier, binding)
}
