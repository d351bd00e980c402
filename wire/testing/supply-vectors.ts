// Opening a vector as whoever it is meant for would: for the tests that walk the vectors, and for the fuzzer.

import { readFileSync } from 'node:fs'
import type { TerminalId } from '@scratchless/voucher/ids'
import { readFrame } from '../compact/frame.ts'
import { ANSWERS, type RequestKind, verifyAnswer } from '../supply/answer.ts'
import { enrolmentAnswerMessage } from '../supply/enrolment-answer.ts'
import { enrolmentRequestMessage } from '../supply/enrolment-request.ts'
import { type KindName, openSigned, type Unacceptable } from '../supply/envelope.ts'
import { readRequest } from '../supply/request.ts'
import * as example from './supply-examples.ts'

export interface SupplyVector {
  readonly file: string
  readonly verdict: 'good' | 'unacceptable'
  readonly kind: KindName
  readonly says: string
  readonly from: 'terminal' | 'centre'
  readonly who: string
  readonly sequence: number
  readonly answering: string | null
}

const { vectors } = JSON.parse(readFileSync(new URL('supply/index.json', example.VECTORS), 'utf8')) as {
  vectors: SupplyVector[]
}
export const vectorBytes = ({ file }: SupplyVector) =>
  readFileSync(new URL(`supply/${file}`, example.VECTORS))
export const goodVectors = vectors.filter(({ verdict }) => verdict === 'good')
export const badVectors = vectors.filter(({ verdict }) => verdict !== 'good')

interface Result {
  readonly kind: KindName
  readonly content: unknown
}

/** Opens the bytes as whoever they are meant for would. */
export function verifyVector(vector: SupplyVector, bytes: Uint8Array): Result | Unacceptable {
  const frame = readFrame(bytes)
  if (!frame) return 'unacceptable'
  const answering = vector.answering === null ? null : Buffer.from(vector.answering, 'hex')
  if (vector.kind === 'enrolment-request' || vector.kind === 'enrolment-answer') {
    const binding = { enrolmentNumber: Number(vector.who), poll: vector.sequence, answering }
    const opener =
      vector.kind === 'enrolment-request' ? enrolmentRequestMessage.verify : enrolmentAnswerMessage.verify
    return opener(frame, example.exampleEnrolmentKeys, binding)
  }
  const binding = { terminal: vector.who as TerminalId, sequence: vector.sequence, answering }
  if (vector.from === 'terminal') {
    const opened = openSigned(frame, example.terminalVerifier, binding)
    const request = opened === 'unacceptable' ? opened : readRequest(opened)
    return typeof request === 'object' && request.kind === vector.kind ? request : 'unacceptable'
  }
  const asked = (Object.keys(ANSWERS) as RequestKind[]).find((kind) =>
    ANSWERS[kind].some((message) => message.kind === vector.kind),
  )!
  return verifyAnswer(asked, frame, example.centreVerifier, binding)
}
