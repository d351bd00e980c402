// One door for every frame, whatever carried it: who speaks, whether his signature holds, and which room answers.
// Whoever is not known or does not prove himself gets the same seven bytes.

import { createPublicKey } from 'node:crypto'
import { peekKid } from '@scratchless/wire/compact/cose'
import { type Frame, MAX_REQUEST_BYTES, readFrame } from '@scratchless/wire/compact/frame'
import { cardLetterRequestMessage } from '@scratchless/wire/supply/card-letter-request'
import { catalogueRequestMessage } from '@scratchless/wire/supply/catalogue-request'
import { kindName, UNACCEPTABLE_FRAME, type Unacceptable } from '@scratchless/wire/supply/envelope'
import { salesReportMessage } from '@scratchless/wire/supply/sales-report'
import { statusRequestMessage } from '@scratchless/wire/supply/status-request'
import { supplyOrderMessage } from '@scratchless/wire/supply/supply-order'
import { supplyReceiptMessage } from '@scratchless/wire/supply/supply-receipt'
import type { CentreNeeds } from '../needs.ts'
import type { Answered, SignedMessage } from './answer-in-sequence.ts'
import { receiveCardLetterRequest } from './receive-card-letter-request.ts'
import { receiveCatalogueRequest } from './receive-catalogue-request.ts'
import { receiveEnrolmentRequest } from './receive-enrolment-request.ts'
import { receiveSalesReport } from './receive-sales-report.ts'
import { receiveStatusRequest } from './receive-status-request.ts'
import { receiveSupplyReceipt } from './receive-supply-receipt.ts'
import type { SupplyDesk } from './supply-desk.ts'
import { findTerminalOfKey, type SupplyTerminal } from './supply-terminal.sql.ts'

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
    const terminal = await findTerminalOfKey(needs.pool, certificate)
    const request = terminal && verifyRequest(needs, desk, terminal, frame, bytes)
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
  terminal: SupplyTerminal,
  frame: Frame,
  bytes: Uint8Array,
): Request | undefined {
  const kid = Buffer.alloc(4)
  kid.writeUInt32BE(terminal.certificate_number)
  const publicKey = createPublicKey({ key: terminal.public_key, format: 'der', type: 'spki' })
  const verifier = { kid, publicKey }
  const { sequence } = frame
  const binding = { terminal: terminal.id, sequence, answering: null }

  function request<Content>(
    verified: { kind: string; content: Content; payloadHash: Buffer } | Unacceptable,
    answer: (message: SignedMessage, content: Content) => Promise<Answered>,
  ): Request | undefined {
    if (verified === 'unacceptable') return undefined
    const { kind, content, payloadHash } = verified
    const message = { terminal, sequence, kind, payloadHash, bytes }
    return { message, answer: () => answer(message, content) }
  }

  switch (kindName(frame)) {
    case 'card-letter-request':
      return request(cardLetterRequestMessage.verify(frame, verifier, binding), (message) =>
        receiveCardLetterRequest(needs, message),
      )
    case 'catalogue-request':
      return request(catalogueRequestMessage.verify(frame, verifier, binding), (message, content) =>
        receiveCatalogueRequest(needs, message, content),
      )
    case 'supply-order':
      return request(supplyOrderMessage.verify(frame, verifier, binding), (message, order) =>
        desk.answer({ ...message, order }),
      )
    case 'supply-receipt':
      return request(supplyReceiptMessage.verify(frame, verifier, binding), (message, content) =>
        receiveSupplyReceipt(needs, message, content),
      )
    case 'sales-report':
      return request(salesReportMessage.verify(frame, verifier, binding), (message, content) =>
        receiveSalesReport(needs, message, content),
      )
    case 'status-request':
      return request(statusRequestMessage.verify(frame, verifier, binding), (message, content) =>
        receiveStatusRequest(needs, message, content),
      )
    default:
      return undefined
  }
}
