// One door for every frame, whatever carried it: who speaks, whether his signature holds, and which room answers.
// Whoever is not known or does not prove himself gets the same seven bytes.

import { peekKid } from '@scratchless/wire/compact/cose'
import { type Frame, MAX_REQUEST_BYTES, readFrame } from '@scratchless/wire/compact/frame'
import { kindName, openSigned, UNACCEPTABLE_FRAME } from '@scratchless/wire/supply/envelope'
import { LEVEL } from '@scratchless/wire/supply/level'
import { orderIn, readRequest, type VerifiedRequest } from '@scratchless/wire/supply/request'
import type { CentreNeeds } from '../needs.ts'
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
import type { VerifiedMessage } from './signed-message.ts'
import type { SupplyDesk } from './supply-desk.ts'
import { readTerminals } from './supply-terminal.sql.ts'
import { type KnownKey, terminalKeys } from './terminal-keys.ts'

/** Answers one frame. Throws only for a fault of ours: the asker then comes again. */
export type SupplyDoor = (bytes: Uint8Array) => Promise<Uint8Array>

/** PostgreSQL's int. */
const MAX_CERTIFICATE = 0x7fff_ffff

export function createSupplyDoor(needs: CentreNeeds, desk: SupplyDesk): SupplyDoor {
  // The same message twice at once, over two connections: decided once.
  const underWay = new Map<string, Promise<Answered>>()
  const keyOf = terminalKeys(needs.pool)

  function once(message: VerifiedMessage, answer: () => Promise<Answered>): Promise<Answered> {
    const name = `${message.sender} ${message.sequence} ${message.payloadHash.toString('hex')}`
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
    const key = await keyOf(certificate)
    const request = key && verifyRequest(needs, desk, key, frame, bytes)
    if (request === undefined) return UNACCEPTABLE_FRAME
    const answer = await once(request.message, request.answer)
    // An order whose codes are still being closed has no answer to offer yet.
    return answer === 'in-progress' ? UNACCEPTABLE_FRAME : answer
  }
}

interface Request {
  readonly message: VerifiedMessage
  readonly answer: () => Promise<Answered>
}

function verifyRequest(
  needs: CentreNeeds,
  desk: SupplyDesk,
  key: KnownKey,
  frame: Frame,
  bytes: Uint8Array,
): Request | undefined {
  const { terminal_id: sender, depot_id: depot, publicKey } = key
  const kid = Buffer.alloc(4)
  kid.writeUInt32BE(key.number)
  const { sequence } = frame
  const opened = openSigned(frame, { kid, publicKey }, { terminal: sender, sequence, answering: null })
  const request = opened === 'unacceptable' ? opened : readRequest(opened)
  if (opened === 'unacceptable' || request === 'unacceptable') return undefined
  const kind = request === 'not-understood' ? `kind ${frame.kind}` : request.kind
  const certificate = { number: key.number, endsAt: key.ends_at }
  const message = { sender, depot, certificate, sequence, kind, payloadHash: opened.payloadHash, bytes }
  return { message, answer: () => answerRequest(needs, desk, message, request) }
}

async function answerRequest(
  needs: CentreNeeds,
  desk: SupplyDesk,
  verified: VerifiedMessage,
  request: VerifiedRequest | 'not-understood',
): Promise<Answered> {
  const order = request === 'not-understood' ? undefined : orderIn(request)
  if (order !== undefined) return desk.answer({ ...verified, order })
  if (request !== 'not-understood' && request.kind === 'supply-receipt')
    return desk.answer({ ...verified, receipt: request.content })
  const terminal = (await readTerminals(needs.pool, verified.depot, [verified.sender])).get(verified.sender)
  if (terminal === undefined) throw new Error(`${verified.sender} vanished`)
  const message = { ...verified, terminal }
  if (request === 'not-understood')
    return refuseInSequence(needs, message, { reason: 'not-understood', highestLevel: LEVEL })
  switch (request.kind) {
    case 'card-letter-request':
      return receiveCardLetterRequest(needs, message)
    case 'catalogue-request':
      return receiveCatalogueRequest(needs, message, request.content)
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
