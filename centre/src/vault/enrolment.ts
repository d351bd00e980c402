// Step 7 of the way of a code, in the vault: the enrolment code leaves it once and is forgotten; what is derived
// from it proves both directions; a terminal is certified once two approvers agree to the key that the device shows.

import { createPublicKey, createSecretKey } from 'node:crypto'
import { wrapForHolder } from '@scratchless/keys/holder-key'
import { inTransaction } from '@scratchless/office/database/database'
import { verifyApprovals } from '@scratchless/office/staff/approval'
import { nowSeconds } from '@scratchless/voucher/clock'
import type { RetailerId, TerminalId } from '@scratchless/voucher/ids'
import { peekKid } from '@scratchless/wire/compact/cose'
import { verifyCertificate } from '@scratchless/wire/compact/cwt'
import { readFrame } from '@scratchless/wire/compact/frame'
import { type EnrolmentAnswer, enrolmentAnswerMessage } from '@scratchless/wire/supply/enrolment-answer'
import {
  deviceFingerprint,
  type EnrolmentKeys,
  enrolmentKeys,
  newEnrolmentCode,
  readEnrolmentCode,
} from '@scratchless/wire/supply/enrolment-code'
import { enrolmentRequestMessage } from '@scratchless/wire/supply/enrolment-request'
import { centreCertificateToGive } from './centre-signers.ts'
import {
  type EnrolmentRow,
  insertEnrolment,
  lockEnrolment,
  lockTerminals,
  markTerminalRevoked,
  storeDeviceKey,
  storeEnrolmentCertificate,
  takeEnrolmentNumber,
  upsertTerminal,
} from './ring.sql.ts'
import { assertOwnEnrolment, certify, macEnrolment, macTerminal } from './ring.ts'
import type { VaultNeeds } from './vault-needs.ts'
import type { CertifiedTerminal, CertifyRefusal, EnrolmentProgress, VaultVerbs } from './verbs.ts'

const MAC_KEY_BYTES = 32

export async function beginEnrolment(
  needs: VaultNeeds,
  request: { terminal: TerminalId; retailer: RetailerId; expiresAtS: number },
): Promise<{ enrolmentNumber: number; enrolmentCode: string }> {
  const number = await takeEnrolmentNumber(needs.pool)
  const enrolmentCode = newEnrolmentCode(needs.random)
  const code = readEnrolmentCode(enrolmentCode)!
  const keys = enrolmentKeys(code, number)
  code.fill(0)
  const both = Buffer.concat([keys.request.export(), keys.answer.export()])
  const wrapped_keys = wrapForHolder(needs.keys.stock, both)
  both.fill(0)
  const row = {
    number,
    terminal_id: request.terminal,
    retailer_id: request.retailer,
    expires_at: new Date(request.expiresAtS * 1000),
    wrapped_keys,
  }
  await insertEnrolment(needs.pool, { ...row, mac: macEnrolment(needs.keys, row) })
  return { enrolmentNumber: number, enrolmentCode }
}

function keysOf(needs: VaultNeeds, row: EnrolmentRow): EnrolmentKeys {
  assertOwnEnrolment(needs.keys, row)
  const both = needs.keys.stock.open(row.wrapped_keys)?.export()
  if (both === undefined) throw new Error(`the keys of enrolment ${row.number} are not-for-this-key`)
  const keys = {
    request: createSecretKey(both.subarray(0, MAC_KEY_BYTES)),
    answer: createSecretKey(both.subarray(MAC_KEY_BYTES)),
  }
  both.fill(0)
  return keys
}

