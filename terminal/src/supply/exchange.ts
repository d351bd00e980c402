// One request to the centre and its answer. The stored bytes are sent again, the same, until a good answer is stored.
// What an answer changes is stored with it, in one transaction: a cut leaves both or neither.

import { peekKid } from '@scratchless/wire/compact/cose'
import { type Frame, readFrame, writeFrame } from '@scratchless/wire/compact/frame'
import { type AnswerTo, type RequestKind, verifyAnswer } from '@scratchless/wire/supply/answer'
import type { SupplyRefusal, SupplyRefusalReason } from '@scratchless/wire/supply/supply-refusal'
import type { CentreLine } from '../line/centre-line.ts'
import type { Store } from '../store/connect-store.ts'
import { alarmsUnreported } from './alarm.sql.ts'
import { takeCardLetter } from './ask-card-letter.ts'
import { takeCatalogue } from './ask-catalogue.ts'
import { renewedBy, takeRenewal } from './ask-renewal.ts'
import { takeSettings } from './ask-settings.ts'
import { takeStatusAnswer } from './ask-status.ts'
import { saveAvailable, saveNotUnderstood } from './device.sql.ts'
import { FRESH_MS, SOFTWARE_VERSION } from './enrol.ts'
import { centreFor } from './identity.ts'
import { keepHead } from './kept-head.sql.ts'
import { receiveSupplyDelivery, takeOrderRefusal } from './receive-supply-delivery.ts'
import { type StoredRequest, saveAnswer } from './request.sql.ts'
import type { RequestNeeds } from './save-request.ts'
import { releaseReport, takeReportAcknowledgement } from './send-sales-report.ts'
import { takeReceiptAnswer } from './send-supply-receipt.ts'
import { speakAsHigh, speakLower } from './spoken-level.ts'
import { askOrderAnew, askReceiptAnew } from './supply-order.sql.ts'
import { stopIn, takeStanding, takeStop } from './take-standing.ts'

export interface ExchangeNeeds extends RequestNeeds {
  readonly line: CentreLine
}

/** A refusal that uses up no sequence: the request stands, and people have to look. */
type Standstill = 'terminal-revoked' | 'terminal-locked' | 'content-altered' | 'sequence-unexpected'
const STANDSTILLS: readonly string[] = [
  'terminal-revoked',
  'terminal-locked',
  'content-altered',
  'sequence-unexpected',
] satisfies Standstill[]

type ExchangeOutcome =
  | {
      readonly outcome: 'taken'
      readonly answer: AnswerTo<RequestKind>['kind']
      /** Why the centre said no, where it did. */
      readonly refusal: SupplyRefusalReason['reason'] | null
    }
  /** Nothing that proves anything came back: ask again later. */
  | { readonly outcome: 'unacceptable' }
  | { readonly outcome: 'standstill'; readonly reason: string }

/**
 * Sends a stored request once and takes its answer. Throws a LineFault where none came. `sentBefore`: these bytes
 * were sent earlier, so the answer may be old.
 */
export async function exchange(
  needs: ExchangeNeeds,
  request: StoredRequest,
  sentBefore: boolean,
): Promise<ExchangeOutcome> {
  const { store, line, clock, identity } = needs
  const signedBy = peekKid(readFrame(request.frame)!.message)!
  const centre = centreFor(store, identity, signedBy)
  const startedMs = performance.now()
  const frame = await line.ask(request.frame)
  const answer = verifyAnswer(request.kind, frame, centre, {
    terminal: identity.terminal,
    sequence: request.sequence,
    answering: request.payloadHash,
    level: request.level,
  })
  if (answer === 'unacceptable') return { outcome: 'unacceptable' }
  // Of a terminal that was enrolled again meanwhile: it has a newer certificate.
  const isLate = !signedBy.equals(identity.signer.kid)
  const renewed = answer.kind === 'renewal' && !isLate ? renewedBy(store, identity, answer.content) : null
  if (renewed === 'unacceptable') return { outcome: 'unacceptable' }
  const fresh = !sentBefore && performance.now() - startedMs < FRESH_MS
  const refusal = answer.kind === 'supply-refusal' ? answer.content.why.reason : null
  const standstill = refusal !== null && STANDSTILLS.includes(refusal) ? refusal : null
  store.transaction(() => {
    const stop = answer.kind === 'supply-refusal' ? stopIn(answer.content.why) : null
    if (stop === null) takeStanding({ store, clock }, answer.content.standing, fresh)
    else takeStop({ store, clock }, request.sequence, answer.content.standing, stop, fresh)
    speakAsHigh(store, answer.content.standing)
    if (standstill === null) {
      saveAnswer(store, request.sequence, writeFrame(frame as Frame))
      if (renewed !== null) takeRenewal(store, identity, renewed)
      apply(needs, request, answer)
    }
  })
  return standstill === null
    ? { outcome: 'taken', answer: answer.kind, refusal }
    : { outcome: 'standstill', reason: standstill }
}

function apply({ store, clock }: ExchangeNeeds, request: StoredRequest, answer: AnswerTo<RequestKind>): void {
  switch (answer.kind) {
    case 'card-letter':
      takeCardLetter(store, answer.content)
      break
    case 'catalogue':
      takeCatalogue(store, answer.content)
      break
    case 'shop-settings':
      takeSettings(store, answer.content)
      break
    case 'supply-delivery':
      receiveSupplyDelivery({ store, clock }, request.sequence, answer)
      break
    case 'status-answer':
      takeStatusAnswer(store, request.sequence, answer.content)
      break
    case 'acknowledgement':
      keepHead(store, answer.content.auditHead, clock.nowMs())
      if (request.kind === 'supply-receipt') takeReceiptAnswer(store, request.sequence)
      if (request.kind === 'sales-report') takeReportAcknowledgement(store, request.sequence)
      break
    case 'supply-refusal':
      takeRefusal(store, request, answer.content)
  }
}

/** What a request held is asked once more, written as the centre can read it. */
function makeAnew(store: Store, { kind, sequence }: StoredRequest): void {
  if (kind === 'supply-order') askOrderAnew(store, sequence)
  if (kind === 'supply-receipt') askReceiptAnew(store, sequence)
  if (kind === 'sales-report') releaseReport(store, sequence)
  if (kind === 'state-report') alarmsUnreported(store)
}

/** A "no" is an answer too: it uses the sequence up, and what was asked is over or is asked anew. */
function takeRefusal(store: Store, request: StoredRequest, refusal: SupplyRefusal): void {
  saveAvailable(store, refusal.availableMinor)
  if (refusal.why.reason === 'not-understood') {
    if (speakLower(store, request.level, refusal.why.highestLevel)) {
      makeAnew(store, request)
      return
    }
    saveNotUnderstood(store, SOFTWARE_VERSION)
  }
  if (request.kind === 'supply-order') takeOrderRefusal(store, request.sequence, refusal.why)
  // The codes are here and the money is settled by any later message: a refused receipt is not repeated.
  if (request.kind === 'supply-receipt') takeReceiptAnswer(store, request.sequence)
  if (request.kind === 'sales-report') releaseReport(store, request.sequence)
  if (request.kind === 'state-report') alarmsUnreported(store)
}
