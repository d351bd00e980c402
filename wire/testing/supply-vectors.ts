// Opening a vector as whoever it is meant for would: for the tests that walk the vectors, and for the fuzzer.

import { readFileSync } from 'node:fs'
import type { TerminalId } from '@scratchless/voucher/ids'
import type { Verifier } from '../compact/cose.ts'
import { type Frame, readFrame } from '../compact/frame.ts'
import { ANSWERS, openAnswer, type RequestKind } from '../supply/answer.ts'
import { openCardLetterRequest } from '../supply/card-letter-request.ts'
import { openCatalogueRequest } from '../supply/catalogue-request.ts'
import { openEnrolmentAnswer } from '../supply/enrolment-answer.ts'
import { openEnrolmentRequest } from '../supply/enrolment-request.ts'
import type { Binding, KindName, Unacceptable } from '../supply/envelope.ts'
import { openSalesReport } from '../supply/sales-report.ts'
import { openStatusRequest } from '../supply/status-request.ts'
import { openSupplyOrder } from '../supply/supply-order.ts'
import { openSupplyReceipt } from '../supply/supply-receipt.ts'
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

const requests: Partial<
  Record<KindName, (frame: Frame, verifier: Verifier, binding: Binding) => Result | Unacceptable>
> = {
  'card-letter-request': openCardLetterRequest,
  'catalogue-request': openCatalogueRequest,
  'supply-order': openSupplyOrder,
  'supply-receipt': openSupplyReceipt,
  'sales-report': openSalesReport,
  'status-request': openStatusRequest,
}

/** Opens the bytes as whoever they are meant for would. */
export function openVector(vector: SupplyVector, bytes: Uint8Array): Result | Unacceptable {
  const frame = readFrame(bytes)
  if (!frame) return 'unacceptable'
  const answering = vector.answering === null ? null : Buffer.from(vector.answering, 'hex')
  if (vector.kind === 'enrolment-request' || vector.kind === 'enrolment-answer') {
    const binding = { enrolmentNumber: Number(vector.who), poll: vector.sequence, answering }
    const opener = vector.kind === 'enrolment-request' ? openEnrolmentRequest : openEnrolmentAnswer
    return opener(frame, example.exampleEnrolmentKeys, binding)
  }
  const binding = { terminal: vector.who as TerminalId, sequence: vector.sequence, answering }
  const request = requests[vector.kind]
  if (request) return request(frame, example.terminalVerifier, binding)
  const asked = (Object.keys(ANSWERS) as RequestKind[]).find((kind) =>
    ANSWERS[kind].some((message) => message.kind === vector.kind),
  )!
  return openAnswer(asked, frame, example.centreVerifier, binding)
}