export async function answerEnrolmentRequest(
  needs: VaultNeeds,
  request: Parameters<VaultVerbs['answerEnrolmentRequest']>[0],
): Promise<EnrolmentProgress> {
  const frame = readFrame(request.frame)
  const number = frame && peekKid(frame.message)?.readUInt32BE()
  if (frame === undefined || number === undefined || number > 0x7fff_ffff) return 'unacceptable'
  return inTransaction(needs.pool, async (sql): Promise<EnrolmentProgress> => {
    const row = await lockEnrolment(sql, number)
    if (row === undefined) return 'unacceptable'
    const keys = keysOf(needs, row)
    const binding = { enrolmentNumber: number, poll: frame.sequence }
    const verified = enrolmentRequestMessage.verify(frame, keys, { ...binding, answering: null })
    if (verified === 'unacceptable') return 'unacceptable'
    const answerWith = (content: EnrolmentAnswer) =>
      enrolmentAnswerMessage.mac(content, keys, { ...binding, answering: verified.payloadHash }).frame
    const timeS = nowSeconds(needs.clock)

    const deviceKey = verified.content.deviceKey
    const spki = deviceKey.export({ type: 'spki', format: 'der' })
    if (row.device_key !== null && !row.device_key.equals(spki))
      return { answer: answerWith({ state: 'refused', timeS }), state: 'other-device' }
    if (row.certificate !== null) {
      const [terminal] = await lockTerminals(sql, [row.terminal_id])
      if (terminal === undefined || terminal.certificate !== row.certificate || terminal.revoked_at !== null)
        return { answer: answerWith({ state: 'refused', timeS }), state: 'refused' }
      const answer = answerWith({
        state: 'enrolled',
        standing: request.standing,
        terminal: row.terminal_id,
        retailer: row.retailer_id,
        retailerName: request.retailerName,
        centre: needs.centre,
        rootKey: needs.keys.rootPublic,
        terminalCertificate: terminal.bytes,
        centreCertificate: terminal.centre_bytes,
        lastSequence: request.lastSequence,
      })
      return { answer, state: 'enrolled' }
    }
    if (row.expires_at.getTime() <= needs.clock.nowMs())
      return { answer: answerWith({ state: 'refused', timeS }), state: 'refused' }
    if (row.device_key === null) await storeDeviceKey(sql, number, spki)
    return {
      answer: answerWith({ state: 'waiting', timeS }),
      state: 'waiting',
      fingerprint: deviceFingerprint(deviceKey),
    }
  })
}

/** Approved over [terminal, retailer, fingerprint as the device's screen shows it]. May be repeated. */
export async function certifyTerminal(
  needs: VaultNeeds,
  request: Parameters<VaultVerbs['certifyTerminal']>[0],
): Promise<CertifiedTerminal | CertifyRefusal> {
  return inTransaction(needs.pool, async (sql) => {
    const row = await lockEnrolment(sql, request.enrolmentNumber)
    if (row === undefined || row.terminal_id !== request.terminal) return 'no-device'
    assertOwnEnrolment(needs.keys, row)
    if (row.device_key === null) return 'no-device'
    const publicKey = createPublicKey({ key: row.device_key, format: 'der', type: 'spki' })
    const fields = [row.terminal_id, row.retailer_id, deviceFingerprint(publicKey)]
    const approved = verifyApprovals(needs.approvers, 'certify-terminal', fields, request.approvals)
    if (approved !== 'approved') return approved
    if (row.certificate !== null) {
      const [terminal] = await lockTerminals(sql, [row.terminal_id])
      const certificate =
        terminal && verifyCertificate(terminal.bytes, needs.keys.rootPublic, nowSeconds(needs.clock))
      if (terminal?.certificate !== row.certificate || typeof certificate !== 'object')
        return 'enrolment-over'
      return {
        certificateNumber: row.certificate,
        publicKey: row.device_key,
        certifiedUntilS: certificate.expiresAtS,
        centreUntilS: endOf(needs, terminal.centre_bytes),
      }
    }
    if (row.expires_at.getTime() <= needs.clock.nowMs()) return 'enrolment-over'
    const given = await centreCertificateToGive(needs, sql)
    const subject = { name: row.terminal_id, purpose: 'terminal', publicKey } as const
    const { number, expiresAtS } = await certify(needs, sql, subject, given.number)
    const { terminal_id: id, retailer_id } = row
    const terminal = { id, depot_id: request.depot, retailer_id, certificate: number }
    await upsertTerminal(sql, { ...terminal, mac: macTerminal(needs.keys, terminal) })
    await storeEnrolmentCertificate(sql, row.number, number)
    return {
      certificateNumber: number,
      publicKey: row.device_key,
      certifiedUntilS: expiresAtS,
      centreUntilS: given.endsAtS,
    }
  })
}

function endOf({ keys, clock }: VaultNeeds, certificate: Uint8Array): number {
  const read = verifyCertificate(certificate, keys.rootPublic, nowSeconds(clock))
  // What has ended already ends nothing later.
  return typeof read === 'object' ? read.expiresAtS : 0
}

export async function revokeTerminal(needs: VaultNeeds, terminal: TerminalId): Promise<void> {
  await markTerminalRevoked(needs.pool, terminal, new Date(needs.clock.nowMs()))
}
