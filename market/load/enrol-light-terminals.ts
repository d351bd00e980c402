// Shops and terminals for load, through the centre's own doors: the office's routes, and its frame sockets. A shop has
// one card, whose private key nobody keeps: what the fleet is delivered is opened by nobody.

import { generateKeyPairSync } from 'node:crypto'
import type { CardView, EnrolmentView, RetailerView, TerminalView } from '@scratchless/centre/staff-api'
import { generatePair, unlockKeyFolder } from '@scratchless/keys/party-keys'
import { type ApprovalField, signApproval } from '@scratchless/office/staff/approval'
import type { Place } from '@scratchless/program/http/listen'
import { nowSeconds, systemClock } from '@scratchless/voucher/clock'
import { cardId, terminalId } from '@scratchless/voucher/ids'
import { randomBytes, systemRandom } from '@scratchless/voucher/random'
import { readFrame } from '@scratchless/wire/compact/frame'
import { cardLetterRequestMessage } from '@scratchless/wire/supply/card-letter-request'
import { certificatesOf, enrolmentAnswerMessage } from '@scratchless/wire/supply/enrolment-answer'
import { enrolmentKeys, readEnrolmentCode } from '@scratchless/wire/supply/enrolment-code'
import { enrolmentRequestMessage } from '@scratchless/wire/supply/enrolment-request'
import { APPROVERS } from '../demo/ceremony.ts'
import type { HttpPerson } from '../demo/http-person.ts'
import { passphraseOf } from '../demo/passphrases.ts'
import type { Market } from '../demo/start-market.ts'
import { type FrameLine, openFrameLine } from './frame-line.ts'
import { type LightDevice, lightTerminal } from './light-terminal.ts'

/** Above the numbers of the demo's own cards. */
const FIRST_CARD = 5_000_000
const NONCE_BYTES = 16

type Approve = (route: string, purpose: string, fields: readonly ApprovalField[]) => Promise<void>

/** Opens shops with `terminalsEach` terminals, each shop with this deposit (`600.000`), and enrols all. */
export async function enrolLightTerminals(
  market: Market,
  centre: Place,
  shops: readonly { readonly deposit: string; readonly terminals: number }[],
): Promise<LightDevice[]> {
  const { staff } = market.offices.get('centre')!
  const approve = await approvers(market, staff)
  const line = openFrameLine(centre)
  const devices: LightDevice[] = []
  try {
    for (const [index, { deposit, terminals }] of shops.entries()) {
      const retailer = await openShop(staff, approve, index, deposit)
      for (let n = 0; n < terminals; n++) devices.push(await enrol(staff, approve, line, retailer))
    }
  } finally {
    line.close()
  }
  return devices
}

async function approvers(market: Market, staff: HttpPerson): Promise<Approve> {
  const keys = await Promise.all(
    APPROVERS.map(async (name) => {
      const folder = unlockKeyFolder(market.data.path('staff', name), passphraseOf(market.data, name))
      return { name, key: (await folder.pair('approval')).privateKey }
    }),
  )
  return async (route, purpose, fields) => {
    for (const { name, key } of keys) {
      const signature = signApproval(key, purpose, fields).toString('base64')
      await staff.post(route, { approver: name, signature })
    }
  }
}

async function openShop(
  staff: HttpPerson,
  approve: Approve,
  index: number,
  deposit: string,
): Promise<string> {
  const { id } = await staff.post<RetailerView>('/api/retailers', {
    name: `Shop ${index + 1}`,
    place: 'Sfax',
  })
  await staff.post(`/api/retailers/${id}/deposits`, { amount: deposit, document: `load-${id}` })
  await staff.post(`/api/retailers/${id}/vendors`, { name: 'Vendor' })
  const { vendors } = await staff.get<{ vendors: readonly { id: string }[] }>(`/api/retailers/${id}/vendors`)
  const card = cardId(`C${FIRST_CARD + index}`)
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const view = await staff.post<CardView>('/api/cards', {
    ...{ card, retailer: id, vendor: vendors[0]!.id, class: 'file' },
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }),
  })
  const fields = [card, id, vendors[0]!.id, view.class, view.keyFingerprint]
  await approve(`/api/cards/${card}/approvals`, 'register-card', fields)
  return id
}

/** The device makes its key, proves the code, waits for two people, and asks for its first card letter. */
async function enrol(
  staff: HttpPerson,
  approve: Approve,
  line: FrameLine,
  retailer: string,
): Promise<LightDevice> {
  const { id } = await staff.post<TerminalView>('/api/terminals', { retailer })
  const opened = await staff.post<EnrolmentView>(`/api/terminals/${id}/enrolments`, {})
  const { enrolmentNumber } = opened
  const keys = enrolmentKeys(readEnrolmentCode(opened.enrolmentCode)!, enrolmentNumber)
  const device = generatePair('supply-sign')
  const poll = async (number: number) => {
    const request = enrolmentRequestMessage.mac(
      {
        ...{ enrolmentNumber, deviceKey: device.publicKey, nonce: randomBytes(systemRandom, NONCE_BYTES) },
        ...{ deviceTimeS: nowSeconds(systemClock), softwareVersion: '0.1.0' },
      },
      keys,
      { enrolmentNumber, poll: number, answering: null },
    )
    const frame = readFrame(await line.ask(request.frame))
    const answering = { enrolmentNumber, poll: number, answering: request.payloadHash }
    const answer =
      frame === undefined ? 'unacceptable' : enrolmentAnswerMessage.verify(frame, keys, answering)
    if (answer === 'unacceptable') throw new Error(`${id}: the enrolment answer does not verify`)
    return answer.content
  }
  await poll(1)
  const { fingerprint } = await staff.get<TerminalView>(`/api/terminals/${id}`)
  await approve(`/api/terminals/${id}/approvals`, 'certify-terminal', [id, retailer, fingerprint!])
  const enrolled = await poll(2)
  if (enrolled.state !== 'enrolled') throw new Error(`${id} is ${enrolled.state}`)
  const certificates = certificatesOf(enrolled)
  if (certificates === 'unacceptable') throw new Error(`${id}: the certificates do not hold`)
  const base64 = (der: Buffer) => der.toString('base64')
  const made: LightDevice = {
    id: terminalId(id),
    kid: Buffer.from(certificates.terminal.kid).toString('hex'),
    privateKey: base64(device.privateKey.export({ type: 'pkcs8', format: 'der' })),
    centreKid: Buffer.from(certificates.centre.kid).toString('hex'),
    centreKey: base64(certificates.centre.publicKey.export({ type: 'spki', format: 'der' })),
    lastSequence: enrolled.lastSequence,
  }
  const terminal = lightTerminal(made)
  const asked = terminal.sign(cardLetterRequestMessage, { holdsLetter: 0, epoch: 0, cards: [] })
  const letter = terminal.read('card-letter-request', await line.ask(asked.frame), asked)
  if (letter.kind !== 'card-letter') throw new Error(`${id} was given no card letter`)
  return { ...made, lastSequence: asked.sequence }
}
