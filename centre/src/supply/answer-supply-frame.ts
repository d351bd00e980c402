// One door for every frame, whatever carried it: who speaks, whether his signature holds, and which room answers.
// Whoever is not known or does not prove himself gets the same seven bytes.

import { createPublicKey } from 'node:crypto'
import { peekKid } from '@scratchless/wire/compact/cose'
import { type Frame, MAX_REQUEST_BYTES, readFrame } from '@scratchless/wire/compact/frame'
import { kindName, openSigned, UNACCEPTABLE_FRAME } from '@scratchless/wire/supply/envelope'
import { LEVEL } from '@scratchless/wire/supply/level'
import { orderIn, readRequest, type VerifiedRequest } from '@scratchless/wire/supply/request'
import type { CentreNeeds } from '../needs.ts'
import { DEPOT } from '../settings.ts'
import { type Answered, refuseInSequence } from './answer-in-sequence.ts'
import { receiveBalanceRequest } from './receive-balance-request.ts'
import { receiveCardLetterRequest } from './receive-card-letter-request.ts'
import { receiveCatalogueRequest } from './receive-catalogue-request.ts'
import { receiveEnrolmentRequest } from './receive-enrolment-request.ts'
import { receiveRenewalRequest } from './receive-renewal-request.ts'
import { receiveSalesReport } from './receive-sales-report.ts'
import { receiveSettingsRequest } from './receive-settings-request.ts'
import { receiveStateReport } from './receive-state-report.ts'
import { receiveStatusRequest } from './receive-status-request.ts'
import type { SignedMessage } from './signed-message.ts'
import type { SupplyDesk } from './supply-desk.ts'
import {
  findTerminalKey,
  readTerminals,
  type SupplyTerminal,
  type TerminalKey,
} from './supply-terminal.sql.ts'

/** Answers one frame. Throws only for a fault of ours: the asker then comes again. */
export type SupplyDoor = (bytes: Uint8Array) => Promise<Uint8Array>

/** PostgreSQL's int. */
const MAX_CERTIFICATE = 0x7fff_ffff

export function createSupplyDoor(needs: CentreNeeds, desk: SupplyDesk): SupplyDoor {
  // The same message twice at once, over two connections: decided once.
  const underWay = new Map<string, Promise<Answered>>()

  function once(message: SignedMessage, answer: () => Promise<Answered>): Promise<Answered> {
    const name = `${message.terminal.id} ${message.sequence} ${message.payloadHash.toString('hex')}`
    const running = underWay.get(name)
    if (running !== undefined) return running
    const started = answer().finally(() => underWay.delete(name))
    underWay.set(name, started)
    return started
  }

  return async (bytes) => {
    const frame = readFrame(bytes, MAX_REQUEST_BYTES)
    if (frame === undefined) return UNACCEPTABLE_FRAME
    if (kindName(frame) === 'enrolment-request') return receiveEnrolmentRequest(needs, frame, bytes)
    const certificate = peekKid(frame.message)?.readUInt32BE() ?? 0
    if (certificate === 0 || certificate > MAX_CERTIFICATE) return UNACCEPTABLE_FRAME
    const key = await findTerminalKey(needs.pool, certificate)
    const terminal = key && (await readTerminals(needs.pool, DEPOT, [key.terminal_id])).get(key.terminal_id)
    const request = key && terminal && verifyRequest(needs, desk, key, terminal, frame, bytes)
    if (request === undefined) return UNACCEPTABLE_FRAME
    const answer = await once(request.message, request.answer)
    // An order whose codes are still being closed has no answer to offer yet.
    return answer === 'in-progress' ? UNACCEPTABLE_FRAME : answer
  }
}

interface Request {
  readonly message: SignedMessage
  readonly answer: () => Promise<Answered>
}

function verifyRequest(
  needs: CentreNeeds,
  desk: SupplyDesk,
  key: TerminalKey,
  terminal: SupplyTerminal,
  frame: Frame,
  bytes: Uint8Array,
): Request | undefined {
  const kid = Buffer.alloc(4)
  kid.writeUInt32BE(key.number)
  const publicKey = createPublicKey({ key: key.public_key, format: 'der', type: 'spki' })
  const { sequence } = frame
  const binding = { terminal: terminal.id, sequence, answering: null }
  const opened = openSigned(frame, { kid, publicKey }, binding)
  const request = opened === 'unacceptable' ? opened : readRequest(opened)
  if (opened === 'unacceptable' || request === 'unacceptable') return undefined
  const kind = request === 'not-understood' ? `kind ${frame.kind}` : request.kind
  const certificate = { number: key.number, endsAt: key.ends_at }
  const message = { terminal, certificate, sequence, kind, payloadHash: opened.payloadHash, bytes }
  if (request === 'not-understood') {
    const why = { reason: 'not-understood', highestLevel: LEVEL } as const
    return { message, answer: () => refuseInSequence(needs, message, why) }
  }
  return { message, answer: () => answerRequest(needs, desk, message, request) }
}

async function answerRequest(
  needs: CentreNeeds,
  desk: SupplyDesk,
  message: SignedMessage,
  request: VerifiedRequest,
): Promise<Answered> {
  switch (request.kind) {
    case 'card-letter-request':
      return receiveCardLetterRequest(needs, message)
    case 'catalogue-request':
      return receiveCatalogueRequest(needs, message, request.content)
    case 'supply-order':
    case 'one-code-order':
      return desk.answerOrder({ ...message, order: orderIn(request)! })
    case 'supply-receipt':
      return desk.answerReceipt({ ...message, receipt: request.content })
    case 'sales-report':
      return receiveSalesReport(needs, message, request.content)
    case 'status-request':
      return receiveStatusRequest(needs, message, request.content)
    case 'settings-request':
      return receiveSettingsRequest(needs, message, request.content)
    case 'state-report':
      return receiveStateReport(needs, message, request.content)
    case 'renewal-request':
      return receiveRenewalRequest(needs, message)
    case 'balance-request':
      return receiveBalanceRequest(needs, message)
    default:
      return refuseInSequence(needs, message, { reason: 'not-offered' })
  }
}
